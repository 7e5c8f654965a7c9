package main

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp/kb"
)

// A curve is drawn with the keyboard alone, the run is started, and both lie over
// each other with a score; the answers cannot be changed any more.
func TestLongPageCurve(t *testing.T) {
	onlyLong(t)
	s := serve(t, t.TempDir(), nil)
	p := open(t, s)
	p.enter()
	p.lesson("/en/averages#two-clients")
	p.click(`#claim input[value=blind]`)
	p.click(`#claim [type=submit]`)
	p.click(`#unsent [type=submit]`)
	p.until(patience, "an empty curve is no answer", `!document.querySelector("#unsent .predict-error").hidden`)
	if !strings.Contains(p.text("#unsent .predict-error"), "Draw a curve") {
		t.Errorf("%q", p.text("#unsent .predict-error"))
	}
	p.drag()
	if n := p.count("#unsent .curve-dot"); n != 10 {
		t.Errorf("the mouse has set %d points on its way, want all 10", n)
	}
	p.click("#unsent .curve-how button")
	p.drawTriangle()
	if p.text("#unsent .predict-error") != "" {
		t.Error("what was wrong still stands, after drawing")
	}
	p.shoot("curve-drawn")
	p.click(`#unsent [type=submit]`)
	p.until(patience, "Run is unlocked", `!document.querySelector("#ui-go").disabled`)
	p.run()
	p.until(patience, "the curves are compared", `!document.querySelector("#unsent .predict-verdict").hidden && document.querySelector("#unsent .curve-pad path.curve-fact") && document.querySelector("#unsent .curve-pad path.curve-mine")`)
	said := p.text("#unsent .predict-verdict")
	for _, want := range []string{"of 10 steps", "right order", "±15% of the curve's height"} {
		if !strings.Contains(said, want) {
			t.Errorf("the verdict does not say %q: %s", want, said)
		}
	}
	if score := eval[float64](p, `Number(document.querySelector("#unsent .predict-verdict").innerText.match(/\((\d+)%\)/)?.[1])`); score < 50 {
		t.Errorf("a good drawing has a score of %v %%: %s", score, said)
	}
	if p.count(`.readout [data-s=mine]:not([hidden])`) != 1 {
		t.Error("the drawing does not lie on the run's chart")
	}
	if !eval[bool](p, `document.querySelector("#unsent [data-act=change]").hidden && document.querySelector("#unsent .curve-pad").ariaReadOnly === "true"`) {
		t.Error("the answer can be changed after the run")
	}
	eval[any](p, `document.querySelector("#unsent").scrollIntoView({ block: "center", behavior: "instant" })`)
	p.shoot("curve-measured")
	p.accessible("a measured curve")
	p.lesson("/en/averages#two-clients")
	p.until(patience, "the drawing is there again", `document.querySelector("#unsent .curve-pad path.curve-mine") && document.querySelector("#unsent .curve-pad path.curve-fact")`)
}

// A finger draws on a phone: the page stays where it is, and a second finger, as
// of a hand that holds the phone, draws nothing.
func TestPageCurveByTouch(t *testing.T) {
	s := serve(t, t.TempDir(), nil)
	p := open(t, s)
	p.size(390, 844)
	call(p, emulation.SetTouchEmulationEnabled, emulation.SetTouchEmulationEnabledParams{Enabled: true, MaxTouchPoints: 2})
	p.enter()
	p.lesson("/ko/averages")
	p.until(patience, "there is a paper in sight", `(() => { const r = document.querySelector("#unsent .curve-pad")?.getBoundingClientRect(), seen = r && r.top >= 150 && r.bottom <= innerHeight - 20; if (r && !seen) document.querySelector("#unsent .curve-pad").scrollIntoView({ block: "center", behavior: "instant" }); return seen && document.querySelector("#unsent .curve-pad svg text"); })()`)
	r := eval[[]float64](p, `(() => { const r = document.querySelector("#unsent .curve-pad").getBoundingClientRect(); return [r.left, r.top, r.width, scrollY]; })()`)
	at := func(finger, x, y float64) *input.TouchPoint {
		return &input.TouchPoint{X: r[0] + x*r[2], Y: r[1] + y, ID: &finger}
	}
	touch := func(kind input.DispatchTouchEventType, points ...*input.TouchPoint) {
		call(p, input.DispatchTouchEvent, input.DispatchTouchEventParams{Type: kind, TouchPoints: append([]*input.TouchPoint{}, points...)})
	}
	second := at(1, 0.9, 20)
	touch("touchStart", at(0, 0.2, 170))
	touch("touchMove", at(0, 0.5, 40))
	touch("touchStart", at(0, 0.5, 40), second)
	touch("touchMove", at(0, 0.7, 100), second)
	touch("touchEnd")
	set := `[...document.querySelectorAll("#unsent circle.curve-dot")].map((c) => Number(c.getAttribute("cy")))`
	p.until(patience, "what it went over is drawn", set+`.length > 4`)
	dots := eval[[]float64](p, set)
	if len(dots) > 7 || slices.Min(dots) < 35 {
		t.Errorf("the points %v: the second finger drew too", dots)
	}
	if moved := eval[float64](p, `scrollY`) - r[3]; moved != 0 {
		t.Errorf("the page went %g px", moved)
	}
	p.shoot("curve-touch-390")
}

