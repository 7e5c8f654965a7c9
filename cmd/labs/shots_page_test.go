package main

import (
	"fmt"
	"os"
	"testing"
)

// TestPageShots makes pictures for people: LABS_SHOTS names the folder. Nothing
// is compared; geometry, contrast and words have tests of their own.
func TestPageShots(t *testing.T) {
	if os.Getenv("LABS_SHOTS") == "" {
		t.Skip("LABS_SHOTS names no folder for pictures")
	}
	data := t.TempDir()
	imported(t, data, "epoll/fits")
	s := serve(t, data, nil)
	p := open(t, s)
	p.enter()
	for _, scheme := range []string{"light", "dark"} {
		p.prefers(scheme)
		for _, lang := range []string{"ko", "en"} {
			look := scheme + "-" + lang
			for name, path := range map[string]string{"home": "", "search": "search?q=epoll", "start": "start", "metrics": "metrics", "book": "book", "tree": "tree", "glossary": "glossary", "errors-map": "errors-map", "checklist": "checklist", "hardening": "harden?port=40000&backlog=60000", "hardening-wrong": "harden?port=x&user=root", "runs": "runs", "capacity": "capacity", "workshop": "workshop", "microscope": "microscope", "mystery": "mystery?seed=8"} {
				p.visit("/" + lang + "/" + path)
				p.settled()
				p.shots(name+"-"+look, "")
			}
			p.visit("/" + lang + "/epoll-edge")
			p.settled()
			p.shots("breakit-"+look, ".breakit")
			p.click(".exercise-work > summary")
			p.until(patience, "the editor is there", `document.querySelector(".exercise-code")?.shadowRoot?.querySelector(".cm-line")`)
			p.shots("exercise-"+look, ".exercise-work")
			p.shotsOfRun("blocking", "one-silent", lang, look)
			p.shotsOfRun("epoll", "with-silent", lang, look)
			p.authorsComparison(lang)
			p.shots("compare-"+look, "#ui-compare")
		}
	}
}

// shotsOfRun takes a lesson from before a run to after it.
func (p *tab) shotsOfRun(lesson, experiment, lang, look string) {
	p.t.Helper()
	p.lesson(fmt.Sprintf("/%s/%s", lang, lesson))
	p.shots(lesson+"-top-"+look, "")
	p.lesson(fmt.Sprintf("/%s/%s#%s", lang, lesson, experiment))
	p.shots(lesson+"-idle-"+look, "#ui-bench")
	p.unlock()
	p.start()
	p.shots(lesson+"-running-"+look, "#ui-bench")
	p.finish()
	p.shots(lesson+"-finished-"+look, "#ui-bench")
}

// shots takes one picture as on a desk and one as on a phone, there with an
// element at the top.
func (p *tab) shots(name, at string) {
	p.t.Helper()
	p.shoot(name + "-1440")
	p.size(390, 844)
	eval[any](p, `new Promise((done) => requestAnimationFrame(() => { document.querySelector(%s || "body")?.scrollIntoView({ block: "start", behavior: "instant" }); requestAnimationFrame(() => setTimeout(done, 150)); }))`, at)
	p.shoot(name + "-390")
	p.size(1440, 1000)
	eval[any](p, `new Promise((done) => requestAnimationFrame(() => setTimeout(done, 150)))`)
}
