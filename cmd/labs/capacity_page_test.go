package main

import (
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"socketlabs/labs"
)

// A learner steps the clients of a server through three values, leaves the page
// while it measures, finds the sweep again, and reads its curve; what may not be
// is said beside what was typed.
func TestLongPageCapacity(t *testing.T) {
	onlyLong(t)
	s := serve(t, t.TempDir(), nil)
	p := open(t, s)
	p.enter()
	p.visit("/en/capacity?experiment=uring/with-epoll&setting=load.connections&values=1,2,4")
	p.until(patience, "the form has the experiment's settings", `document.querySelector("#ui-measure").disabled === false`)
	p.until(patience, "nothing was measured", `document.querySelector("#ui-sweep-note").innerText.includes("Nothing has been measured yet")`)
	p.shoot("capacity-empty")

	p.fill("values", "1, 0.5, 4")
	p.until(patience, "half a connection is refused", `document.querySelector("#ui-measure").disabled && document.querySelector("#ui-values-error").innerText.includes("0.5")`)
	p.shoot("capacity-refused")
	p.fill("values", "1, 2, 4")
	p.fill("seconds", "2")
	p.until(patience, "it says how long it takes", `document.querySelector("#ui-about").innerText.startsWith("3 blocks, about 8 s")`)
	if got := p.text("#ui-sweep-command"); got != "labs sweep uring/with-epoll --set load.connections=1,2,4 --for 2s" {
		t.Errorf("in a terminal: %s", got)
	}
	p.click("#ui-measure")
	p.until(aRun, "a block is measured", `/block \d of \d: load\.connections=/.test(document.querySelector("#ui-sweep-progress").innerText)`)
	p.shoot("capacity-running")

	p.visit("/en/capacity") // away and back
	const ended = `["finished", "void"].includes(document.querySelector("#ui-sweep-lamp").dataset.state)`
	p.until(aRun, "the sweep was found again, and ends", ended+` && document.querySelectorAll("#ui-curves tbody tr").length === 3`)
	p.until(patience, "its curve is drawn", `document.querySelectorAll("#ui-curves .curve-plot .curve-point").length === 3`)
	p.shoot("capacity-finished")
	said := p.text("#ui-curves")
	for _, want := range []string{"load.connections", "Universal Scalability Law: 3 steps count, and it takes 5", "Objective:"} {
		if !strings.Contains(said, want) && !strings.Contains(said, "void") {
			t.Errorf("the result lacks %q:\n%s", want, said)
		}
	}
	if n := p.count("#ui-earlier tr"); n != 1 {
		t.Errorf("%d earlier sweeps", n)
	}
	p.accessibleEverywhere("en/capacity with a sweep")

	p.fill("objective", "0.0001")
	eval[any](p, `document.querySelector("#ui-sweep [name=objective]").dispatchEvent(new Event("change"))`)
	p.until(patience, "no step meets a p99 of 100 ns", `document.querySelectorAll("#ui-curves tr[data-missed]").length + document.querySelectorAll("#ui-curves tr[data-void]").length === 3`)
	p.visit("/ko/capacity")
	p.until(patience, "the newest is shown in Korean too", fmt.Sprintf(`%s && document.querySelector("#ui-curves").innerText.includes("보편 확장성 법칙")`, ended))
	p.size(390, 844)
	if wide := eval[int](p, `document.documentElement.scrollWidth`); wide > 390 {
		t.Errorf("at 390 px the page is %d px wide", wide)
	}
	if said := p.text("#ui-curves .curve-legend"); !strings.Contains(said, "목표 10 ms") {
		t.Errorf("the legend does not say what the objective's line is: %s", said)
	}
	if n := p.count("#ui-curves .curve-plot svg text:not(.curve-axes text, .curve-value, .curve-knee-word)"); n != 0 {
		t.Errorf("%d texts stand where curves may cross them", n)
	}
	p.shoot("capacity-finished-390")
}

