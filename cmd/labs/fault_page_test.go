package main

import (
	"strings"
	"testing"
)

// A fault is added to a run in the page, one more is switched on and off while
// it is measured, and what the site refuses stands beside what was typed.
func TestPageFaults(t *testing.T) {
	s := serve(t, t.TempDir(), nil)
	p := open(t, s)
	p.enter()
	p.lesson("/en/epoll")
	p.put("with-silent")
	p.unlock()
	p.click("#ui-faults summary")
	p.choose("flood")
	p.enterFault("connections", "100001")
	p.until(patience, "the entry is refused", `document.querySelector("[data-knob='fault.connections'].is-wrong") && document.querySelector(%s).disabled`, plan)
	p.enterFault("connections", "12")
	p.enterFault("at", "0.5")
	p.enterFault("for", "0.5")
	p.click(plan)
	p.until(patience, "the fault is in the list", `[...document.querySelectorAll("#ui-faults li")].some((li) => li.innerText.includes("connections=12"))`)
	p.shoot("faults-idle")

	p.choose("freeze")
	p.start()
	p.until(patience, "it can be switched", `!document.querySelector(%s).disabled`, now)
	p.click(now)
	p.until(patience, "the frozen server can be let go on", `[...document.querySelectorAll("#ui-faults li")].some((li) => li.querySelector("code").innerText === "freeze" && li.querySelector("button"))`)
	p.shoot("faults-running")
	eval[any](p, `[...document.querySelectorAll("#ui-faults li")].find((li) => li.querySelector("code").innerText === "freeze").querySelector("button").click()`)
	p.until(patience, "it goes on", `![...document.querySelectorAll("#ui-faults li")].some((li) => li.querySelector("code").innerText === "freeze")`)
	if state := p.finish(); state != "finished" && state != "void" {
		t.Fatalf("the run ended: %s\n%s", state, p.text("#ui-note"))
	}
	p.shoot("faults-finished")
	log := eval[string](p, `document.querySelector("#ui-tab-log").click(), new Promise((done) => setTimeout(() => done(document.querySelector("#ui-log-lines").innerText), 500))`)
	for _, want := range []string{"flood (flood) on", "flood (flood) off", "freeze (freeze) on", "freeze (freeze) off"} {
		if !strings.Contains(log, want) {
			t.Errorf("the log does not say %q:\n%s", want, log)
		}
	}
}

// The buttons of the form.
const (
	plan = "#ui-faults .faults button:nth-of-type(1)"
	now  = "#ui-faults .faults button:nth-of-type(2)"
)

// choose takes a kind of fault.
func (p *tab) choose(kind string) {
	p.t.Helper()
	eval[any](p, `(() => { const s = document.querySelector("#ui-faults select"); s.value = %s; s.dispatchEvent(new Event("change")); })()`, kind)
}

// enterFault types a parameter.
func (p *tab) enterFault(name, value string) {
	p.t.Helper()
	eval[any](p, `(() => { const e = document.querySelector("[data-knob='fault." + %s + "'] input[type=text]"); e.value = %s; e.dispatchEvent(new Event("change")); })()`, name, value)
}
