package main

import (
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"
)

// A learner runs a mystery, finds the sick step in the Doctor tab, uses its
// evidence, answers, and is told what it was. Seed 8 hides the edge trigger that
// is not drained.
func TestLongPageMystery(t *testing.T) {
	onlyLong(t)
	s := serve(t, t.TempDir(), nil)
	p := open(t, s)
	p.allow("status of 409") // the answer before a run
	p.enter()
	p.lesson("/en/mystery?seed=8")
	if got := p.text("h1"); got != "Mystery 8" {
		t.Fatalf("the title is %q", got)
	}
	p.click("#ui-mystery button[type=submit]")
	p.until(patience, "the missing fault is named", `document.querySelector("#ui-mystery .predict-error").innerText.includes("Choose what the fault is")`)
	p.fillMystery("undrained", "kernel.recvq", "1", "1.2")
	p.click("#ui-mystery button[type=submit]")
	p.until(patience, "the short time is refused", `document.querySelector("#ui-mystery .predict-error").innerText.includes("half a second")`)
	p.fillMystery("undrained", "kernel.recvq", "1", "3")
	p.click("#ui-mystery button[type=submit]")
	p.until(patience, "the site wants a run first", `document.querySelector("#ui-mystery .predict-error").innerText.includes("Run it first")`)

	p.start()
	p.until(aRun, "the steps are seen while it runs", `document.querySelector(".doctor-step[data-step=sockets]")?.dataset.state === "sick"`)
	if before := p.text("#ui-lamp"); strings.Contains(before, "epollet") {
		t.Errorf("the lamp tells: %s", before)
	}
	p.shoot("mystery-running")
	p.finish()
	p.until(patience, "the end was examined", `document.querySelector(".doctor-commands").textContent.includes("This process has ended")`)
	if html := p.text("body"); strings.Contains(html, "epollet") {
		t.Error("the page tells which lab it is")
	}
	p.marksTheProof()
	p.click(`.doctor-step[data-step=sockets] li[title="kernel.recvq"] button`)
	if got := eval[string](p, `document.querySelector("#ui-mystery [name=metric]").value`); got != "kernel.recvq" {
		t.Fatalf("the proof is of %q", got)
	}
	used := p.window()
	p.until(patience, "what the doctor used is marked", `document.querySelector("[data-end=from]").ariaValueNow === %s && document.querySelector("[data-end=to]").ariaValueNow === %s`, used[0], used[1])
	p.drags(0, 0.5, 0.9) // the learner's own mark is what is answered
	marked := p.window()
	p.click("#ui-mystery button[type=submit]")
	p.until(patience, "it is right", `document.querySelector("#ui-mystery-told").innerText.includes("100 points")`)
	told := p.text("#ui-mystery-told")
	for _, want := range []string{"Right", "an edge trigger that is not drained", "Kernel socket queues", "labs/epollet -drain=false"} {
		if !strings.Contains(told, want) {
			t.Errorf("it is not told %q:\n%s", want, told)
		}
	}
	p.shoot("mystery-solved")
	p.accessible("a solved mystery")
	if again := p.window(); again != marked {
		t.Errorf("%v was marked, and the answer is of %v", marked, again)
	}
	p.drags(0, 0.1, 0.3)
	p.click(`.doctor-step[data-step=sockets] li[title="kernel.recvq"] button`)
	if again := p.window(); again != marked {
		t.Errorf("the answer was changed to %v", again)
	}
	p.lesson("/ko/mystery?seed=8")
	p.until(patience, "the answer stays", `document.querySelector("#ui-mystery-told").innerText.includes("100점") && document.querySelector("#ui-mystery button[type=submit]").disabled`)
	p.press(kb.ArrowRight) // another one
	p.until(10*time.Second, "the next mystery", `location.search === "?seed=9"`)
}

// fillMystery fills the question in.
func (p *tab) fillMystery(fault, metric, from, to string) {
	p.t.Helper()
	eval[any](p, `(() => { const f = document.querySelector("#ui-mystery"); f.querySelector("[value=" + %s + "]").checked = true; for (const [n, v] of [["metric", %s], ["from", %s], ["to", %s]]) f.querySelector("[name=" + n + "]").value = v; })()`, fault, metric, from, to)
}
