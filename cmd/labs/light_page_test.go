package main

import (
	"io"
	"net/http"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// onTheWire bounds what a reader's first page brings over the network without the run
// panel: the page, styles, fonts, scripts, drawings, and the headers of all of them.
const onTheWire = 150_000

// runPanel are the modules that only a page with a run needs, with what they import.
var runPanel = []string{"bench.js", "replayed.js", "capacity.js", "recordings.js", "exercise.js"}

// resource is something that the page has loaded.
type resource struct {
	URL  string
	Sent int // bytes over the network, with headers; 0: the browser had it
}

func TestPageTheFirstIsLight(t *testing.T) {
	s := serve(t, t.TempDir(), nil)
	for _, at := range []string{"/ko/", "/en/start", "/ko/epoll", "/en/blocking"} {
		p := open(t, s) // knows nothing
		p.enter()
		p.visit(at)
		p.visit(at) // again: what it loaded for the link's page is in its memory
		for _, r := range p.loaded()[1:] {
			if r.Sent > 0 && strings.Contains(r.URL, "/static/") {
				t.Errorf("%s, once more: %s is loaded again, %d bytes", at, r.URL, r.Sent)
			}
		}

		p = open(t, s)
		p.enterAt(at)
		own := s.modules("js/app.js")
		base, panel, requests, inPanel := 0, 0, 0, 0
		for _, r := range p.loaded() {
			name := r.URL[strings.LastIndexByte(r.URL, '/')+1:]
			if strings.HasSuffix(name, ".js") && !slices.Contains(own, name) {
				panel, inPanel = panel+r.Sent, inPanel+1
				continue
			}
			base, requests = base+r.Sent, requests+1
		}
		t.Logf("%s: %d bytes in %d requests; the run panel %d more in %d", at, base, requests, panel, inPanel)
		if base > onTheWire || base < 20_000 {
			t.Errorf("%s: %d bytes over the network, more than %d, or not all of them", at, base, onTheWire)
		}
		if inPanel == 0 {
			t.Errorf("%s: no module of the run panel was seen", at)
		}
	}
}

// enterAt is enter for another page than the link's.
func (p *tab) enterAt(at string) {
	p.t.Helper()
	to := *p.site.link
	to.Path = at
	act(p, "open "+at, chromedp.Navigate(to.String()))
}

// loaded is what the page has loaded, itself first.
func (p *tab) loaded() []resource {
	p.t.Helper()
	return eval[[]resource](p, `[...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")]
		.filter((e) => !e.name.includes("/api/")).map((e) => ({ URL: e.name, Sent: e.transferSize }))`)
}

var importing = regexp.MustCompile(`(?m)^import .* from "(\.{1,2}/[^"]+)";$`)

// modules are the names of the modules that a module imports, without the run panel.
func (s *server) modules(entry string) []string {
	s.t.Helper()
	var names []string
	var follow func(at string)
	follow = func(at string) {
		if slices.Contains(names, path.Base(at)) || slices.Contains(runPanel, path.Base(at)) {
			return
		}
		names = append(names, path.Base(at))
		resp, err := http.Get("http://" + s.link.Host + "/static/" + at)
		if err != nil {
			s.t.Fatal(err)
		}
		defer resp.Body.Close()
		text, err := io.ReadAll(resp.Body)
		if err != nil || resp.StatusCode != http.StatusOK {
			s.t.Fatalf("%s: %s, %v", at, resp.Status, err)
		}
		for _, m := range importing.FindAllSubmatch(text, -1) {
			follow(path.Join(path.Dir(at), string(m[1])))
		}
	}
	follow(entry)
	return names
}
