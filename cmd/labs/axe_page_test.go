package main

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// pages are the addresses of every kind of page, without their language.
var pages = []string{"", "start", "blocking", "metrics", "epoll", "labs", "tree", "glossary", "errors-map", "checklist", "harden", "runs", "capacity", "microscope", "workshop", "workshop/notes/coalesce", "workshop/plans/ninety?notes=1", "workshop/report", "mystery?seed=8", "search?q=epoll", "search?q=zxqwv", "no-such-lesson"}

func TestVendoredAxe(t *testing.T) {
	said, err := os.ReadFile(filepath.Join("testdata", "axe", "VENDOR.md"))
	if err != nil {
		t.Fatal(err)
	}
	script, err := os.ReadFile(filepath.Join("testdata", "axe", "axe.min.js"))
	if err != nil {
		t.Fatal(err)
	}
	if sum := fmt.Sprintf("%x", sha256.Sum256(script)); !strings.Contains(string(said), sum) {
		t.Errorf("axe.min.js has sha256 %s, which is not in VENDOR.md", sum)
	}
}

// shown is what a page is looked at in: light or dark, on a desk or on a phone.
type shown struct {
	scheme string
	width  int64
}

var looks = []shown{{"light", 1440}, {"dark", 390}, {"dark", 1440}, {"light", 390}}

// TestPageAxe lets axe-core look at every kind of page, each in another language
// and look than the one before; TestLongPageAxe at these and every lesson in both
// languages, in one look in Korean and another in English.
func TestPageAxe(t *testing.T) {
	if os.Getenv("LABS_LONG") != "" {
		t.Skip("TestLongPageAxe looks at these pages too")
	}
	axeOnPages(t, pages)
}

func TestLongPageAxe(t *testing.T) {
	onlyLong(t)
	toc, err := os.ReadFile(filepath.Join("..", "..", "content", "toc.txt"))
	if err != nil {
		t.Fatal(err)
	}
	all := slices.Clone(pages)
	for line := range strings.Lines(string(toc)) {
		line = strings.TrimSpace(line)
		if line != "" && !strings.HasPrefix(line, "#") && !strings.HasPrefix(line, "//") && !slices.Contains(all, line) {
			all = append(all, line)
		}
	}
	axeOnPages(t, all)
}

func onlyLong(t *testing.T) {
	t.Helper()
	if os.Getenv("LABS_LONG") == "" {
		t.Skip("LABS_LONG=1 runs it")
	}
}

func axeOnPages(t *testing.T, pages []string) {
	data := t.TempDir()
	imported(t, data, "epoll/fits") // for the list of recordings
	s := serve(t, data, nil)
	for k, lang := range []string{"ko", "en"} {
		t.Run(lang, func(t *testing.T) {
			t.Parallel()
			p := open(t, s)
			p.allow("status of 404")
			p.allow("status of 401")
			p.stranger(lang)
			p.enter()
			for i, page := range pages {
				if os.Getenv("LABS_LONG") == "" && (i+k)%2 == 1 {
					continue
				}
				p.visit("/" + lang + "/" + page)
				p.settled()
				p.accessibleIn(looks[(i+2*k)%len(looks)], lang+"/"+page)
			}
		})
	}
}

// stranger looks at what somebody without the link is told.
func (p *tab) stranger(lang string) {
	p.t.Helper()
	p.visit("/" + lang + "/epoll")
	if p.count(".prose") > 0 || !strings.Contains(p.text(".prose-kicker"), "401") {
		p.t.Fatalf("a stranger is shown: %s", p.text("body"))
	}
	p.accessibleEverywhere(lang + " for a stranger")
}

// settled waits until a page's scripts have put everything in its place.
func (p *tab) settled() {
	p.t.Helper()
	p.until(patience, "the page is settled", `document.readyState === "complete" && !document.querySelector("#ui-bench")?.querySelector("#ui-knobs:empty")`)
}

// accessibleEverywhere has axe-core look at the page in two looks, of which Korean
// pages get the first and English ones the others. what begins with the language.
func (p *tab) accessibleEverywhere(what string) {
	p.t.Helper()
	some := looks[2:]
	if strings.HasPrefix(what, "ko") {
		some = looks[:2]
	}
	for _, l := range some {
		p.accessibleIn(l, what)
	}
}

// accessibleIn has axe-core look at the page in one look.
func (p *tab) accessibleIn(l shown, what string) {
	p.t.Helper()
	p.size(l.width, 900)
	p.prefers(l.scheme)
	p.accessible(fmt.Sprintf("%s, %s, %d px", what, l.scheme, l.width))
	p.size(1440, 1000)
}

