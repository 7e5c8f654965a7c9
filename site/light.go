package site

import "net/http"

// light shows a page that asks for nothing but its style: it needs no script and no
// lesson, so that a whole class may open it at once.
func (s *Site) light(w http.ResponseWriter, r *http.Request, status int, name string, p *page) error {
	t, err := s.faces.current().page(name)
	if err != nil {
		return err
	}
	return s.whole(w, r, status, t, p)
}
