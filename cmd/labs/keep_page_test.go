package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// imported imports the author's recording of an experiment and returns its id.
func imported(t *testing.T, data, experiment string) string {
	t.Helper()
	lesson, name, _ := strings.Cut(experiment, "/")
	status, out, diag := invoke(t, data, "runs", "import", filepath.Join("..", "..", "content", lesson, "author", name+".jsonl.gz"))
	id := regexp.MustCompile(`[0-9]{8}T[0-9]{6}Z-[0-9a-f]{8}`).FindString(out)
	if status != 0 || id == "" {
		t.Fatalf("import: %d\n%s%s", status, out, diag)
	}
	return id
}

// A recording is imported, opened, scrubbed, named and annotated with the
// keyboard, given away as one file and found in the list of all.
func TestPageKeepsRecordings(t *testing.T) {
	data := t.TempDir()
	id := imported(t, data, "epoll/with-silent")
	s := serve(t, data, nil)
	p := open(t, s)
	p.enter()
	p.visit("/en/runs/" + id)
	p.until(patience, "the run is on its lesson's bench", `location.pathname === "/en/epoll" && document.querySelector("#ui-recording")?.href.includes(%s) && document.querySelector("#ui-sockets tbody tr")`, id)
	p.scrubs(t)
	p.annotates(t)
	p.listed(t, id)
}

// scrubs goes back in time: sockets, figures and log are what they were.
func (p *tab) scrubs(t *testing.T) {
	t.Helper()
	figures := `document.querySelector("#ui-figures").innerText`
	end := eval[string](p, figures)
	p.click("#ui-tab-log")
	eval[any](p, `document.querySelector("#ui-timeline").focus()`)
	p.press(kb.Home + kb.PageUp)
	p.until(patience, "the figures are those of then", figures+` !== %s`, end)
	p.until(patience, "the log dims what was said later", `document.querySelector("#ui-log-lines li[data-later]")`)
	p.press(kb.Escape)
	p.until(patience, "Escape leads back to the end", figures+` === %s && !document.querySelector("#ui-log-lines li[data-later]")`, end)
}

// annotates writes a note at the moment that was chosen, changes it, deletes it
// and takes that back, all with the keyboard.
func (p *tab) annotates(t *testing.T) {
	t.Helper()
	eval[any](p, `document.querySelector("#ui-timeline").focus()`)
	p.press(kb.Home + kb.PageUp + kb.ArrowRight)
	p.press("n") // from where the moment was chosen
	p.until(patience, "the note is about the chosen moment", `document.activeElement?.name === "text" && document.activeElement.form.elements.t.value === "1.1"`)
	p.write("<b>silence</b> begins")
	p.press(kb.Enter)
	p.until(patience, "the note is in the list, as a text", `document.querySelector("#ui-notes-list .notes-said")?.innerText === "<b>silence</b> begins" && document.querySelector("#ui-notes-n").innerText === "1"`)
	p.click("#ui-notes-list li .history-do button:nth-of-type(2)")
	p.until(patience, "its deletion can be taken back", `document.querySelector("#ui-notes-list .notes-gone button") === document.activeElement`)
	p.press(kb.Enter)
	p.until(patience, "it is back", `document.querySelectorAll("#ui-notes-list .notes-said").length === 1 && !document.querySelector("#ui-notes-list .notes-gone")`)
	p.click("#ui-notes-name input")
	p.write("mine now")
	p.press(kb.Enter)
	p.click("#ui-tab-history")
	p.until(patience, "the history shows the name", `document.querySelector("#ui-history .history-name")?.innerText === "mine now"`)
	p.shoot("keep-notes")
}

