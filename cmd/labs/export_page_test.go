package main

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
)

// TestLongPageExportedBook reads an exported book: under a sub-path of a plain file
// server, with every other address blocked, and from the disk.
func TestLongPageExportedBook(t *testing.T) {
	onlyLong(t)
	root, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	startBrowser(t)
	dir := filepath.Join(t.TempDir(), "book")
	if out, err := exec.CommandContext(t.Context(), bin, "export", "--root", root, dir).CombinedOutput(); err != nil {
		t.Fatalf("export: %v\n%s", err, out)
	}
	const under = "/some/where"
	files := httptest.NewServer(http.StripPrefix(under, http.FileServer(http.Dir(dir))))
	defer files.Close()
	link, err := url.Parse(files.URL)
	if err != nil {
		t.Fatal(err)
	}
	p := open(t, &server{t: t, link: link})
	call(p, network.Enable, network.EnableParams{})
	call(p, network.SetBlockedURLs, network.SetBlockedURLsParams{URLPatterns: []*network.BlockPattern{
		{URLPattern: files.URL + under + "/*", Block: false}, {URLPattern: "*://*:*/*", Block: true},
	}})

	p.visit(under + "/")
	p.until(patience, "the first page leads on", `/\/(ko|en)\/(index\.html)?$/.test(location.pathname) && document.querySelector("#ui-total")`)
	p.shots("export-home", "")
	p.replaysAuthor(t, "http://"+link.Host+under)
	p.shots("export-lesson", "#ui-bench")
	p.prefers("dark")
	p.shots("export-lesson-dark", "#ui-bench")
	p.prefers("light")

	// A comparison, a sweep, and the tabs that a recording fills.
	p.visit(under + "/en/epoll.html#small-buffer")
	p.skipped()
	p.until(patience, "the author's comparison is shown", `document.querySelector("#ui-compare .compare-rows [data-verdict=better]")`)
	p.visit(under + "/ko/epoll.html#with-silent")
	p.skipped()
	for tab, has := range map[string]string{"map": "#ui-map .map-way li", "doctor": "#ui-doctor .doctor:not([hidden]) li", "log": "#ui-log-lines li", "table": "#ui-table tbody tr"} {
		p.click("#ui-tab-" + tab)
		p.until(patience, "the tab is filled: "+tab, `document.querySelector(%s)`, has)
	}

	// Search gives what the site gives, in both languages.
	s := serve(t, t.TempDir(), nil)
	live := open(t, s)
	live.enter()
	const hits = `[...document.querySelectorAll(".found-list li")].map((e) => e.innerText).join("\n")`
	for _, lang := range []string{"ko", "en"} {
		for _, q := range []string{"소진루프", "drian loop", "스톨은", "r"} {
			live.visit("/" + lang + "/search?q=" + url.QueryEscape(q))
			want := eval[string](live, hits)
			p.visit(under + "/" + lang + "/search.html?q=" + url.QueryEscape(q))
			p.until(patience, "the search has answered", `document.querySelector(".found p[role=status]")`)
			if got := eval[string](p, hits); got != want || lang == "en" && q == "drian loop" && want == "" {
				t.Errorf("%s %q: the book finds\n%s\nthe site\n%s", lang, q, got, want)
			}
		}
	}
	p.press("/")
	p.write("EPOLLET")
	p.until(patience, "places are listed while typing", `document.querySelectorAll("#ui-found [data-to]").length > 2`)
	p.press("\r")
	p.until(patience, "the search has a page", `location.search.includes("EPOLLET") && document.querySelector(".found-list li")`)

	// The language changes in place, and links lead on in it.
	p.visit(under + "/en/blocking.html")
	p.press("l")
	p.until(patience, "the address is Korean", `location.pathname.endsWith("/ko/blocking.html") && document.documentElement.lang === "ko" && document.querySelector("a[rel=next]").href.includes("/ko/")`)
	if cookies := eval[string](p, `document.cookie`); cookies != "" {
		t.Errorf("the book set a cookie: %s", cookies)
	}
	p.size(390, 844)
	p.fits("a lesson of the book", 390)
	p.accessible("a lesson of the book on a phone")
	p.size(1440, 1000)

	files.Close()
	call(p, network.SetBlockedURLs, network.SetBlockedURLsParams{URLPatterns: []*network.BlockPattern{{URLPattern: "http://*:*/*", Block: true}, {URLPattern: "https://*:*/*", Block: true}}})
	p.replaysAuthor(t, "file://"+dir)
	p.press("l")
	p.until(patience, "from a disk the language changes too", `document.documentElement.lang === "ko"`)
}

// replaysAuthor answers a lesson's predictions and looks at what the bench shows
// of the author's recording.
func (p *tab) replaysAuthor(t *testing.T, base string) {
	t.Helper()
	act(p, "open a lesson", chromedp.Navigate(base+"/en/epoll.html#pieces"))
	p.until(patience, "the author's run waits for the predictions", `document.querySelector("#ui-note [data-do=skip], #ui-bench[data-x]") || document.querySelector("#ui-lamp").dataset.state === "idle"`)
	if p.count("#ui-note [data-do=skip]") > 0 {
		if p.count(".run-chart canvas") > 0 && strings.ContainsAny(p.text("#ui-figures"), "0123456789") {
			t.Error("the author's numbers are shown before the predictions are answered")
		}
		p.click("#answered input[value=all]")
		p.click("#answered [type=submit]")
		p.until(patience, "the first answer stands", `document.querySelector("#answered .is-mine")`)
		p.skipped()
	}
	p.until(patience, "the figures are the author's", `/[1-9]/.test(document.querySelector("#ui-figures")?.innerText) && /author/.test(document.querySelector("#ui-note").innerText) && /exported book/.test(document.querySelector("#ui-note").innerText)`)
	p.until(patience, "the checks are judged", `document.querySelector("#ui-checks [data-state=pass]")`)
	p.until(patience, "the prediction stands beside what was measured", `document.querySelector("#answered .is-mine.is-fact") && document.querySelector("#answered .predict-why").open`)
	p.until(patience, "a chart is drawn", `[...document.querySelectorAll(".run-chart canvas")].some((c) => { const d = c.getContext("2d").getImageData(0, 0, c.width, c.height).data; let n = 0; for (let i = 3; i < d.length; i += 4) n += d[i] > 0; return n > 200 })`)
	if !eval[bool](p, `document.querySelector("#ui-go").disabled`) {
		t.Error("Run can be pressed where nothing runs")
	}
}

// skipped skips what is still to be predicted, where nothing can be run.
func (p *tab) skipped() {
	p.t.Helper()
	p.until(patience, "the bench is ready", `document.querySelector("#ui-note [data-do=skip], #ui-note [data-do=replay]")`)
	if p.count("#ui-note [data-do=skip]") > 0 {
		p.click("#ui-note [data-do=skip]")
	}
	p.until(patience, "the author's recording is there", `document.querySelector("#ui-note [data-do=replay]")`)
}
