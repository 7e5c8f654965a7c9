package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/network"
)

// code is what the editor holds, and where it is in the page.
const code = `document.querySelector(".exercise-code").shadowRoot.querySelector(".cm-content")`

// The exercise as a learner does it: red, an edit that does not compile, the
// error at its line, mended, green; and labs/ stays as it is.
func TestLongPageExercise(t *testing.T) {
	onlyLong(t)
	data := t.TempDir()
	s := serve(t, data, nil)
	p := open(t, s)
	p.allow("status of 400")
	p.enter()
	p.lesson("/en/epoll-edge#save-a-read")
	p.click(".exercise-work > summary")
	p.until(patience, "the editor is there", `document.querySelector(".exercise-code")?.shadowRoot?.querySelector(".cm-line")`)
	file := filepath.Join(data, "exercises", "epoll-edge", "drain.go")
	until(t, patience, "the file is there for any editor", func() bool { _, err := os.Stat(file); return err == nil })

	p.runExercise()
	p.judged(map[string]string{"one-read": "fail", "no-leak": "pass", "still-serves": "pass"}) // the lab as it is

	p.edit("if err := c.send(buf[:n])", "if err := c.sned(buf[:n])")
	p.until(patience, "what is typed is not saved", `document.querySelector(".exercise-state").dataset.state === "dirty"`)
	p.click("[data-do=run]")
	p.until(aRun, "the compiler stops", `document.querySelector("#ui-lamp").dataset.state === "failed"`)
	p.until(patience, "its line is said", `document.querySelector("#exercise-problem").innerText.match(/exercises\/epoll-edge\/drain\.go:\d+: .*sned/)`)
	if line := eval[string](p, `document.querySelector(".exercise-code").shadowRoot.querySelector(".cm-lintRange")?.closest(".cm-line").innerText ?? ""`); !strings.Contains(line, "c.sned(") {
		t.Errorf("the editor marks %q", line)
	}
	p.shoot("exercise-error-light-en-1440")
	p.accessible("exercise, with an error")

	p.edit("c.sned(", "c.send(")
	p.edit("case c.pending():", "case n < len(buf) && events != 0 && events&unix.EPOLLRDHUP == 0:\n\t\t\treturn nil\n\t\tcase c.pending():")
	p.runExercise()
	p.judged(map[string]string{"one-read": "pass", "no-leak": "pass", "still-serves": "pass"})
	if badge := p.text("#ui-edited"); badge != "your version" {
		t.Errorf("the badge says %q", badge)
	}
	p.click(".exercise-diff > summary")
	p.until(patience, "what differs is shown", `[...document.querySelectorAll(".exercise-diff [data-op='+']")].some((l) => l.innerText.includes("EPOLLRDHUP"))`)
	p.click("[data-solution] > summary") // the goal held: nothing is asked
	p.until(patience, "the solution is shown", `document.querySelector("[data-solution]").open`)
	p.until(patience, "the checks count", `[...document.querySelectorAll("[data-pip^='epoll-edge/save-a-read/']")].every((e) => e.hasAttribute("data-done"))`)
	text, err := os.ReadFile(file)
	if err != nil || !strings.Contains(string(text), "EPOLLRDHUP == 0") {
		t.Errorf("the file: %v\n%s", err, text)
	}
	if lab, _ := os.ReadFile(filepath.Join("..", "..", "labs", "epollet", "main.go")); strings.Contains(string(lab), "EPOLLRDHUP == 0") {
		t.Error("labs/ was touched")
	}
	p.shoot("exercise-green-light-en-1440")
}

