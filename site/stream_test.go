package site

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"html/template"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"socketlabs/content"
)

// sentBook is the book's page, of chapters that render makes.
func sentBook(t *testing.T, s *served, zipped bool, render func(*content.Lesson) (template.HTML, error)) *http.Response {
	t.Helper()
	rt := route{"GET /en/book", person | open, func(s *Site, w http.ResponseWriter, r *http.Request) error {
		return s.sendBook(w, r, s.page(r, s.shelf.edition()), render)
	}}
	srv := httptest.NewServer(s.outer(s.guarded(rt)))
	t.Cleanup(srv.Close)
	r, err := http.NewRequest(http.MethodGet, srv.URL+"/en/book", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Accept-Encoding", "identity")
	if zipped {
		r.Header.Set("Accept-Encoding", "gzip")
	}
	resp, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { resp.Body.Close() })
	return resp
}

// What stands before a chapter can be read while the chapter is made.
func TestTheBookIsReadWhileItIsMade(t *testing.T) {
	t.Parallel()
	s := serve(t)
	lessons := s.lessons()
	for _, zipped := range []bool{false, true} {
		last := lessons[len(lessons)-1].ID
		wait := make(chan bool)
		resp := sentBook(t, s, zipped, func(l *content.Lesson) (template.HTML, error) {
			if l.ID == lessons[1].ID {
				<-wait
			}
			return template.HTML("<p>chapter " + l.ID + "</p>"), nil
		})
		body := io.Reader(resp.Body)
		if zipped {
			if resp.Header.Get("Content-Encoding") != "gzip" {
				t.Fatal("plain: ", resp.Header)
			}
			z, err := gzip.NewReader(body)
			if err != nil {
				t.Fatal(err)
			}
			body = z
		}
		in := bufio.NewReader(body)
		readTo := func(word string) string {
			var b strings.Builder
			for !strings.Contains(b.String(), word) {
				c, err := in.ReadByte()
				if err != nil {
					t.Fatalf("%v before %q", err, word)
				}
				b.WriteByte(c)
			}
			return b.String()
		}
		readTo(`href="#` + last + `."`)       // of the contents
		readTo("<p>chapter " + lessons[0].ID) // and what is ready
		close(wait)
		readTo("<p>chapter " + last)
		readTo("</html>")
	}
}

// A page that cannot be sent whole does not look whole, and is not kept.
func TestAPageInPartIsCut(t *testing.T) {
	t.Parallel()
	s := serve(t)
	lessons := s.lessons()
	resp := sentBook(t, s, false, func(l *content.Lesson) (template.HTML, error) {
		if l.ID == lessons[3].ID {
			return "", errors.New("made to fail")
		}
		return template.HTML("chapter " + l.ID), nil
	})
	body, err := io.ReadAll(resp.Body)
	if !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("the page ends with %v", err)
	}
	if !bytes.Contains(body, []byte("chapter "+lessons[2].ID)) || bytes.Contains(body, []byte("chapter "+lessons[4].ID)) || bytes.Contains(body, []byte("</html>")) {
		t.Errorf("%d bytes, the end of them: %q", len(body), body[max(0, len(body)-200):])
	}
	if text := s.html("/en/book"); !strings.Contains(text, `id="`+lessons[4].ID+`."`) {
		t.Error("the next one is not whole")
	}
	k := &kept{header: http.Header{}}
	r := httptest.NewRequest(http.MethodGet, "/en/book", nil)
	bookRoute{route{"", book, func(s *Site, w http.ResponseWriter, r *http.Request) error {
		return s.sendBook(w, r, s.page(r, s.shelf.edition()), func(*content.Lesson) (template.HTML, error) { return "", errors.New("made to fail") })
	}}, s.Site}.ServeHTTP(k, r)
	if !errors.Is(k.err, errCut) {
		t.Errorf("an exported book of a page in part: %v", k.err)
	}
}
