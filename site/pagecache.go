package site

import (
	"net/http"
	"reflect"
	"sync"
)

// pageCache keeps pages that were shown, with what they were made of: one is made
// again only when some of that has changed.
type pageCache struct {
	mu   sync.Mutex // guards have
	have map[pageKey]madePage
}

// pageKey is what a page is asked for with, and the files that it is made from.
type pageKey struct {
	at, theme string
	zipped    bool
	nameless  bool
	role      pageRole
	edition   *edition
	face      *face
}

type madePage struct {
	of   []any
	body []byte
}

// maxPages bounds how many are kept: all of the workbook in both languages. One is about
// thirty kilobytes, or two hundred for a browser that takes nothing compressed.
const maxPages = 128

func (s *Site) keyOf(r *http.Request, p *page) pageKey {
	return pageKey{r.URL.RequestURI(), p.Theme, acceptsGzip(r), p.Nameless, p.Role, p.edition, s.faces.current()}
}

// again sends a page as it was shown before, if all that it is made of is the same. If
// not, it is kept with that when it is shown.
func (s *Site) again(w http.ResponseWriter, r *http.Request, p *page, of ...any) bool {
	p.of = of
	s.shelved.mu.Lock()
	made, ok := s.shelved.have[s.keyOf(r, p)]
	s.shelved.mu.Unlock()
	if !ok || !reflect.DeepEqual(made.of, of) {
		return false
	}
	sendPage(w, r, http.StatusOK, p.Lang, made.body)
	return true
}

func (c *pageCache) put(k pageKey, of []any, body []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.have == nil || len(c.have) >= maxPages {
		c.have = map[pageKey]madePage{}
	}
	c.have[k] = madePage{of, body}
}
