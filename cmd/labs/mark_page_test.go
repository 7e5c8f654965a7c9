package main

import (
	"math"
	"strconv"
	"strings"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp/kb"
)

// marksTheProof marks the proof of a mystery on the line of its metric: with the
// mouse, a finger and keys; the fields stay in step, and the other way round.
func (p *tab) marksTheProof() {
	p.t.Helper()
	p.retypes("#ui-mystery [name=from]", "")
	p.retypes("#ui-mystery [name=to]", "")
	p.until(patience, "the line is drawn, and nothing is marked", `document.querySelector(".marked-pad path.curve-fact")?.getAttribute("d").length > 100 && !document.querySelector(".marked-band") && document.querySelector("[data-end=from]").ariaValueText.includes("not marked")`)
	p.drags(0, 0.4, 0.8)
	if w := p.window(); !near(w, 2.4, 4.8) {
		p.t.Errorf("the mouse went from 2.4 to 4.8 s, and the fields say %v", w)
	}
	p.says(".marked-said", "From "+p.window()[0]+" s to "+p.window()[1]+" s: values from ")
	p.shoot("mystery-marked")
	from := p.window()[0]
	p.drags(0, 0.8, 0.95) // by its end
	if w := p.window(); !near(w, 2.4, 5.7) || w[0] != from {
		p.t.Errorf("its end was drawn to 5.7 s, and the fields say %v", w)
	}
	p.drags(0, 0.2, 0.21)
	if w := p.window(); !near(w, 1.2, 1.7) {
		p.t.Errorf("a short stroke marks half a second, not %v", w)
	}
	p.size(390, 844)
	p.drags(1, 0.5, 0.8)
	if w := p.window(); !near(w, 3, 4.8) {
		p.t.Errorf("a finger went from 3 to 4.8 s, and the fields say %v", w)
	}
	p.shoot("mystery-marked-390")
	p.fits("a marked mystery", 390)
	p.size(1440, 1000)
	p.retypes("#ui-mystery [name=from]", "1")
	p.retypes("#ui-mystery [name=to]", "4,5")
	p.until(patience, "what is typed is marked", `document.querySelector("[data-end=from]").ariaValueNow === "1" && document.querySelector("[data-end=to]").ariaValueText === "4.5 s"`)
	eval[any](p, `document.querySelector("[data-end=to]").focus()`)
	p.press(kb.ArrowLeft + kb.PageUp + kb.PageDown + kb.PageDown)
	eval[any](p, `document.querySelector("[data-end=from]").focus()`)
	p.press(strings.Repeat(kb.ArrowRight, 3) + kb.PageUp)
	if w := p.window(); w != [2]string{"2.3", "3.4"} {
		p.t.Errorf("keys lead from 1 and 4.5 s to %v", w)
	}
	p.press(kb.End)
	if w := p.window(); w != [2]string{"2.9", "3.4"} {
		p.t.Errorf("the ends stay half a second apart: %v", w)
	}
	if got := eval[string](p, `location.search`); got != "?seed=8" {
		p.t.Errorf("the arrows have turned the page: %s", got)
	}
	p.accessible("a marked mystery")
}

// window is what the fields of a mystery's proof say.
func (p *tab) window() [2]string {
	p.t.Helper()
	return eval[[2]string](p, `["from", "to"].map((n) => document.querySelector("#ui-mystery [name=" + n + "]").value)`)
}

// near reports whether a window is that one, as exactly as a hand marks.
func near(w [2]string, from, to float64) bool {
	a, errA := strconv.ParseFloat(w[0], 64)
	b, errB := strconv.ParseFloat(w[1], 64)
	return errA == nil && errB == nil && math.Abs(a-from) <= 0.15 && math.Abs(b-to) <= 0.15
}

// drags goes over the marked chart, from one share of its time to another, with
// the mouse or, when there are fingers, with one.
func (p *tab) drags(fingers int, from, to float64) {
	p.t.Helper()
	p.until(patience, "the chart is in sight", `(() => { const r = document.querySelector(".marked-pad").getBoundingClientRect(), seen = r.top >= 80 && r.bottom <= innerHeight - 20; if (!seen) document.querySelector(".marked-pad").scrollIntoView({ block: "center", behavior: "instant" }); return seen; })()`)
	r := eval[[]float64](p, `(() => { const r = document.querySelector(".marked-pad").getBoundingClientRect(); return [r.left + 52, r.top + 60, r.width - 64]; })()`)
	for i, share := range []float64{from, from + (to-from)/2, to, to} {
		x, y := r[0]+share*r[2], r[1]
		if fingers > 0 {
			kind := []input.DispatchTouchEventType{"touchStart", "touchMove", "touchMove", "touchEnd"}[i]
			points := []*input.TouchPoint{{X: x, Y: y}}
			if kind == "touchEnd" {
				points = []*input.TouchPoint{}
			}
			call(p, input.DispatchTouchEvent, input.DispatchTouchEventParams{Type: kind, TouchPoints: points})
			continue
		}
		kind := []input.DispatchMouseEventType{"mousePressed", "mouseMoved", "mouseMoved", "mouseReleased"}[i]
		call(p, input.DispatchMouseEvent, input.DispatchMouseEventParams{Type: kind, X: x, Y: y, Button: "left", Buttons: 1, ClickCount: 1})
	}
}

// retypes puts another text into a field, as keys do.
func (p *tab) retypes(css, text string) {
	p.t.Helper()
	eval[any](p, `(() => { const e = document.querySelector(%s); e.focus(); e.select(); })()`, css)
	if text == "" {
		p.press(kb.Backspace)
		return
	}
	p.write(text)
}
