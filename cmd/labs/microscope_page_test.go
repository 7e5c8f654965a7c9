package main

import (
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"
)

// A trace that waits is found by the page that is loaded again, and by one that did
// not begin it; it can be stopped there, and what became of it is told afterwards too.
func TestPageFindsTheTraceThatGoesOn(t *testing.T) {
	s := serve(t, t.TempDir(), nil)
	p := open(t, s)
	p.enter()
	s.api("POST", "/api/queue/pause", nil, nil)
	says := func(what, state string) {
		p.until(patience, what, `document.querySelector("#ui-scope-lamp")?.dataset.state === %s && document.querySelector("#ui-scope-stop").hidden === !["queued"].includes(%s)`, state, state)
	}
	p.visit("/en/microscope")
	p.until(patience, "the choices are there", `!document.querySelector("#ui-scope-go").disabled && document.querySelector("#ui-scope-what").options.length > 3`)
	p.pick("#ui-scope-what", "epollet")
	eval[any](p, `document.querySelector("#ui-scope-knobs [data-knob='knob.drain'] button").click()`)
	p.click("#ui-scope-go")
	says("it waits", "queued")
	p.until(patience, "the address names it", `location.search.includes("?t=")`)
	at := eval[string](p, `location.pathname + location.search`)
	for _, path := range []string{at, "/ko/microscope"} {
		p.visit(path)
		says("it is found at "+path, "queued")
		if got := eval[string](p, `document.querySelector("#ui-scope-what").value + " " + document.querySelector("#ui-scope-knobs [data-knob='knob.drain'] [aria-pressed=true]").textContent`); got != "epollet off" {
			t.Errorf("%s shows the form of %q", path, got)
		}
	}
	p.click("#ui-scope-stop")
	says("it is stopped", "stopped")
	p.visit(at)
	says("and the page that is loaded again says so", "stopped")
	p.until(patience, "in words", `document.querySelector("#ui-scope-note .note")`)
}

// TestLongPageMicroscope traces the three epolls under one schedule and finds
// the stall, with the keyboard, down to its line of source.
func TestLongPageMicroscope(t *testing.T) {
	onlyLong(t)
	s := serve(t, t.TempDir(), nil)
	p := open(t, s)
	p.enter()
	p.visit("/en/microscope")
	p.until(patience, "the choices are there", `document.querySelector("#ui-scope-what")?.options.length > 3 && document.querySelector("#ui-scope-lamp").innerText`)
	p.until(patience, "it can be pressed", `!document.querySelector("#ui-scope-go").disabled`)
	p.click("#ui-scope-go")
	p.until(2*time.Minute, "the first is drawn", `document.querySelectorAll(".scope-panel").length === 1`)
	eval[any](p, `(window.before = true, setTimeout(() => location.reload()), null)`) // halfway
	p.until(2*time.Minute, "three traces are drawn", `!window.before && document.querySelectorAll(".scope-panel").length === 3 && document.querySelector("#ui-scope-lamp").dataset.state === "finished"`)

	if n := p.count(".scope-panel .scope-stall"); n == 0 || p.count(".scope-panel:not(:last-child) .scope-stall") != 0 {
		t.Errorf("%d stalls are drawn; the undrained one alone has any", n)
	}
	sums := p.text(".scope-panel:last-child .scope-sums")
	if !strings.Contains(sums, "a stall") || !strings.Contains(sums, "0 ended in EAGAIN") {
		t.Errorf("undrained: %q", sums)
	}
	if level := p.text(".scope-panel:first-child .scope-sums"); !strings.Contains(level, "2,100 bytes came back") {
		t.Errorf("level: %q", level)
	}
	if cost := p.text("#ui-scope-cost"); !strings.Contains(cost, "not real") || !strings.Contains(cost, "times as long") {
		t.Errorf("cost: %q", cost)
	}

	// From event to event by arrow keys, to the server's first read.
	eval[any](p, `document.querySelector(".scope-panel:last-child .scope-scroll").focus()`)
	for range 400 {
		p.press(kb.ArrowRight)
		if strings.HasPrefix(p.text(".scope-panel:last-child .scope-call"), "read(") {
			break
		}
	}
	detail := p.text("#ui-scope-detail")
	for _, want := range []string{"= 512", "main.drain", "labs/epollet/main.go:", "unix.Read(c.fd, buf)", "read(2)"} {
		if !strings.Contains(detail, want) {
			t.Errorf("the details do not say %q: %s", want, detail)
		}
	}
	p.press(kb.Enter)
	if !eval[bool](p, `document.activeElement.id === "ui-scope-detail"`) {
		t.Error("Enter does not lead to the details")
	}
	p.shoot("microscope-detail")

	// The same as a list, and a link that a reader follows himself.
	p.click(".scope-panel:first-child .scope-list summary")
	p.click(".scope-panel:first-child .scope-table button")
	if href := eval[string](p, `document.querySelector("#ui-scope-detail .scope-man a").href`); !strings.HasPrefix(href, "https://man7.org/linux/man-pages/man2/") {
		t.Errorf("the manual: %s", href)
	}
	// The address brings them back, in the other language too.
	p.visit(eval[string](p, `location.pathname.replace("/en/", "/ko/") + location.search`))
	p.until(patience, "the traces are there again", `document.querySelectorAll(".scope-panel").length === 3`)
	if !strings.Contains(p.text(".scope-panel:last-child .scope-sums"), "스톨") {
		t.Errorf("ko: %q", p.text(".scope-panel:last-child .scope-sums"))
	}
	eval[any](p, `document.querySelector(".scope-panel:last-child [data-kind=read]").dispatchEvent(new MouseEvent("click", { bubbles: true })), null`)
	for _, scheme := range []string{"light", "dark"} {
		p.prefers(scheme)
		p.accessible("microscope with traces, " + scheme)
		p.shots("microscope-"+scheme+"-ko", "#ui-scope-panels")
	}
	p.size(390, 844)
	p.fits("microscope at 390 px", 390)
}
