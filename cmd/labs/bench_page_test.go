package main

import (
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/page"
)

// wiretap keeps what a page hears: its WebSockets, and of every event the
// sequence number, the kind, the phase, and when it came (performance.now()).
// On every frame it notes when each part of the bench first showed something of
// the run, and the states that the lamp went through.
const wiretap = `
window.heard = { sockets: [], events: [], moved: {}, lamps: [] };
window.WebSocket = class extends WebSocket {
	constructor(...to) {
		super(...to);
		heard.sockets.push(this);
		this.addEventListener("message", (m) => {
			const at = performance.now();
			for (const e of JSON.parse(m.data)) heard.events.push({ seq: e.seq, kind: e.kind, phase: e.state?.phase, at });
		});
	}
};
const look = () => {
	const note = (what, yes) => { if (yes && heard.events.length > 0) heard.moved[what] ??= performance.now() };
	for (const c of document.querySelectorAll(".run-chart")) {
		const title = c.querySelector("h3 > [lang=en]")?.textContent;
		note(title, [...c.querySelectorAll(".readout data")].some((d) => /\d/.test(d.textContent)));
	}
	const lamp = document.querySelector("#ui-lamp")?.dataset.state;
	if (lamp !== heard.lamps.at(-1)) heard.lamps.push(lamp);
	note("sockets", document.querySelector("#ui-sockets tbody tr"));
	note("log", document.querySelector("#ui-log-lines li[data-level]"));
	requestAnimationFrame(look);
};
requestAnimationFrame(look);
`

// tap listens to the pages that are opened from now on.
func (p *tab) tap() {
	p.t.Helper()
	call(p, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: wiretap})
}

// put puts an experiment on the bench with the button of its card.
func (p *tab) put(experiment string) {
	p.t.Helper()
	p.click(fmt.Sprintf("#%s [data-act=bench]", experiment))
	p.until(patience, experiment+" is on the bench", `document.querySelector("#" + %s + ".is-on") && !["loading"].includes(document.querySelector("#ui-lamp").dataset.state)`, experiment)
}

// unlock skips the predictions that are open.
func (p *tab) unlock() {
	p.t.Helper()
	p.until(patience, "the bench is ready", `document.querySelector("#ui-note [data-do=skip]") || !document.querySelector("#ui-go").disabled`)
	if p.count("#ui-note [data-do=skip]") > 0 {
		p.click("#ui-note [data-do=skip]")
	}
	p.until(patience, "Run is unlocked", `!document.querySelector("#ui-go").disabled`)
}

// start presses Run and waits until the run is under way.
func (p *tab) start() {
	p.t.Helper()
	eval[any](p, `window.heard && Object.assign(heard, { sockets: [], events: [], moved: {}, lamps: [] })`)
	p.click("#ui-go")
	p.until(aRun, "the run is under way", `["running", "draining"].includes(document.querySelector("#ui-lamp").dataset.state)`)
}

// finish waits for the run's end and says how it ended: "finished" or "void".
func (p *tab) finish() string {
	p.t.Helper()
	p.until(aRun, "the run is over", `["finished", "void", "failed", "stopped"].includes(document.querySelector("#ui-lamp").dataset.state)`)
	return p.lamp()
}

// lamp is the bench's state.
func (p *tab) lamp() string {
	p.t.Helper()
	return eval[string](p, `document.querySelector("#ui-lamp").dataset.state`)
}

// run runs what is on the bench to its end. A busy machine can make a run void,
// which proves nothing: then it is run again, as the page says.
func (p *tab) run() {
	p.t.Helper()
	for range 4 {
		p.start()
		switch state := p.finish(); state {
		case "finished":
			return
		case "void":
			p.t.Logf("void, once more: %s", strings.Join(strings.Fields(p.text("#ui-trust-why")), " "))
		default:
			p.t.Fatalf("the run ended: %s\n%s", state, p.text("#ui-note"))
		}
	}
	p.t.Fatal("four runs were void: this machine is too busy")
}

// check is a check as the bench shows it.
type check struct{ ID, State, Value, Bound string }

// checks returns the bench's checks by their id.
func (p *tab) checks() map[string]check {
	p.t.Helper()
	all := map[string]check{}
	for _, c := range eval[[]check](p, `[...document.querySelectorAll("#ui-checks li")].map((li) => ({ ID: li.dataset.check, State: li.dataset.state, Value: li.querySelector("data").innerText, Bound: li.querySelector(".bound").innerText }))`) {
		all[c.ID] = c
	}
	return all
}

// judged reports checks that are not in the state that is wanted, or that do not
// say what was measured and what the bound was.
func (p *tab) judged(want map[string]string) {
	p.t.Helper()
	for id, state := range want {
		p.until(patience, "check "+id+" says "+state+", with value and bound", `(() => {
			const li = document.querySelector("#ui-checks [data-check='" + %s + "']");
			return li?.dataset.state === %s && /\d/.test(li.querySelector("data").innerText) && /\d/.test(li.querySelector(".bound").innerText);
		})()`, id, state)
	}
	if got := p.checks(); len(got) != len(want) {
		p.t.Errorf("%d checks on the bench, want %d", len(got), len(want))
	}
}

// moved says how long after the server had begun to listen each part of the
// bench showed something, in seconds.
func (p *tab) moved() map[string]float64 {
	p.t.Helper()
	return eval[map[string]float64](p, `(() => {
		const from = heard.events.find((e) => e.phase === "running").at;
		return Object.fromEntries(Object.entries(heard.moved).map(([what, at]) => [what, (at - from) / 1000]));
	})()`)
}

// movedSoon reports what did not move. The lesson promises a second; a busy
// machine under the race detector gets three.
func (p *tab) movedSoon(t *testing.T, what ...string) {
	t.Helper()
	moved := p.moved()
	t.Logf("seconds from listening to the first value: %v", moved)
	for _, w := range what {
		if s, ok := moved[w]; !ok || s > 3 {
			t.Errorf("%s moved after %v s (at all: %v)", w, s, ok)
		}
	}
}