// listed finds the run in the list of all, names it there and deletes it.
func (p *tab) listed(t *testing.T, id string) {
	t.Helper()
	p.visit("/en/runs")
	row := `document.querySelector("#ui-runs tr[data-run='` + id + `']")`
	p.until(patience, "the run is in the list", row+`?.innerText.includes("mine now") && `+row+`.innerText.includes("imported")`)
	p.click("#ui-runs-filter")
	p.write("zxqwv")
	p.until(patience, "nothing fits", row+`.hidden && !document.querySelector("#ui-runs-none").hidden`)
	eval[any](p, `(() => { const i = document.querySelector("#ui-runs-filter"); i.value = "mine"; i.dispatchEvent(new Event("input")); })()`)
	p.until(patience, "it is found by its name", "!"+row+`.hidden`)
	p.shoot("keep-runs")
	eval[any](p, `fetch("/api/runs/`+id+`/export/recording").then((r) => r.blob()).then((b) => {
		const i = document.querySelector("#ui-import-file"), files = new DataTransfer();
		files.items.add(new File([b], "copy.jsonl.gz"));
		i.files = files.files;
		i.dispatchEvent(new Event("change"));
	})`)
	p.until(patience, "the copy is a second recording", `document.querySelectorAll("#ui-runs tbody tr").length === 2 && document.querySelector("#ui-import-said").innerText.includes("mine now")`)
	p.allow("status of 400")
	eval[any](p, `(() => {
		const i = document.querySelector("#ui-import-file"), files = new DataTransfer();
		files.items.add(new File(["no recording"], "bad.txt"));
		i.files = files.files;
		i.dispatchEvent(new Event("change"));
	})()`)
	p.until(patience, "another file is refused in words", `document.querySelector("#ui-import-said").innerText.includes("not a complete recording")`)
	p.click("#ui-runs tbody tr .history-do > button:nth-of-type(2)")
	p.click("#ui-runs tbody tr .history-do > button:nth-of-type(1)")
	p.until(patience, "one is deleted", `document.querySelectorAll("#ui-runs tbody tr").length === 1`)
}

// How far a run can be trusted is said whole on a phone too.
func TestPageSaysTrustOnAPhone(t *testing.T) {
	data := t.TempDir()
	id := imported(t, data, "blocking/visits-threads")
	p := open(t, serve(t, data, nil))
	p.size(390, 844)
	p.enter()
	for lang, says := range map[string]string{"ko": "주의: 빠진 표본", "en": "care: missing samples"} {
		p.visit("/" + lang + "/runs/" + id)
		p.until(patience, "the badge is there", `document.querySelector("#ui-trust")?.innerText === %s`, says)
		if !eval[bool](p, `(() => { const e = document.querySelector("#ui-trust"), r = e.getBoundingClientRect(); return e.scrollWidth <= e.clientWidth + 1 && r.left >= 0 && r.right <= 390; })()`) {
			t.Errorf("%q is cut", says)
		}
		p.shoot("trust-390-" + lang)
	}
}

// Where nothing can be run, on a system that is not Linux, the author's recording
// stands on the bench, whole, on a phone too.
func TestPageReplaysTheAuthorWithoutLinux(t *testing.T) {
	s := serve(t, t.TempDir(), nil)
	p := open(t, s)
	call(p, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: `
		const parse = JSON.parse;
		JSON.parse = (...given) => { const v = parse(...given); if (v?.linux === true) v.linux = false; return v; };`})
	p.size(390, 844)
	p.enter()
	p.lesson("/en/epoll#thousand-epoll")
	p.until(patience, "the predictions come first", `document.querySelector("#ui-note [data-do=skip]") && document.querySelector("#ui-go").disabled`)
	p.click("#ui-note [data-do=skip]")
	p.until(patience, "the author's recording is on the bench", `document.querySelector("#ui-note").innerText.includes("author") && /\d/.test(document.querySelector("#ui-figures dd").innerText)`)
	p.until(patience, "with its checks", `[...document.querySelectorAll("#ui-checks li")].every((li) => li.dataset.state === "pass")`)
	p.until(patience, "with its sockets", `document.querySelectorAll("#ui-sockets tbody tr").length > 0`)
	p.click("#ui-tab-log")
	p.until(patience, "with its log", `document.querySelectorAll("#ui-log-lines li[data-level]").length > 3`)
	p.scrubs(t)
	if !eval[bool](p, `document.querySelector("#ui-go").disabled && document.querySelector("#ui-note pre").innerText.includes("go run")`) {
		t.Error("it does not say that running needs Linux")
	}
	p.shoot("keep-author-390")
	p.fits("the author's recording", 390)
}

