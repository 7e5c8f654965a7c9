package main

import (
	"math"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// seen are the blocks of the text that are shown. Both languages have the same
// ones, so that a block's number names it in either.
const seen = `[...document.querySelectorAll(".prose > *:not(div[lang]), .prose > div[lang] > *")].filter((e) => e.checkVisibility() && e.getClientRects().length)`

func TestPageLanguageChangesInPlace(t *testing.T) {
	s := serve(t, t.TempDir(), nil)
	p := open(t, s)
	p.enter()
	p.lesson("/ko/epoll#drain")
	cards := `[...document.querySelectorAll("[data-experiment-card]")].map((e) => e.id).join()`
	before, blocks := eval[string](p, cards), eval[int](p, seen+`.length`)
	for _, depth := range []float64{0.2, 0.5, 0.9} { // of the page
		eval[any](p, `scrollTo({ top: document.documentElement.scrollHeight * %s, behavior: "instant" })`, depth)
		for _, lang := range []string{"en", "ko"} {
			read := eval[int](p, seen+`.findIndex((e) => e.getBoundingClientRect().bottom > 60)`) // below the header
			at := eval[float64](p, seen+`[%s].getBoundingClientRect().top`, read)
			p.click(`[data-lang=` + lang + `]`)
			p.until(patience, "the page speaks "+lang, `document.documentElement.lang === %s && location.pathname.startsWith("/" + %[1]s + "/")`, lang)
			if now := eval[float64](p, seen+`[%s].getBoundingClientRect().top`, read); math.Abs(now-at) >= 2 {
				t.Errorf("at %.0f %% of the page, to %s: the block that is read moved by %.1f px", 100*depth, lang, now-at)
			}
			if now, n := eval[string](p, cards), eval[int](p, seen+`.length`); now != before || now == "" || n != blocks {
				t.Errorf("in %s: %d blocks and experiments %s; before: %d, %s", lang, n, now, blocks, before)
			}
		}
	}
}

func TestPageThemeStays(t *testing.T) {
	s := serve(t, t.TempDir(), nil)
	p := open(t, s)
	p.prefers("light")
	p.enter()
	p.visit("/en/")
	ground := `getComputedStyle(document.body).backgroundColor`
	light := eval[string](p, ground)
	p.click("[data-act=theme]")
	p.until(patience, "the page is dark", ground+` !== %s`, light)
	dark := eval[string](p, ground)
	// The server writes the theme into the page: it is there before any script.
	p.scripts(false)
	p.visit("/en/epoll")
	if theme, now := eval[string](p, `document.documentElement.dataset.theme ?? ""`), eval[string](p, ground); theme != "dark" || now != dark {
		t.Errorf("after a reload, before any script: data-theme=%q, ground %s; want dark, %s", theme, now, dark)
	}
}

// scripts switches the page's scripts on or off, from the next page on.
func (p *tab) scripts(on bool) {
	p.t.Helper()
	call(p, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: !on})
}

func TestPageWithoutScripts(t *testing.T) {
	s := serve(t, t.TempDir(), nil)
	p := open(t, s)
	p.scripts(false)
	p.enter()
	for _, lesson := range []string{"start", "blocking", "metrics", "epoll"} {
		p.visit("/en/" + lesson)
		text := p.text("article.text")
		for what, css := range map[string]string{"sources": ".source-lines li", "checks": ".checks-text li", "predictions": "form.predict", "commands": ".experiment-command"} {
			if lesson != "start" && p.count(css) == 0 {
				t.Errorf("%s: no %s (%s)", lesson, what, css)
			}
		}
		if !strings.Contains(text, "needs JavaScript") || len(text) < 2000 {
			t.Errorf("%s: %d bytes of text; the note about JavaScript is there: %v", lesson, len(text), strings.Contains(text, "needs JavaScript"))
		}
		if dead := eval[string](p, `[...document.querySelectorAll(".text button, .text .js")].filter((e) => e.checkVisibility()).map((e) => e.className + " " + (e.dataset.act ?? "")).join("\n")`); dead != "" {
			t.Errorf("%s: buttons that do nothing without a script:\n%s", lesson, dead)
		}
	}
	p.visit("/en/search?q=drain+loop")
	if p.count(".found-list li") == 0 {
		t.Error("search finds nothing without a script")
	}
}

