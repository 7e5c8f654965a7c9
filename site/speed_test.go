package site

import (
	"compress/gzip"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
)

// onTheWire bounds what the first page of a reader sends, as a browser asks for
// it, without the run panel, whose script is apart.
const onTheWire = 150_000

// TestTheFirstPageIsLight adds up the bytes of the first pages that a reader
// opens: the page, its styles, its icon and its scripts, as they are sent.
func TestTheFirstPageIsLight(t *testing.T) {
	t.Parallel()
	s := serve(t)
	for _, at := range []string{"/ko/", "/en/start", "/ko/blocking", "/en/epoll"} {
		page, text := s.zipped(at)
		base, run := len(page), 0
		for _, m := range regexp.MustCompile(`(?:<link[^>]*href|<script[^>]*src)="(/static/[^"]+)"`).FindAllStringSubmatch(text, -1) {
			sent, _ := s.zipped(m[1])
			if strings.HasSuffix(m[1], panelScript) {
				run += len(sent)
			} else {
				base += len(sent)
			}
		}
		if run == 0 {
			t.Errorf("%s: the script of the run panel is not named", at)
		}
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
