package main

import (
	"encoding/json"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// TestLongPageCompares does what a learner does: foretells the lesson's
// comparison, runs it, and looks at single blocks of it.
func TestLongPageCompares(t *testing.T) {
	onlyLong(t)
	s := serve(t, t.TempDir(), nil)
	p := open(t, s)
	p.enter()
	p.lesson("/en/epoll#small-buffer")
	p.until(patience, "the comparison waits for a prediction", `document.querySelector("#small-buffer.is-on") && document.querySelector("#ui-note [data-do=predict]") && document.querySelector("#ui-go").disabled`)
	p.click(`#bargain input[value=better]`)
	p.click(`#bargain [type=submit]`)
	p.until(patience, "the author's recording is shown", `document.querySelector("#ui-compare .compare-rows [data-verdict=better]")`)
	p.start()
	p.until(aRun, "the strip says which block is being measured", `document.querySelector("#ui-compare .blocks :is([data-state=done], [data-state=void])") && document.querySelector("#ui-compare .blocks [data-state=now]") && document.querySelector("#ui-compare .blocks [data-state=wait]")`)
	if p.finish() == "void" { // too many blocks were late: once more, as the page says
		p.run()
	}
	p.until(patience, "the verdict is drawn and worded", `/better/.test(document.querySelector("#ui-compare .compare-rows [data-verdict=better]")?.textContent) && /B is better/.test(document.querySelector("#ui-compare .compare-verdict").innerText)`)
	if p.count("#bargain .is-fact.is-mine") != 1 {
	p.until(aRun, "the pairs so far and their interval are shown, and no verdict", `(() => {
		const box = document.querySelector("#ui-compare .compare-sofar");
		return /So far, [2-9] of [0-9]+ pairs: provisional/.test(box?.innerText) && /×[0-9.]+ \[[0-9.]+, [0-9.]+\]/.test(box.innerText) && box.innerText.includes("judged once") && box.querySelectorAll(".pair").length >= 2 && !box.querySelector("[data-verdict]:not([data-verdict=''])") && !document.querySelector("#ui-compare .compare-verdict");
	})()`)
	p.until(aRun, "the interval before stays beside the one that is narrower", `document.querySelectorAll("#ui-compare .compare-sofar .was").length >= 1`)
	p.shots("compare-sofar", "#ui-compare")
	p.accessible("a comparison that runs")
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
	p.click("#ui-tab-history")
	p.until(patience, "the history says what was compared", `/pieces-drained[^]*better/.test(document.querySelector("#ui-history tbody").innerText)`)
}

// authorsComparison puts the lesson's comparison on the bench, as its author ran it.
	if p.count("#ui-compare .compare-sofar") != 0 {
		t.Error("what was provisional still stands beside the verdict")
	}
	p.notesABlock()
	p.replaysBlocks(data)
	p.lesson("/en/epoll#small-buffer")
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
	if out, status := labs("compare", report.Run, report.Run); status != 0 || !strings.Contains(out, "no verdict") {
		t.Errorf("overlay: status %d\n%s", status, out)
	}
}
	var progress strings.Builder
	if said := progress.String(); strings.Count(said, "judged once") != 1 || !strings.Contains(said, "provisional, 1 of 4 pairs") || !strings.Contains(said, "provisional, 3 of 4 pairs") || strings.Contains(said, "better") {
		t.Errorf("the pairs so far, without a verdict:\n%s", said)
	}
