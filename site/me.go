package site

import (
	"errors"
	"net/http"
	"time"

	"socketlabs/content"
	"socketlabs/site/workshop"
)

// meView is a learner's own page.
type meView struct {
	Name   string
	Typed  string // that was no name
	Wrong  content.Text
	Resume string // just renewed
	Runs   int
	Until  time.Time
	Sure   content.Text // what is missing to delete
}

// mePage shows a learner what is kept of them.
func (s *Site) mePage(w http.ResponseWriter, r *http.Request) error {
	return s.showMe(w, r, http.StatusOK, meView{})
}

func (s *Site) showMe(w http.ResponseWriter, r *http.Request, status int, m meView) error {
	v, err := s.me(r)
	if err != nil {
		return err
	}
	p := s.page(r, s.shelf.edition())
	p.Path = "me"
	person, ok := s.cfg.Class.Person(v.person.ID)
	if !ok {
		return errNoToken
	}
	m.Name, m.Runs, m.Until = person.Name, len(s.listed(v)), s.cfg.Class.Door().Until
	if m.Typed == "" {
		m.Typed = m.Name
	}
	p.Me = &m
	return s.show(w, r, status, "me", p, &pageData{})
}

// me is the learner who asks. The owner has no such page.
func (s *Site) me(r *http.Request) (visitor, error) {
	v := s.visitor(r)
	if !v.learns() {
		return v, errNotFound
	}
	return v, nil
}

// renameMe gives the learner another name.
func (s *Site) renameMe(w http.ResponseWriter, r *http.Request) error {
	v, err := s.me(r)
	if err != nil {
		return err
	}
	name := r.PostFormValue("name")
	_, err = s.cfg.Class.Rename(v.by(), name)
	if errors.Is(err, workshop.ErrName) {
		f := told(err)
		return s.showMe(w, r, f.status, meView{Typed: cut(name), Wrong: f.text(s.faces.current())})
	}
	if err != nil {
		return err
	}
	return s.back(w, r, "me")
}

// renewMe shows another resume code; the one before is no good any more.
func (s *Site) renewMe(w http.ResponseWriter, r *http.Request) error {
	v, err := s.me(r)
	if err != nil {
		return err
	}
	code, err := s.cfg.Class.Renew(v.by())
	if err != nil {
		return err
	}
	return s.showMe(w, r, http.StatusOK, meView{Resume: code})
}

// deleteMe deletes all that is kept of the learner.
func (s *Site) deleteMe(w http.ResponseWriter, r *http.Request) error {
	v, err := s.me(r)
	if err != nil {
		return err
	}
	if r.PostFormValue("sure") != "yes" {
		said, _ := s.faces.current().said("me.delete.unsure", nil)
		return s.showMe(w, r, http.StatusBadRequest, meView{Sure: said})
	}
	if err := s.forget(v.by()); err != nil {
		return err
	}
	http.SetCookie(w, &http.Cookie{Name: learnerCookie(r), Path: "/", MaxAge: -1, HttpOnly: true, Secure: r.TLS != nil, SameSite: http.SameSiteLaxMode})
	return s.back(w, r, "join")
}

// back leads to a page of ours after a form.
func (s *Site) back(w http.ResponseWriter, r *http.Request, to string) error {
	http.Redirect(w, r, "/"+language(r)+"/"+to, http.StatusSeeOther)
	return nil
}
