package main

import (
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp/kb"
)

const openCard = `document.querySelector(".term-card:popover-open")`

func TestPageTermsOpenInPlace(t *testing.T) {
	s := serve(t, t.TempDir(), nil)
	p := open(t, s)
	p.enter()
	p.lesson("/ko/epoll")

	p.tabTo("a.term")
	p.press(kb.Enter)
	p.until(patience, "Enter opens the card and goes to it", openCard+` && document.activeElement === `+openCard)
	p.accessible("an open term")
	p.press(kb.Tab)
	if !eval[bool](p, openCard+`?.contains(document.activeElement) ?? false`) {
		t.Errorf("Tab leaves the card at once, for %s", eval[string](p, `document.activeElement.outerHTML.slice(0, 200)`))
	}
	p.press(kb.Escape)
	p.until(patience, "Escape closes it and leads back", `!`+openCard+` && document.activeElement.matches("a.term[aria-expanded=false]")`)

	p.size(390, 800)
	p.click("a.term") // brings it into sight
	p.until(patience, "a click opens it", openCard)
	p.click("a.term")
	p.until(patience, "another one closes it", `!`+openCard)
	at := eval[[]float64](p, `(() => { const r = document.querySelector("a.term").getClientRects()[0]; return [r.x + r.width / 2, r.y + r.height / 2] })()`)
	call(p, emulation.SetTouchEmulationEnabled, emulation.SetTouchEmulationEnabledParams{Enabled: true})
	call(p, input.DispatchTouchEvent, input.DispatchTouchEventParams{Type: input.DispatchTouchEventTypeTouchStart, TouchPoints: []*input.TouchPoint{{X: at[0], Y: at[1]}}})
	call(p, input.DispatchTouchEvent, input.DispatchTouchEventParams{Type: input.DispatchTouchEventTypeTouchEnd, TouchPoints: []*input.TouchPoint{}})
	p.until(patience, "a tap opens it, also one that comes at once", openCard)
	p.fits("an open term at 390 px", 390)
	eval[any](p, `[...document.querySelectorAll("a.term")].findLast((e) => e.checkVisibility() && e.ariaExpanded === "false").dataset.another = ""`)
	p.click("a.term[data-another]")
	p.until(patience, "another word opens its own card, and the first says that it is closed", openCard+` && document.querySelectorAll("a.term[aria-expanded=true]").length === 1 && document.querySelector("a.term[data-another]").ariaExpanded === "true"`)
	p.press("l")
	p.until(patience, "another language closes it", `document.documentElement.lang === "en" && !`+openCard)

	p.scripts(false)
	p.visit("/en/epoll")
	id := eval[string](p, `[...document.querySelectorAll("a.term")].find((e) => e.checkVisibility()).dataset.term`)
	p.click(`div[lang="en"] a.term[data-term="` + id + `"]`)
	p.until(patience, "without scripts it leads to the glossary", `location.pathname === "/en/glossary" && location.hash === %s && document.querySelector(location.hash + " h2")`, "#"+id)
}

func TestPageOutlineAndLinks(t *testing.T) {
	s := serve(t, t.TempDir(), nil)
	p := open(t, s)
	p.enter()
	p.size(390, 800)
	p.lesson("/en/epoll")
	p.click(".outline > summary")
	p.click(`.outline a[href="#fairness"]`)
	p.until(patience, "the section is seen and marked", `location.hash === "#fairness" && document.querySelector("#fairness").getBoundingClientRect().top < 300 && document.querySelector('.outline [aria-current]')?.getAttribute("href") === "#fairness"`)

	// A command that is copied is one that a reader's terminal knows.
	eval[any](p, `Object.defineProperty(navigator, "clipboard", { configurable: true, value: { writeText: async (said) => { window.copied = said } } }); null`)
	p.click("#pieces .experiment-command .copy")
	p.until(patience, "the command is copied", `window.copied === "go run ./cmd/labs run epoll/pieces"`)

	// As on a plain-HTTP host: the address stands there, selected.
	eval[any](p, `Object.defineProperty(navigator, "clipboard", { value: undefined }); null`)
	p.click("#fairness .deep")
	p.until(patience, "the address is there to be copied", `document.activeElement.matches(".deep-told input") && document.activeElement.value.endsWith("/en/epoll#fairness") && getSelection().toString() === document.activeElement.value`)
	p.press(kb.Escape)
	p.until(patience, "Escape takes it away", `!document.querySelector(".deep-told") && document.activeElement.matches("#fairness .deep")`)
	p.click("#pieces .experiment-command .copy")
	p.until(patience, "the command is selected", `getSelection().toString().trim() === "labs run epoll/pieces"`)
}

// An edited lesson shows its change in the open page, which is not loaded again.
func TestPageFollowsItsFiles(t *testing.T) {
	root := copyOf(t)
	s := serve(t, t.TempDir(), nil, "--root", root)
	p := open(t, s)
	p.allow("status of 500") // the page of a lesson with a fault
	p.enter()
	p.lesson("/en/epoll#fairness")
	p.until(patience, "the place is reached", `Math.abs(document.querySelector("#fairness").getBoundingClientRect().top) < 300`)
	file := filepath.Join(root, "content", "epoll", "en.md")
	source, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	write := func(text string) {
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	const heading = "{#idea}\n"
	top := `document.querySelector("#fairness").getBoundingClientRect().top`
	at := eval[float64](p, `window.same = document.querySelector("#ui-bench"), `+top)
	write(strings.Replace(string(source), heading, heading+"\nA paragraph that was not there before, with a `call`.\n", 1))
	p.until(patience, "the new paragraph is there", `document.querySelector("#idea").textContent.includes("was not there before")`)
	if now := eval[float64](p, top); math.Abs(now-at) > 2 {
		t.Errorf("what is read moved by %.1f px", now-at)
	}
	note := `document.querySelector(".note.live")?.textContent`
	write(strings.Replace(string(source), heading, "\n", 1))
	p.until(patience, "the fault is told with its line", note+`?.includes("content/epoll/en.md:9: ")`)
	p.shoot("broken-light-en-1440")
	if !eval[bool](p, `document.querySelector("#idea").textContent.includes("was not there before")`) {
		t.Error("the last good page is gone")
	}
	write(string(source))
	p.until(patience, "the fault is gone, and so is the paragraph", `!`+note+` && !document.querySelector("#idea").textContent.includes("was not there before")`)
	if !eval[bool](p, `window.same === document.querySelector("#ui-bench")`) {
		t.Error("the page was loaded again")
	}
	// Other parts are another page; it loads when nobody is in the middle of something.
	write(strings.Replace(string(source), heading, heading+"\n```source\nepoll#serve\n```\n", 1))
	if ko, err := os.ReadFile(filepath.Join(root, "content", "epoll", "ko.md")); err != nil {
		t.Fatal(err)
	} else if err := os.WriteFile(filepath.Join(root, "content", "epoll", "ko.md"), []byte(strings.Replace(string(ko), heading, heading+"\n```source\nepoll#serve\n```\n", 1)), 0o644); err != nil {
		t.Fatal(err)
	}
	p.until(patience, "the page is loaded again", `!window.same && document.querySelector("#idea .source")`)
}
