package site

import (
	"net/http"
	"slices"

	"socketlabs/content"
	"socketlabs/labs"
)

// labView is a lab as the page of all labs shows it.
type labView struct {
	labs.Lab
	Title content.Text
	Knobs []setting
	Uses  []labUse
	Echo  bool // the microscope can look at it
}

// labUse is an experiment that runs the lab.
type labUse struct {
	Lesson string
	ID     string
	Title  content.Text
}

// labsPage lists every lab, in the order in which the lessons come to it.
func (s *Site) labsPage(w http.ResponseWriter, r *http.Request) error {
	e := s.shelf.edition()
	p := s.page(r, e)
	if s.again(w, r, p, p.Progress) {
		return nil
	}
	p.Labs = labViews(e)
	return s.show(w, r, http.StatusOK, "labs", p, &pageData{})
}

func labViews(e *edition) []labView {
	uses, order := map[string][]labUse{}, []string{}
	for _, part := range e.book.Parts {
		for _, l := range part.Lessons {
			for _, x := range l.Experiments {
				name := x.Spec.Lab
				uses[name] = append(uses[name], labUse{l.ID, x.ID, x.Title})
				if !slices.Contains(order, name) {
					order = append(order, name)
				}
			}
		}
	}
	echoes := echoing(e)
	var list []labView
	for _, lab := range e.labs.Labs {
		list = append(list, labView{lab, word(e.book.Words.Labs, lab.Name), settings(lab.Knobs, nil, e.book.Words.Knobs), uses[lab.Name], echoes[lab.Name] && lab.Broken == ""})
	}
	place := func(v labView) int {
		if i := slices.Index(order, v.Name); i >= 0 {
			return i
		}
		return len(order)
	}
	slices.SortStableFunc(list, func(a, b labView) int { return place(a) - place(b) })
	return list
}