// What can be done without a run: hints in their order, a question before the
// solution, another editor, the way out by keyboard.
func TestLongPageExerciseHelpsStepByStep(t *testing.T) {
	onlyLong(t)
	data := t.TempDir()
	s := serve(t, data, nil)
	p := open(t, s)
	p.allow("status of 400")
	p.enter()
	p.lesson("/ko/epoll-edge#save-a-read")
	shown := `[...document.querySelectorAll("[data-hint]")].filter((h) => !h.hidden).length`
	if n := eval[int](p, shown); n != 1 {
		t.Errorf("%d hints stand there at first", n)
	}
	p.click("[data-hint='1'] > summary")
	p.until(patience, "the second hint follows", shown+" === 2")
	p.click("[data-solution] > summary")
	p.until(patience, "it asks first", `!document.querySelector("[data-solution]").open && document.querySelector(".exercise-sure button")`)
	p.click(".exercise-sure button:last-child")
	p.visit("/ko/") // the same address would only scroll
	p.lesson("/ko/epoll-edge#save-a-read")
	if n := eval[int](p, shown); n != 2 {
		t.Errorf("%d hints after a reload", n)
	}

	p.click(".exercise-work > summary")
	p.until(patience, "the editor is there", `document.querySelector(".exercise-code")?.shadowRoot?.querySelector(".cm-line")`)
	p.shoot("exercise-open-light-ko-1440")
	p.edit("func drain(", "func init() {}\n\nfunc drain(")
	p.click("[data-do=save]")
	p.until(patience, "more than the function is refused", `document.querySelector("#exercise-problem").innerText.includes("func init")`)
	p.visit("/ko/")
	p.lesson("/ko/epoll-edge#save-a-read")
	p.click(".exercise-work > summary")
	p.until(patience, "the draft outlives the page", `document.querySelector(".exercise-code")?.shadowRoot?.querySelector(".cm-content")?.innerText.includes("func init")`)
	p.click("[data-do=reset]")
	p.click("#exercise-problem button")
	p.until(patience, "it begins again", `!`+code+`.innerText.includes("func init") && document.querySelector(".exercise-state").dataset.state === "saved"`)

	file := filepath.Join(data, "exercises", "epoll-edge", "drain.go")
	text, err := os.ReadFile(file)
	if err == nil {
		err = os.WriteFile(file, append([]byte("// from elsewhere\n"), text...), 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
	eval[any](p, `dispatchEvent(new Event("focus")), null`)
	p.until(patience, "what another editor wrote shows", code+`.innerText.includes("from elsewhere")`)
	eval[any](p, code+`.focus(), null`)
	p.press("r") // typed, no shortcut
	p.press("\x1b")
	p.press("\t")
	p.until(patience, "Escape and Tab lead out", `!document.activeElement.matches(".exercise-code")`)
	if p.lamp() == "building" || !eval[bool](p, `document.querySelector(".exercise-state").dataset.state === "dirty"`) {
		t.Error("a key in the editor was taken for a shortcut")
	}
	p.prefers("dark")
	p.size(390, 900)
	p.accessible("exercise, open, on a phone")
	p.fits("exercise, open", 390)
	p.size(1440, 1000)

	// Where the editor does not load, a plain field does the same.
	p.allow("ERR_BLOCKED_BY_CLIENT")
	p.allow("codemirror.js")
	call(p, network.Enable, network.EnableParams{})
	call(p, network.SetBlockedURLs, network.SetBlockedURLsParams{URLPatterns: []*network.BlockPattern{{URLPattern: "*://*:*/static/*vendor/codemirror.js*", Block: true}}})
	p.visit("/en/")
	eval[any](p, `localStorage.clear(), null`)
	p.lesson("/en/epoll-edge#save-a-read")
	p.click(".exercise-work > summary")
	p.until(patience, "the plain field stays", `document.querySelector(".exercise-state").dataset.state === "plain" && document.querySelector("#exercise-text").checkVisibility()`)
	p.click("#exercise-text")
	p.write("// typed\n")
	p.click("[data-do=save]")
	p.until(patience, "it is saved", `document.querySelector(".exercise-state").dataset.state === "saved"`)
	if text, err := os.ReadFile(file); err != nil || !strings.Contains(string(text), "// typed") {
		t.Errorf("the file: %v\n%s", err, text)
	}
}

// runExercise runs the learner's version from its panel. A void run proves nothing.
func (p *tab) runExercise() {
	p.t.Helper()
	for range 4 {
		p.click("[data-do=run]")
		p.until(aRun, "the run is under way", `["running", "draining"].includes(document.querySelector("#ui-lamp").dataset.state)`)
		if p.finish() == "finished" {
			return
		}
	}
	p.t.Skip("NOT TESTED: the machine was too busy, every run was void")
}

// edit replaces a text in the editor, as a person who selects it and types.
func (p *tab) edit(old, new string) {
	p.t.Helper()
	p.until(patience, old+" is in the editor", `(() => {
		const cm = document.querySelector(".exercise-code").shadowRoot.querySelector(".cm-content"), view = cm.cmTile?.view ?? cm.cmView?.view ?? cm.cmTile?.root?.view;
		const at = view?.state.doc.toString().indexOf(%s) ?? -1;
		if (at < 0) return false;
		view.dispatch({ changes: { from: at, to: at + %s.length, insert: %s } });
		return true;
	})()`, old, old, new)
}