// From the start page through a lesson, its run and its checks to the next one.
func TestPageKeysAlone(t *testing.T) {
	s := serve(t, t.TempDir(), nil)
	p := open(t, s)
	p.enter()
	p.visit("/en/")
	p.press(kb.Tab)
	if focus := eval[string](p, `document.activeElement.className`); focus != "skip" {
		t.Errorf("the first Tab reaches %q, want the skip link", focus)
	}
	p.press(kb.Enter)
	p.tabTo(`.home-lessons a[href="/en/blocking"]`)
	p.press(kb.Enter)
	p.until(patience, "Enter opens the lesson", `location.pathname === "/en/blocking" && document.readyState === "complete"`)
	p.benchIsReady()
	p.tabTo("#where input")
	p.press(" ")
	p.tabTo("#where [type=submit]")
	p.press(kb.Enter)
	p.until(patience, "the answer is committed", `document.querySelector("#where .is-mine")`)
	p.until(patience, "the focus stays with the answer", `document.activeElement.matches("#where [data-act=change]")`)
	p.tabTo("#wait [data-act=skip]")
	p.press(kb.Enter)
	p.until(patience, "Run is unlocked", `!document.querySelector("#ui-go").disabled`)
	p.tabTo("#ui-go")
	p.press("r")
	// Not until it is measured: that takes four seconds, and a busy machine may
	// look away for so long.
	p.until(aRun, "r runs, and the focus is on Stop", `!document.querySelector("#ui-halt").disabled && document.activeElement.id === "ui-halt"`)
	p.press("s")
	p.until(aRun, "s stops, and the focus is on Run", `document.querySelector("#ui-lamp").dataset.state === "stopped" && document.activeElement.id === "ui-go"`)
	p.runByKey()

	p.press("/")
	p.until(patience, "/ leads to the search", `document.activeElement.id === "ui-search"`)
	theme, lang := eval[string](p, `document.documentElement.dataset.theme ?? ""`), eval[string](p, `document.documentElement.lang`)
	p.press("tlr?s")
	if now := eval[string](p, `document.activeElement.value`); now != "tlr?s" {
		t.Errorf("the search field holds %q, want what was typed", now)
	}
	if eval[string](p, `document.documentElement.dataset.theme ?? ""`) != theme || eval[string](p, `document.documentElement.lang`) != lang || eval[bool](p, `document.querySelector("#ui-help").open`) {
		t.Error("keys act inside a field")
	}
	p.press(kb.ArrowLeft)
	if at := eval[string](p, `location.pathname`); at != "/en/blocking" {
		t.Errorf("an arrow in a field led to %s", at)
	}
	p.press(kb.Tab)
	p.until(patience, "Tab leaves the field", `document.activeElement.id !== "ui-search"`)
	p.press("?")
	p.until(patience, "? opens the table of keys", `document.querySelector("#ui-help").open`)
	p.press(kb.Escape)
	p.until(patience, "Escape closes it", `!document.querySelector("#ui-help").open`)
	p.press("t")
	p.until(patience, "t changes the theme", `(document.documentElement.dataset.theme ?? "") !== %s`, theme)
	p.press("l")
	p.until(patience, "l changes the language", `document.documentElement.lang === "ko"`)
	p.press(kb.ArrowRight)
	p.until(patience, "→ leads to the next lesson", `location.pathname === "/ko/partial" && document.readyState === "complete"`)
	p.benchIsReady()
	p.press(kb.ArrowLeft)
	p.until(patience, "← leads back", `location.pathname === "/ko/blocking"`)
}

