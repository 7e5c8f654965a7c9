package main

import (
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// onTheWire bounds what a reader's first page brings over the network without the run
// panel: the page, styles, fonts, scripts, drawings, and the headers of all of them.
const onTheWire = 150_000

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
		base, panel, requests, inPanel := 0, 0, 0, 0
		for _, r := range p.loaded() {
			if strings.HasSuffix(r.URL, "/scripts/panel.js") {
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
			t.Errorf("%s: the script of the run panel was not seen", at)
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
