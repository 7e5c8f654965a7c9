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
	for tries := 1; !p.freezeAndLetGo(); tries++ {
		if tries == 3 {
			t.Fatal("three runs were over before a fault was switched on and off: this machine is too busy")
		}
	}
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

// freezeAndLetGo starts a run and switches a fault on and off, if the run lasts
// for so long.
func (p *tab) freezeAndLetGo() bool {
	p.t.Helper()
	const over = `["finished", "void"].includes(document.querySelector("#ui-lamp").dataset.state)`
	const frozen = `[...document.querySelectorAll("#ui-faults li")].find((li) => li.querySelector("code").innerText === "freeze")?.querySelector("button")`
	p.start()
	p.until(patience, "it can be switched", over+` || !document.querySelector(%s).disabled`, now)
	eval[any](p, `document.querySelector(%s).click()`, now)
	p.until(patience, "the frozen server can be let go on", over+" || "+frozen)
	p.shoot("faults-running")
	if !eval[bool](p, `(() => { const b = `+frozen+`; b?.click(); return Boolean(b); })()`) {
		p.finish()
		return false
	}
	p.until(patience, "it goes on", "!"+frozen)
	return true
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
