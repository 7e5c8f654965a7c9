package main

import (
	"encoding/json"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// TestLongPageCompares does what a learner does: foretells the lesson's
// comparison, runs it, and looks at single blocks of it.
func TestLongPageCompares(t *testing.T) {
	onlyLong(t)
	data := t.TempDir()
	s := serve(t, data, nil)
	p := open(t, s)
	p.enter()
	p.lesson("/en/epoll#small-buffer")
	p.until(patience, "the comparison waits for a prediction", `document.querySelector("#small-buffer.is-on") && document.querySelector("#ui-note [data-do=predict]") && document.querySelector("#ui-go").disabled`)
	p.click(`#bargain input[value=better]`)
	p.click(`#bargain [type=submit]`)
	p.until(patience, "the author's recording is shown", `document.querySelector("#ui-compare .compare-rows [data-verdict=better]")`)
	const soFar = `(() => {
		const box = document.querySelector("#ui-compare .compare-sofar");
		return /So far, [2-9] of [0-9]+ pairs: provisional/.test(box?.innerText) && /×[0-9.]+ \[[0-9.]+, [0-9.]+\]/.test(box.innerText) && box.innerText.includes("judged once") && box.querySelectorAll(".pair").length >= 2 && !box.querySelector("[data-verdict]:not([data-verdict=''])") && !document.querySelector("#ui-compare .compare-verdict");
	})()`
	for range 4 { // a busy machine makes blocks void, and without two pairs there is no interval
		p.start()
		p.until(aRun, "the strip says which block is being measured", `document.querySelector("#ui-compare .blocks :is([data-state=done], [data-state=void])") && document.querySelector("#ui-compare .blocks [data-state=now]") && document.querySelector("#ui-compare .blocks [data-state=wait]")`)
		p.until(aRun, "the pairs so far and their interval are shown, and no verdict", soFar+` || document.querySelector("#ui-lamp").dataset.state === "void"`)
		if p.lamp() != "void" {
			break
		}
	}
	p.until(aRun, "the interval before stays beside the one that is narrower, where no pair was lost", `document.querySelector("#ui-compare .compare-sofar .was") || document.querySelector("#ui-compare .blocks [data-state=void]")`)
	p.shots("compare-sofar", "#ui-compare")
	p.accessible("a comparison that runs")
	if p.finish() == "void" { // too many blocks were late: once more, as the page says
		p.run()
	}
	p.until(patience, "the verdict is drawn and worded", `/better/.test(document.querySelector("#ui-compare .compare-rows [data-verdict=better]")?.textContent) && /B is better/.test(document.querySelector("#ui-compare .compare-verdict").innerText)`)
	if p.count("#bargain .is-fact.is-mine") != 1 {
		t.Error("the prediction does not stand beside what was measured")
	}
	p.shots("compare-finished", "#ui-compare")
	p.accessibleEverywhere("a comparison")
	for _, width := range []int64{390, 360} {
		p.size(width, 800)
		p.fits("a comparison", width)
	}
	p.size(1440, 1000)
	p.click(`#ui-compare .blocks button:nth-of-type(2)`)
	p.until(patience, "another block's charts are shown", `document.querySelector("#ui-compare .blocks button:nth-of-type(2)[aria-current]") && /block 2/.test(document.querySelector("#ui-clock").innerText)`)
	if p.count("#ui-compare .compare-sofar") != 0 {
		t.Error("what was provisional still stands beside the verdict")
	}
	p.click(`#ui-compare .compare-legend > button`)
	p.until(patience, "its pair lies underneath", `document.querySelector("#ui-compare .compare-legend > button").ariaPressed === "true" && document.querySelector("#ui-charts .readout [data-s=ghost]:not([hidden])")`)
	p.shots("compare-pair", "#ui-compare")
	p.click(`#ui-compare .compare-legend > button`)
	p.until(patience, "and no more", `!document.querySelector("#ui-charts .readout [data-s=ghost]:not([hidden])")`)
	p.notesABlock()
	p.replaysBlocks(data)
	p.lesson("/en/epoll#small-buffer")
	p.click("#ui-tab-history")
	p.until(patience, "the history says what was compared", `/pieces-drained[^]*better/.test(document.querySelector("#ui-history tbody").innerText)`)
}

// notesABlock writes a note about the block on the bench, looks at another, and is
// led back by the note.
func (p *tab) notesABlock() {
	p.t.Helper()
	p.press("n")
	p.until(patience, "a note can be written", `document.activeElement?.name === "text"`)
	p.write("more reads here")
	p.press(kb.Enter)
	p.until(patience, "the note says its block", `/block 2 · [^]*more reads here/.test(document.querySelector("#ui-notes-list li")?.innerText)`)
	p.click(`#ui-compare .blocks button:nth-of-type(3)`)
	p.until(patience, "another block is shown", `/block 3/.test(document.querySelector("#ui-clock").innerText)`)
	p.click("#ui-notes-list .notes-go")
	p.until(patience, "the note leads back to its block", `/block 2/.test(document.querySelector("#ui-clock").innerText)`)
	p.shots("compare-noted", "#ui-notes")
}

// replaysBlocks gives the comparison away as a file, and chooses a block in it;
// the command for its queues does too.
func (p *tab) replaysBlocks(data string) {
	p.t.Helper()
	id := eval[string](p, `document.querySelector("#ui-recording").href.match(/runs\/([^/]+)/)[1]`)
	file := filepath.Join(p.t.TempDir(), "run.html")
	if status, _, diag := invoke(p.t.(*testing.T), data, "runs", "export", id, "--as", "html", "-o", file); status != 0 {
		p.t.Fatalf("%d: %s", status, diag)
	}
	act(p, "open the file", chromedp.Navigate("file://"+file))
	p.until(patience, "the file has every block, and the verdict", `document.querySelectorAll("#ui-blocks .blocks button").length >= 8 && document.querySelector("#ui-blocks .compare-rows [data-verdict]") && /better/i.test(document.querySelector("#ui-blocks .compare-verdict").textContent)`)
	before := p.text("#ui-figures")
	p.click("#ui-blocks .blocks button:nth-of-type(2)")
	p.until(patience, "block 2 is replayed", `document.querySelector("#ui-blocks .blocks button:nth-of-type(2)[aria-current]") && document.activeElement?.matches("#ui-blocks .blocks button:nth-of-type(2)")`)
	p.until(patience, "with its own figures", `document.querySelector("#ui-figures").innerText !== %s`, before)
	p.shots("compare-file", "#ui-bench")
	p.accessible("a file of several blocks")
	for block, label := range map[string]string{"1": "pieces", "2": "pieces-drained"} {
		_, out, _ := invoke(p.t.(*testing.T), data, "queues", id, "--block", block)
		if !strings.Contains(out, "block "+block+" of ") || !strings.Contains(out, ", "+label+";") {
			p.t.Errorf("queues of block %s:\n%s", block, out)
		}
	}
	if status, _, diag := invoke(p.t.(*testing.T), data, "queues", id, "--block", "99"); status == 0 || !strings.Contains(diag, "it has blocks 1 to ") {
		p.t.Errorf("%d: %s", status, diag)
	}
}

// authorsComparison puts the lesson's comparison on the bench, as its author ran it.
func (p *tab) authorsComparison(lang string) {
	p.t.Helper()
	p.lesson("/" + lang + "/epoll#small-buffer")
	p.unlock()
	p.until(patience, "the author's comparison is on the bench", `document.querySelector("#ui-compare .compare-rows [data-verdict=better]")`)
}

// TestLongPageComparesWithBefore turns a knob, has it compared with the run
// before, and stops that.
func TestLongPageComparesWithBefore(t *testing.T) {
	onlyLong(t)
	s := serve(t, t.TempDir(), nil)
	p := open(t, s)
	p.enter()
	p.lesson("/en/epoll#with-silent")
	p.unlock()
	p.run()
	if p.count("#ui-versus:not([hidden])") != 0 {
		t.Error("a comparison is offered and nothing was turned")
	}
	p.click(`[data-knob="knob.drain"] button:nth-of-type(1)`)
	p.until(patience, "the comparison is offered with its time", `/Compare with before\s*·\s*[0-9]+ s/.test(document.querySelector("#ui-versus:not([hidden]):not([disabled])")?.innerText)`)
	p.shots("compare-offered", "#ui-bench")
	p.press("c")
	p.until(aRun, "it runs", `/knob.drain=true[^]*knob.drain=false/.test(document.querySelector("#ui-compare")?.innerText) && document.querySelector("#ui-lamp").dataset.state === "running"`)
	p.shots("compare-running", "#ui-compare")
	p.click("#ui-halt")
	p.until(patience, "it was stopped and says so", `document.querySelector("#ui-lamp").dataset.state === "stopped" && /no verdict/.test(document.querySelector("#ui-compare").innerText)`)
}

// TestLongCompareCommand runs the command as a script would: one experiment under
// two settings, and then the two recordings of single runs over each other.
func TestLongCompareCommand(t *testing.T) {
	onlyLong(t)
	data := t.TempDir()
	var progress strings.Builder
	labs := func(args ...string) (string, int) {
		cmd := exec.Command(bin, append(args, "--data", data)...)
		cmd.Dir, cmd.Stderr = "../..", &progress
		out, err := cmd.Output()
		if err != nil && cmd.ProcessState == nil {
			t.Fatal(err)
		}
		return string(out), cmd.ProcessState.ExitCode()
	}
	out, status := labs("compare", "epoll/fits", "--with", "knob.drain=true", "--rounds", "2", "--for", "0.5s", "--json")
	var report struct {
		Run, Result, A, B string
		Blocks            []struct{ Label, Trust string }
		Metrics           []struct {
			Expr, Verdict string
			Low, High     *float64
		}
	}
	if err := json.Unmarshal([]byte(out), &report); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if report.Result == "void" && status == 3 {
		t.Skip("too many blocks were void: the machine is busy")
	}
	if report.Result != "measured" || status != 0 || report.A != "knob.drain=false" || report.B != "knob.drain=true" || len(report.Blocks) < 8 {
		t.Errorf("status %d\n%s", status, out)
	}
	if said := progress.String(); strings.Count(said, "judged once") != 1 || !strings.Contains(said, "provisional, 1 of 4 pairs") || !strings.Contains(said, "provisional, 3 of 4 pairs") || strings.Contains(said, "better") {
		t.Errorf("the pairs so far, without a verdict:\n%s", said)
	}
	i := slices.IndexFunc(report.Metrics, func(m struct {
		Expr, Verdict string
		Low, High     *float64
	}) bool {
		return m.Expr == "reads_per_request"
	})
	if i < 0 || report.Metrics[i].Verdict != "higher" {
		t.Errorf("reads: %s", out)
	}
	if out, status := labs("compare", "epoll/fits"); status != 2 || out != "" {
		t.Errorf("with what? status %d\n%s", status, out)
	}
	if out, status := labs("compare", report.Run+":1", report.Run+":2"); status != 0 || !strings.Contains(out, "differs: knob.drain: false → true") || !strings.Contains(out, report.Run+", block 2  epoll/fits") || !strings.Contains(out, "reads_per_request") {
		t.Errorf("two blocks of it: status %d\n%s", status, out)
	}
	if out, status := labs("compare", report.Run+":1", report.Run+":99"); status != 2 || out != "" {
		t.Errorf("no such block: status %d\n%s", status, out)
	}
	if out, status := labs("compare", report.Run, report.Run); status != 0 || !strings.Contains(out, "no verdict") {
		t.Errorf("overlay: status %d\n%s", status, out)
	}
}