// TestLongPageAxeWithARun looks at a lesson while its bench moves, and with every
// tab of a run that has ended.
func TestLongPageAxeWithARun(t *testing.T) {
	onlyLong(t)
	s := serve(t, t.TempDir(), nil)
	p := open(t, s)
	p.enter()
	for _, lang := range []string{"ko", "en"} {
		p.lesson("/" + lang + "/blocking#threads")
		p.unlock()
		p.start()
		p.prefers("dark")
		p.accessible(lang + ", running")
		p.finish()
		for _, tab := range []string{"sockets", "map", "doctor", "log", "notes", "history", "table"} {
			p.click("#ui-tab-" + tab)
			p.accessibleEverywhere(lang + ", finished, " + tab)
		}
		p.size(360, 800)
		p.fits(lang+", finished, at 360 px", 360)
		p.authorsComparison(lang)
		p.fits(lang+", a comparison, at 360 px", 360)
		p.accessibleEverywhere(lang + ", a comparison")
		p.visit("/" + lang + "/")
		p.size(360, 800)
		p.fits(lang+", the first page with what was done, at 360 px", 360)
		p.accessibleEverywhere(lang + ", the first page with what was done")
		p.size(1440, 1000)
	}
}

// accessible reports what axe-core finds wrong with the page as it is when its
// transitions have ended: half way a button has colours that nobody is to read.
// The one rule of those that run which needs files beforehand is about sound.
func (p *tab) accessible(what string) {
	p.t.Helper()
	script, err := os.ReadFile(filepath.Join("testdata", "axe", "axe.min.js"))
	if err != nil {
		p.t.Fatal(err)
	}
	if !eval[bool](p, `"axe" in window`) {
		eval[any](p, string(script)+"; null")
	}
	eval[any](p, `Promise.all(document.getAnimations().filter((a) => a instanceof CSSTransition).map((a) => a.finished.catch(() => null))).then(() => null)`)
	for _, found := range eval[[]string](p, `axe.run(document, { resultTypes: ["violations"], preload: Boolean(document.querySelector("audio, video")) }).then((r) => r.violations.map((v) =>
		v.id + " (" + v.impact + "): " + v.help + v.nodes.slice(0, 4).map((n) => "\n    " + n.target + ": " + [...n.any, ...n.all, ...n.none].map((c) => c.message).join("; ")).join("") + (v.nodes.length > 4 ? "\n    and " + (v.nodes.length - 4) + " more" : "")))`) {
		p.t.Errorf("%s: %s", what, found)
	}
}

// TestPageFitsPhones looks for anything that leaves a narrow page sideways. The
// literal width counts: innerWidth grows with what overflows.
func TestPageFitsPhones(t *testing.T) {
	data := t.TempDir()
	imported(t, data, "epoll/fits")
	s := serve(t, data, nil)
	for _, lang := range []string{"ko", "en"} {
		t.Run(lang, func(t *testing.T) {
			t.Parallel()
			p := open(t, s)
			p.allow("status of 404")
			p.enter()
			for _, page := range append([]string{"book"}, pages...) { // for axe that one is long: all lessons again
				p.size(390, 800)
				p.visit("/" + lang + "/" + page)
				p.settled()
				for _, width := range []int64{390, 360} {
					p.size(width, 800)
					p.fits(fmt.Sprintf("%s/%s at %d px", lang, page, width), width)
				}
			}
		})
	}
}

// fits reports elements that reach over an edge of the page, but for what lies
// in a region that scrolls by itself.
func (p *tab) fits(what string, width int64) {
	p.t.Helper()
	eval[any](p, `new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done, 50))))`) // charts follow their boxes
	for _, found := range eval[[]string](p, `(() => {
		const width = %s, held = (e) => { for (let a = e.parentElement; a && a !== document.body; a = a.parentElement) if (getComputedStyle(a).overflowX !== "visible") return true; return false };
		const name = (e) => e.tagName.toLowerCase() + (e.id ? "#" + e.id : "") + (typeof e.className === "string" && e.className ? "." + e.className.split(" ").join(".") : "");
		return [...document.body.querySelectorAll("*")].filter((e) => {
			const r = e.getBoundingClientRect();
			return r.width > 0 && r.height > 0 && (r.right > width + 0.5 || r.left < -0.5) && !e.closest(".skip, .sr, svg") && !held(e);
		}).slice(0, 8).map((e) => name(e) + " from " + e.getBoundingClientRect().left.toFixed(1) + " to " + e.getBoundingClientRect().right.toFixed(1));
	})()`, width) {
		p.t.Errorf("%s: %s", what, found)
	}
	if wide := eval[float64](p, `document.documentElement.scrollWidth`); wide > float64(width) {
		p.t.Errorf("%s: the page is %v px wide", what, wide)
	}
}