// A run that was given away as one file opens from a disk, without a network.
func TestLongPageReplaysAFileOffline(t *testing.T) {
	onlyLong(t)
	replaysAFile(t)
}

func replaysAFile(t *testing.T) {
	data := t.TempDir()
	id := imported(t, data, "epoll/with-silent")
	for _, args := range [][]string{
		{"runs", "name", id, "<i>given</i> away"}, {"runs", "note", id, "--at", "1", "--to", "2", "--chart", "latency", "it waits"},
		{"runs", "export", id, "--as", "html", "-o", filepath.Join(data, "run.html")},
	} {
		if status, _, diag := invoke(t, data, args...); status != 0 {
			t.Fatalf("%v: %d %s", args, status, diag)
		}
	}
	info, err := os.Stat(filepath.Join(data, "run.html"))
	if err != nil || info.Size() > 1500<<10 {
		t.Fatalf("the file has %d bytes, %v", info.Size(), err)
	}
	s := serve(t, data, nil)
	p := open(t, s)
	p.reach(false)
	act(p, "open the file", chromedp.Navigate("file://"+filepath.Join(data, "run.html")))
	eval[any](p, `document.querySelector("[data-lang=en]").click()`)
	p.until(patience, "it shows the run", `document.querySelector("h1").innerText === "<i>given</i> away" && /\d/.test(document.querySelector("#ui-figures dd").innerText) && document.querySelectorAll("#ui-charts canvas").length > 2`)
	if n := eval[int](p, `performance.getEntriesByType("resource").length`); n != 0 {
		t.Errorf("it asked for %d files", n)
	}
	if drawn := eval[bool](p, `[...document.querySelectorAll("#ui-charts .u-wrap canvas")].every((c) => { const d = c.getContext("2d").getImageData(0, 0, c.width, c.height).data; return d.some((v) => v > 0); })`); !drawn {
		t.Error("a chart is empty")
	}
	p.scrubs(t)
	p.click("#ui-tab-notes")
	p.until(patience, "the note can be read, not written", `document.querySelector("#ui-notes-list .notes-said").innerText.startsWith("it waits") && document.querySelector("#ui-notes-form").hidden`)
	p.until(patience, "checks say value and bound", `[...document.querySelectorAll("#ui-checks li")].every((li) => li.dataset.state === "pass" && /\d/.test(li.querySelector("data").innerText))`)
	p.click("#ui-tab-sockets")
	p.until(patience, "the sockets are there", `document.querySelectorAll("#ui-sockets tbody tr").length > 0`)
	p.click("#ui-play")
	p.until(patience, "it plays to the end", `document.querySelector("#ui-clock").innerText.length > 3`)
	p.accessibleEverywhere("a run's file")
	p.size(390, 844)
	p.fits("a run's file", 390)
	p.savesPictures(t, data)
}

// savesPictures takes the charts as a picture.
func (p *tab) savesPictures(t *testing.T, dir string) {
	t.Helper()
	call(p, browser.SetDownloadBehavior, browser.SetDownloadBehaviorParams{
		Behavior: browser.SetDownloadBehaviorBehaviorAllow, DownloadPath: dir, BrowserContextID: chromedp.FromContext(p.ctx).BrowserContextID,
	})
	p.size(1440, 1000)
	p.click("#ui-tab-table")
	p.click("#ui-png")
	var found []string
	until(t, patience, "the picture is there", func() bool {
		found, _ = filepath.Glob(filepath.Join(dir, "*.png"))
		return len(found) == 1
	})
	text, err := os.ReadFile(found[0])
	if err != nil || !strings.HasPrefix(string(text), "\x89PNG") || len(text) < 5000 {
		t.Errorf("%s has %d bytes, %v", found[0], len(text), err)
	}
	if dir := os.Getenv("LABS_SHOTS"); dir != "" {
		os.WriteFile(filepath.Join(dir, "keep-charts.png"), text, 0o644)
	}
}
