package site

import (
	"compress/gzip"
	"io"
	"net/http"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// onTheWire bounds what the first page of a reader sends, as a browser asks for
// it, without the run panel, whose modules nothing waits for.
const onTheWire = 150_000

// panel are the modules that only a page with a run needs.
var panel = []string{"bench.js", "replayed.js", "capacity.js", "recordings.js", "exercise.js"}

// TestTheFirstPageIsLight adds up the bytes of the first pages that a reader
// opens: the page, its styles, its icon and its modules, as they are sent.
func TestTheFirstPageIsLight(t *testing.T) {
	t.Parallel()
	s := serve(t)
	for _, at := range []string{"/ko/", "/en/start", "/ko/blocking", "/en/epoll"} {
		page, text := s.zipped(at)
		base, run := len(page), 0
		var seen []string
		add := func(address string, panel bool) string {
			sent, text := s.zipped(address)
			if panel {
				run += len(sent)
			} else {
				base += len(sent)
			}
			return text
		}
		for _, m := range regexp.MustCompile(`(?:<link[^>]*href|<script[^>]*src)="(/static/[^"]+)"`).FindAllStringSubmatch(text, -1) {
			if !strings.Contains(m[1], ".js") {
				add(m[1], false)
			}
		}
		var modules func(name string, inPanel bool)
		modules = func(name string, inPanel bool) {
			if slices.Contains(seen, name) {
				return
			}
			seen = append(seen, name)
			for _, m := range importLine.FindAllStringSubmatch(add("/static/"+name, inPanel), -1) {
				next := path.Join(path.Dir(name), m[3])
				if !slices.Contains(panel, path.Base(next)) {
					modules(next, inPanel)
				} else if !inPanel {
					defer modules(next, true) // what the page needs itself is its own
				}
			}
		}
		modules("js/app.js", false)
		t.Logf("%s: %d bytes on the wire, of them %d the page itself; the run panel %d more", at, base, len(page), run)
		if base > onTheWire {
			t.Errorf("%s: %d bytes on the wire, more than %d", at, base, onTheWire)
		}
	}
}

// zipped is an answer as a browser gets it, and what it means.
func (s *served) zipped(address string) (sent []byte, text string) {
	s.t.Helper()
	resp, body := s.do(request{path: address, cookie: testToken, header: http.Header{"Accept-Encoding": {"gzip"}}})
	if resp.StatusCode != http.StatusOK {
		s.t.Fatalf("GET %s: %s", address, resp.Status)
	}
	if resp.Header.Get("Content-Encoding") != "gzip" {
		return []byte(body), body
	}
	z, err := gzip.NewReader(strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	whole, err := io.ReadAll(z)
	if err != nil {
		s.t.Fatal(err)
	}
	return []byte(body), string(whole)
}