// drawTriangle draws nothing, a straight way up to 1,800 and nothing again.
func (p *tab) drawTriangle() {
	p.t.Helper()
	p.until(patience, "there is an empty paper", `document.querySelector("#unsent .curve-pad svg text")`)
	eval[any](p, `document.querySelector("#unsent .curve-pad").focus()`)
	said := func() string {
		return eval[string](p, `document.querySelector("#unsent .curve-pad").ariaValueText`)
	}
	if !strings.Contains(said(), "0.25 s: nothing drawn") {
		p.t.Errorf("the first step is read as %q", said())
	}
	for _, step := range []struct{ right, up, down int }{{0, 1, 1}, {1, 1, 1}, {4, 6, 0}, {1, 1, 7}, {3, 1, 1}} {
		p.press(strings.Repeat(kb.ArrowRight, step.right) + strings.Repeat(kb.PageUp, step.up) + strings.Repeat(kb.PageDown, step.down))
	}
	if !strings.Contains(said(), "4.75 s: 0") {
		p.t.Errorf("the last step is read as %q", said())
	}
	p.press(strings.Repeat(kb.ArrowLeft, 4))
	if !strings.Contains(said(), "2.75 s: 1,800") {
		p.t.Errorf("the top is read as %q", said())
	}
	p.press(kb.ArrowUp + kb.ArrowDown)
}

// drag draws with the mouse, from the left end of the paper to its right one.
func (p *tab) drag() {
	p.t.Helper()
	p.until(patience, "there is a paper in sight", `(() => { const r = document.querySelector("#unsent .curve-pad")?.getBoundingClientRect(); if (r && (r.top < 100 || r.bottom > innerHeight - 20)) document.querySelector("#unsent .curve-pad").scrollIntoView({ block: "center", behavior: "instant" }); return r && r.top >= 100 && r.bottom <= innerHeight - 20; })()`)
	r := eval[[]float64](p, `(() => { const r = document.querySelector("#unsent .curve-pad").getBoundingClientRect(); return [r.left, r.top, r.width]; })()`)
	for i, to := range []struct{ x, y float64 }{{0.12, 170}, {0.3, 170}, {0.62, 70}, {0.64, 177}, {0.97, 177}, {0.97, 177}} {
		kind := []input.DispatchMouseEventType{"mousePressed", "mouseMoved", "mouseMoved", "mouseMoved", "mouseMoved", "mouseReleased"}[i]
		call(p, input.DispatchMouseEvent, input.DispatchMouseEventParams{Type: kind, X: r[0] + to.x*r[2], Y: r[1] + to.y, Button: "left", Buttons: 1, ClickCount: 1})
	}
}

// One key freezes the server for two seconds while it is measured.
func TestLongPageFreeze(t *testing.T) {
	onlyLong(t)
	s := serve(t, t.TempDir(), nil)
	p := open(t, s)
	p.enter()
	p.lesson("/ko/metrics#steady")
	p.unlock()
	if !eval[bool](p, `!document.querySelector("#ui-freeze").hidden && document.querySelector("#ui-freeze").disabled`) {
		t.Error("before the run there is nothing to freeze")
	}
	p.start()
	p.until(patience, "it can be frozen", `!document.querySelector("#ui-freeze").disabled`)
	p.press("f")
	p.until(2*time.Second, "it is frozen", `document.querySelector("#ui-freeze").ariaPressed === "true"`)
	p.until(patience, "the answers stay away", `(() => { const v = document.querySelectorAll("#ui-charts .readout data")[0]?.innerText; return v === "0"; })()`)
	p.shoot("freeze-frozen")
	if state := p.finish(); state != "finished" && state != "void" {
		t.Fatalf("the run ended: %s\n%s", state, p.text("#ui-note"))
	}
	p.shoot("freeze-over")
	p.put("apart")
	p.until(patience, "an open load has the button", `document.querySelectorAll("#ui-freeze:not([hidden])").length === 1`)
	p.lesson("/en/blocking#one-silent")
	p.until(patience, "a closed load has none", `document.querySelectorAll("#ui-freeze:not([hidden])").length === 0`)
}