// TestLadderByAClick draws the whole ladder from one press of its button, in less
// than three minutes (builds not counted, as for whoever looked at the page before):
//
//	LABS_LADDER=1 go test ./cmd/labs -run LadderByAClick -v
func TestLadderByAClick(t *testing.T) {
	if os.Getenv("LABS_LADDER") == "" {
		t.Skip("LABS_LADDER=1 runs it; it takes three minutes")
	}
	s := serve(t, t.TempDir(), nil)
	p := open(t, s)
	p.enter()
	p.visit("/en/capacity")
	p.until(patience, "the button can be pressed", `!document.querySelector("#ui-ladder").disabled`)
	p.click("#ui-ladder")
	p.until(10*aRun, "the first block is measured", `/block 1 of \d+/.test(document.querySelector("#ui-sweep-progress").innerText)`)
	began := time.Now()
	p.until(3*time.Minute, "the ladder ends", `["finished", "void"].includes(document.querySelector("#ui-sweep-lamp").dataset.state)`)
	t.Logf("measured in %.0f s", time.Since(began).Seconds())
	p.until(patience, "its curves are drawn", `document.querySelectorAll("#ui-curves .curve-plot .curve-point").length > 0`)
	t.Log(p.text("#ui-curves"))
	want := []string{}
	for _, rung := range labs.Rungs(runtime.NumCPU()) {
		want = append(want, "labs/"+rung.Lab)
	}
	if drawn := eval[[]string](p, `[...document.querySelectorAll("#ui-curves .curve-detail h3 small")].map((e) => e.innerText)`); !slices.Equal(drawn, want) {
		t.Errorf("the rungs drawn are of %v, want %v", drawn, want)
	}
	p.shoot("ladder")
	for i := range p.count("#ui-curves tr[data-void]") {
		if row := eval[string](p, `document.querySelectorAll("#ui-curves tr[data-void]")[%s].innerText`, i); !strings.Contains(row, "late") && !strings.Contains(row, "missing") {
			t.Errorf("a void block does not say why: %s", row)
		}
	}
}

// fill types into a field of the form.
func (p *tab) fill(name, value string) {
	p.t.Helper()
	eval[any](p, `(() => { const e = document.querySelector("#ui-sweep [name=" + %s + "]"); e.value = %s; e.dispatchEvent(new Event("input")); })()`, name, value)
}

// A lesson's sweep is predicted and run like any experiment, and the bench shows
// its curve in the place of charts over time.
func TestLongPageSweepOnTheBench(t *testing.T) {
	onlyLong(t)
	s := serve(t, t.TempDir(), nil)
	p := open(t, s)
	p.enter()
	p.lesson("/en/epoll#more-clients")
	if href := eval[string](p, `document.querySelector("#more-clients a.button").getAttribute("href")`); href != "/en/capacity?experiment=epoll%2fmore-clients&setting=load.connections&values=1,4,16,64" {
		t.Errorf("the card leads to %s", href)
	}
	p.unlock()
	p.until(patience, "the author's curve is shown", `document.querySelectorAll("#ui-charts .curve-point").length === 5`) // and one in the legend
	p.shoot("sweep-bench-author")
	var state string
	for tries := 1; ; tries++ {
		p.start()
		if state = p.finish(); state == "finished" || tries == 3 {
			break
		}
	}
	if state != "finished" && state != "void" {
		t.Fatalf("the sweep ended: %s\n%s", state, p.text("#ui-note"))
	}
	p.until(patience, "its curve is drawn", `document.querySelectorAll("#ui-charts tbody tr").length === 4 && document.querySelector("#ui-charts .curve-bench + a").getAttribute("href").includes("?run=")`)
	if state == "finished" {
		p.until(patience, "both checks are judged", `document.querySelectorAll("#ui-checks [data-state=pass], #ui-checks [data-state=fail]").length === 2`)
	}
	p.shoot("sweep-bench")
	p.accessibleEverywhere("a sweep on the bench")
	p.size(390, 844)
	if wide := eval[int](p, `document.documentElement.scrollWidth`); wide > 390 {
		t.Errorf("at 390 px the lesson is %d px wide", wide)
	}
	eval[any](p, `document.querySelector("#ui-charts").scrollIntoView({ block: "start", behavior: "instant" })`)
	p.shoot("sweep-bench-390")
}
