package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// act runs one action of the browser.
func act[T any](p *tab, what string, a chromedp.Action[T]) T {
	p.t.Helper()
	ctx, end := context.WithTimeout(p.ctx, patience)
	defer end()
	v, err := chromedp.Run(ctx, a)
	if err != nil {
		p.t.Fatalf("%s: %v", what, err)
	}
	return v
}

// call sends one command of the protocol.
func call[P, R any](p *tab, command cdp.Command[P, R], params P) R {
	p.t.Helper()
	return act(p, command.Method, func(ctx context.Context, t *chromedp.Target) (R, error) {
		return cdp.Call(ctx, t, command, params)
	})
}

// eval returns what a script returns. A promise is waited for.
func eval[T any](p *tab, script string, args ...any) T {
	p.t.Helper()
	script = fill(script, args)
	return act(p, script, chromedp.Evaluate[T](script, chromedp.EvalAwaitPromise))
}

// fill puts arguments into a script, as JSON.
func fill(script string, args []any) string {
	for i, a := range args {
		text, err := json.Marshal(a)
		if err != nil {
			panic(err)
		}
		args[i] = string(text)
	}
	if len(args) == 0 {
		return script
	}
	return fmt.Sprintf(script, args...)
}

// until asks the page until the answer is yes, over navigations too.
func (p *tab) until(limit time.Duration, what, script string, args ...any) {
	p.t.Helper()
	script = "Boolean(" + fill(script, args) + ")"
	until(p.t, limit, what, func() bool {
		ctx, end := context.WithTimeout(p.ctx, patience)
		defer end()
		yes, err := chromedp.Run(ctx, chromedp.Evaluate[bool](script))
		return err == nil && yes
	})
}

// enter opens the printed link: its token becomes a cookie.
func (p *tab) enter() {
	p.t.Helper()
	act(p, "open the link", chromedp.Navigate(p.site.link.String()))
}

// visit opens an address of the site and waits for its scripts.
func (p *tab) visit(path string) {
	p.t.Helper()
	act(p, "visit "+path, chromedp.Navigate("http://"+p.site.link.Host+path))
}

// lesson opens a lesson and waits until its bench is ready.
func (p *tab) lesson(path string) {
	p.t.Helper()
	p.visit(path)
	p.benchIsReady()
}

func (p *tab) benchIsReady() {
	p.t.Helper()
	p.until(patience, "the bench is ready", `document.querySelector("#ui-lamp")?.dataset.state !== "loading" && !document.querySelector("#ui-lamp").innerText.match(/loading|불러오는 중/)`)
}

// click clicks the first such element with the mouse, where a person would: it
// must be seen, by scrolling if need be, and nothing may lie over it.
func (p *tab) click(css string) {
	p.t.Helper()
	p.until(patience, css+" can be clicked", `(() => {
		const e = document.querySelector(%s), at = () => { const r = e.getBoundingClientRect(); return [r.x + r.width / 2, r.y + r.height / 2] };
		if (!e || e.disabled || !e.checkVisibility({ visibilityProperty: true })) return false;
		if (at()[1] < 60 && !e.closest(".head") || at()[1] > innerHeight) e.scrollIntoView({ block: "center", behavior: "instant" });
		const here = at(); // what comes later may push it aside
		return new Promise((stays) => setTimeout(() => stays(String(at()) === String(here) && e.isConnected && e.contains(document.elementFromPoint(...here))), 50));
	})()`, css)
	at := eval[[]float64](p, `(() => { const r = document.querySelector(%s).getBoundingClientRect(); return [r.x + r.width / 2, r.y + r.height / 2] })()`, css)
	act(p, "click "+css, chromedp.MouseClickXY(at[0], at[1]))
}

// press presses keys one after the other, where the focus is. The character
// comes with its key: a page that takes the key for itself keeps it out of the
// field that it then focuses.
func (p *tab) press(keys string) {
	p.t.Helper()
	for _, r := range keys {
		events := kb.Encode(r)
		if len(events) == 3 { // down, character, up
			events[0].Text, events = events[1].Text, []*input.DispatchKeyEventParams{events[0], events[2]}
		}
		for _, e := range events {
			call(p, input.DispatchKeyEvent, *e)
		}
	}
}

// write puts a text into the field that has the focus, as an input method does.
func (p *tab) write(text string) {
	p.t.Helper()
	call(p, input.InsertText, input.InsertTextParams{Text: text})
}

// text returns what an element shows.
func (p *tab) text(css string) string {
	p.t.Helper()
	return eval[string](p, `document.querySelector(%s)?.innerText ?? ""`, css)
}

// count returns how many such elements there are.
func (p *tab) count(css string) int {
	p.t.Helper()
	return eval[int](p, `document.querySelectorAll(%s).length`, css)
}

// size sets what the page believes of its screen.
func (p *tab) size(width, height int64) {
	p.t.Helper()
	act(p, "set the size", chromedp.EmulateViewport(width, height))
}

// prefers sets what the system prefers: light or dark, and no motion, so that
// nothing is half faded in when it is looked at.
func (p *tab) prefers(scheme string) {
	p.t.Helper()
	call(p, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
		{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"},
	}})
}

// shoot writes a picture of what is seen into LABS_SHOTS, when that is set.
func (p *tab) shoot(name string) {
	dir := os.Getenv("LABS_SHOTS")
	if dir == "" {
		return
	}
	ctx, end := context.WithTimeout(p.ctx, patience)
	defer end()
	picture, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, name+".png"), picture, 0o644)
	}
	if err != nil {
		p.t.Logf("picture %s: %v", name, err)
	}
}
