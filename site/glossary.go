package site

import (
	"cmp"
	"net/http"
	"slices"

	"socketlabs/content"
)

// termView is a term as a page shows it, with where its links lead.
type termView struct {
	*content.Term
	Taught []taught
	See    []*content.Term
}

// taught is a section in which a term is explained.
type taught struct {
	content.Place
	Title content.Text
}

// termViews finds what terms refer to; a lesson that cannot be shown is left out.
func termViews(e *edition, terms []*content.Term) []termView {
	list := []termView{}
	for _, t := range terms {
		v := termView{Term: t}
		for _, p := range t.Taught {
			if l, _, _ := e.book.Lesson(p.Lesson); l != nil {
				v.Taught = append(v.Taught, taught{p, sectionTitle(l, p.Section)})
			}
		}
		for _, id := range t.See {
			if other := e.book.Term(id); other != nil {
				v.See = append(v.See, other)
			}
		}
		list = append(list, v)
	}
	return list
}

// sectionTitle is "lesson · section", or the lesson's title alone.
func sectionTitle(l *content.Lesson, section string) content.Text {
	for _, s := range l.Sections {
		if s.ID == section && s.ID != "" {
			return content.Text{Ko: l.Title.Ko + " · " + s.Plain.Ko, En: l.Title.En + " · " + s.Plain.En}
		}
	}
	return l.Title
}

// glossary shows every term, in the order of the page's language.
func (s *Site) glossary(w http.ResponseWriter, r *http.Request) error {
	e := s.shelf.edition()
	p := s.page(r, e)
	if s.again(w, r, p, p.Progress) {
		return nil
	}
	p.Terms = termViews(e, e.book.Glossary)
	slices.SortFunc(p.Terms, func(a, b termView) int {
		if p.Lang == "ko" {
			return cmp.Compare(a.Name.Ko, b.Name.Ko)
		}
		return compareFold(a.Name.En, b.Name.En)
	})
	p.Glossary = true
	return s.show(w, r, http.StatusOK, "glossary", p, &pageData{})
}
