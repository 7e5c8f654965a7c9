package main

import (
	"path/filepath"
	"testing"

	"github.com/chromedp/cdproto/emulation"
)

// TestLongPageReport is the end of a class: somebody has predicted, run and asked, and the
// instructor reads what it came to, prints it, and reads the notes.
func TestLongPageReport(t *testing.T) {
	onlyLong(t)
	s := serve(t, t.TempDir(), nil, "--workshop", "Sockets & <Threads>")
	lead, p := open(t, s), open(t, s)
	lead.enter()
	lead.visit("/ko/workshop/report")
	lead.accessible("a report of nobody")
	lead.shoot("report-nobody")
	p.joins(lead.joinPath("en"), "=1+민수")
	p.lesson("/en/start#first")
	p.unlock()
	p.start()
	p.finish()
	p.click(`[data-do=hand]`)
	p.write("Why is it so? <b>")
	p.press("\r")
	p.shows(`[data-item=hand]`, "Your hand is up")
	p.visit("/en/me")
	p.accessible("my page with a run")
	if p.count(`a[href="/api/me/recordings"]`) != 1 {
		t.Error("my page does not lead to my recordings")
	}
	for _, lang := range []string{"ko", "en"} {
		for _, path := range []string{"workshop/report", "workshop/report?names=hidden", "workshop/notes/coalesce", "workshop/plans/ninety?notes=1", "workshop"} {
			lead.visit("/" + lang + "/" + path)
			lead.accessibleEverywhere(lang + ": " + path)
			lead.size(390, 844)
			lead.fits(lang+": "+path, 390)
			lead.shoot("report-390-" + lang + "-" + filepath.Base(path))
			lead.size(1440, 1000)
		}
		lead.visit("/" + lang + "/workshop/report")
		lead.shoot("report-" + lang)
		if rows := lead.count("#report-people ~ .scroll-x tbody tr"); rows != 1 {
			t.Errorf("%d people in the report", rows)
		}
		lead.printed(lang+"-report", "/"+lang+"/workshop/report")
		lead.printed(lang+"-plan", "/"+lang+"/workshop/plans/ninety?start=13:30&notes=1")
	}
	lead.visit("/en/start")
	lead.click(`.prose-kicker a[href="/en/workshop/notes/start"]`)
	lead.until(patience, "the notes", `location.pathname === "/en/workshop/notes/start" && document.querySelector("#timing table")`)
}

// printed holds a page to paper: black on white, nothing to press, and nothing wider
// than what the margins leave of an A4 sheet.
func (p *tab) printed(name, path string) {
	p.t.Helper()
	p.visit(path)
	p.size(688, 1000) // 182 mm
	call(p, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Media: "print"})
	p.fits(name+" on paper", 688)
	if seen := eval[[]string](p, `[...document.querySelectorAll(".head, .contents, button, form, input, .report-files, .term-card")].filter((e) => e.checkVisibility()).map((e) => e.className || e.tagName)`); len(seen) > 0 {
		p.t.Errorf("%s: paper has %q", name, seen)
	}
	if look := eval[string](p, `getComputedStyle(document.body).backgroundColor + " " + getComputedStyle(document.querySelector("main")).color`); look != "rgb(255, 255, 255) rgb(0, 0, 0)" {
		p.t.Errorf("%s: paper is %s", name, look)
	}
	p.shoot(name)
	p.size(1440, 1000)
	p.prefers("light")
}