// runByKey runs blocking/one-silent to its end until a run is not void, three
// times at most, and sees its checks judged beside the text.
func (p *tab) runByKey() {
	p.t.Helper()
	lamp := `document.querySelector("#ui-lamp").dataset.state`
	for range 3 {
		before := eval[string](p, lamp)
		p.press("r")
		p.until(aRun, "r runs again", lamp+` !== %s`, before)
		p.until(aRun, "to the end", `["finished", "void"].includes(`+lamp+`)`)
		if eval[string](p, lamp) == "void" {
			continue
		}
		p.until(patience, "the checks are judged", `(() => {
			const marks = [...document.querySelectorAll('.checks-text [data-experiment="one-silent"]')].map((e) => e.dataset.state);
			return marks.length === 3 && marks.every((m) => m === "pass" || m === "fail");
		})()`)
		return
	}
	p.t.Log("NOT TESTED: three runs were void, and of these no check is judged")
}

// tabTo presses Tab until such an element has the focus.
func (p *tab) tabTo(css string) {
	p.t.Helper()
	for range 200 {
		p.press(kb.Tab)
		if eval[bool](p, `document.activeElement.matches(%s)`, css) {
			return
		}
	}
	p.t.Fatalf("200 Tabs never reach %s", css)
}

func TestPageSearchFromTheKeyboard(t *testing.T) {
	s := serve(t, t.TempDir(), nil)
	p := open(t, s)
	p.enter()
	for _, c := range []struct{ lang, query, place, why string }{
		{"ko", "소진루프", "/ko/epoll#drain", "written without the space that the lesson has"},
		{"en", "drain loop", "/en/epoll#drain", "two words of English"},
	} {
		p.lesson("/" + c.lang + "/blocking")
		p.press("/")
		p.until(patience, "the field has the focus", `document.activeElement.id === "ui-search"`)
		p.write(c.query)
		p.until(patience, c.query+" is found", `[...document.querySelectorAll("#ui-found [data-to]")].some((e) => e.dataset.to === %s)`, c.place)
		n := eval[int](p, `[...document.querySelectorAll("#ui-found [data-to]")].findIndex((e) => e.dataset.to === %s)`, c.place)
		for range n + 1 {
			p.press(kb.ArrowDown)
		}
		p.press(kb.Enter)
		p.until(patience, c.why+": the place is opened", `location.pathname + location.hash === %s && document.querySelector(location.hash)`, c.place)
		p.until(patience, "the place is seen", `(() => { const r = document.querySelector(location.hash).getBoundingClientRect(); return r.top > -5 && r.top < innerHeight })()`)
	}
}

func TestPagePrints(t *testing.T) {
	s := serve(t, t.TempDir(), nil)
	p := open(t, s)
	p.enter()
	for _, lesson := range []string{"blocking", "epoll"} {
		p.lesson("/en/" + lesson)
		pdf := string(act(p, "print", chromedp.PrintToPDF(chromedp.PDFPaper(chromedp.PaperA4))))
		pages := strings.Count(pdf, "/Type /Page\n") + strings.Count(pdf, "/Type/Page\n") + strings.Count(pdf, "/Type /Page ")
		if !strings.HasPrefix(pdf, "%PDF-") || len(pdf) < 20_000 || pages <= 2 {
			t.Errorf("%s: a document of %d bytes and %d pages", lesson, len(pdf), pages)
		}
		t.Logf("%s: %d pages, %d bytes", lesson, pages, len(pdf))
		call(p, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Media: "print"})
		// On paper what stays at the edge of a window stands over the code.
		if over := eval[[]string](p, `[...document.querySelectorAll(".source-lines .count")].filter((e) => { const s = getComputedStyle(e); return s.display !== "none" && (s.position !== "static" || !e.value); }).map((e) => e.parentElement.innerText)`); len(over) > 0 {
			t.Errorf("%s: counts hide %d lines of code, as %q", lesson, len(over), over[0])
		}
		call(p, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{})
	}
}
