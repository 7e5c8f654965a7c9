package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"socketlabs/labs/telemetry"
)

func TestLongPagePastRuns(t *testing.T) {
	onlyLong(t)
	s := serve(t, t.TempDir(), nil)
	p := open(t, s)
	p.enter()
	p.lesson("/en/blocking#threads")
	p.unlock()
	p.run()
	first := p.shownRun()
	firstRequests := eval[string](p, fmt.Sprintf(`(%.0f).toLocaleString("en")`, s.summary(first).Metrics["load.requests"]))
	p.click(`[data-knob="knob.model"] button:nth-of-type(1)`)
	p.run()
	second := p.shownRun()

	p.lesson("/en/blocking#threads")
	p.until(patience, "the newest run is on the bench", `document.querySelector("#ui-recording").href.includes(%s)`, second)
	p.click("#ui-tab-history")
	p.until(patience, "history says which knob was turned", `document.querySelector("#ui-history tbody tr").innerText.includes("-model one")`)
	open := eval[int](p, `[...document.querySelectorAll("#ui-history tbody tr")].findIndex((tr) => tr.querySelector("time").title === %s) + 1`, first)
	p.click(fmt.Sprintf("#ui-history tbody tr:nth-child(%d) .history-do button", open))
	p.onBench(first, firstRequests)

	p.visit("/en/runs/" + second)
	p.until(patience, "an address of a run leads to its lesson", `location.pathname + location.search + location.hash === "/en/blocking?run=" + %s + "#threads"`, second)
	p.visit("/en/blocking?run=" + first + "#threads")
	p.onBench(first, firstRequests)
	p.judged(map[string]string{"flows": "pass", "not-the-wait": "pass"})

	p.scrub(t)
	p.downloads(t, first)
}

// onBench waits until a run is on the bench, with what it measured.
func (p *tab) onBench(run, figure string) {
	p.t.Helper()
	p.until(patience, run+" is on the bench", `document.querySelector("#ui-recording").getAttribute("href")?.includes(%s) && document.querySelector("#ui-figures dd").innerText === %s && document.querySelector("#ui-sockets tbody tr")`, run, figure)
}

// scrub moves through the run with the keys of its timeline.
func (p *tab) scrub(t *testing.T) {
	t.Helper()
	now := `document.querySelector("#ui-timeline").getAttribute("aria-valuenow")`
	latest := eval[string](p, now)
	readout := `[...document.querySelectorAll(".run-chart .readout data")].map((d) => d.innerText).join()`
	end := eval[string](p, readout)
	eval[any](p, `document.querySelector("#ui-timeline").focus()`)
	p.press(kb.Home)
	p.until(patience, "the timeline stands at its beginning", now+` === "0"`)
	p.press(kb.ArrowRight + kb.ArrowRight)
	p.until(patience, "the arrow moves by 0.1 s", now+` === "0.2"`)
	p.until(patience, "the charts say what was then", readout+` !== %s`, end)
	p.press(kb.Escape)
	p.until(patience, "Escape leads back to the end", now+` === %s`, latest)
}

// downloads fetches every file that the page offers, as a person does, and
// compares them with the recording.
func (p *tab) downloads(t *testing.T, run string) {
	t.Helper()
	dir := t.TempDir()
	call(p, browser.SetDownloadBehavior, browser.SetDownloadBehaviorParams{
		Behavior: browser.SetDownloadBehaviorBehaviorAllow, DownloadPath: dir, BrowserContextID: chromedp.FromContext(p.ctx).BrowserContextID,
	})
	fetch := func(tab, link, name string) []byte {
		p.click(tab)
		p.click(link)
		file := filepath.Join(dir, name)
		until(t, patience, name+" is there", func() bool { _, err := os.Stat(file); return err == nil })
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	recording := fetch("#ui-tab-table", "#ui-recording", run+".jsonl")
	kinds := map[telemetry.Kind]int{}
	for _, line := range bytes.Split(bytes.TrimSpace(recording), []byte("\n")) {
		var e telemetry.Event
		if err := json.Unmarshal(line, &e); err != nil {
			t.Fatalf("the recording: %v: %s", err, line)
		}
		kinds[e.Kind]++
	}
	if kinds[telemetry.KindRun] != 1 || kinds[telemetry.KindEnd] != 1 || kinds[telemetry.KindSample] < 40 {
		t.Errorf("the recording's events: %v", kinds)
	}
	csv := strings.Split(strings.TrimSpace(string(fetch("#ui-tab-table", "#ui-csv", "blocking-threads-"+run+".csv"))), "\r\n")
	if head := csv[0]; !strings.HasPrefix(head, "t,load.requests_per_second,") || len(csv) != 42 { // 4 s at 10 Hz, and 0
		t.Errorf("the table has %d lines under %s", len(csv)-1, head)
	}
	if log := fetch("#ui-tab-log", "#ui-log-download", run+".log"); bytes.Count(log, []byte("\n")) != kinds[telemetry.KindLog] {
		t.Errorf("%d lines of log, recorded were %d:\n%s", bytes.Count(log, []byte("\n")), kinds[telemetry.KindLog], log)
	}
}
