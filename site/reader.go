package site

import (
	"net/http"
)

// progressData is what the reader has done.
func (s *Site) progressData(w http.ResponseWriter, r *http.Request) error {
	v := s.visitor(r)
	s.listed(v)
	return reply(w, http.StatusOK, v.progress.snapshot())
}

// putPlace notes where the reader is.
func (s *Site) putPlace(w http.ResponseWriter, r *http.Request) error {
	var p Place
	if err := decode(r, &p); err != nil {
		return err
	}
	l, _, _, err := s.shelf.edition().find(p.Lesson)
	if err != nil {
		return err
	}
	known := p.Section == ""
	for _, section := range l.Sections {
		known = known || section.ID == p.Section
	}
	if !known {
		return &refusal{err: errNotFound, field: "section"}
	}
	if err := s.visitor(r).progress.at(p); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}
