package site

import (
	"bytes"
	"net/http"
)

// light shows a page that asks for nothing but its style: it needs no script and no
// lesson, so that a whole class may open it at once.
func (s *Site) light(w http.ResponseWriter, r *http.Request, status int, name string, p *page) error {
	t, err := s.faces.current().page(name)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if err := t.Execute(&b, p); err != nil {
		return err
	}
	body := b.Bytes()
	if acceptsGzip(r) {
		body = zipFast(body)
	}
	sendPage(w, r, status, p.Lang, body)
	return nil
}
