package main

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"
)

// wallSeat is a seat of the wall by its name, as a selector of its link.
func (p *tab) wallSeat(name string) string {
	p.t.Helper()
	id := eval[string](p, `[...document.querySelectorAll(".seat")].find((s) => s.querySelector(".seat-name").textContent === %s)?.dataset.person ?? ""`, name)
	if id == "" {
		p.t.Fatalf("%s has no seat", name)
	}
	return `[data-person="` + id + `"] .seat-open`
}

// seatIs waits until a seat is in a state, and has a number of points on its chart.
func (p *tab) seatIs(name, state string) {
	p.t.Helper()
	p.until(aRun, name+" is "+state, `[...document.querySelectorAll(".seat")].some((s) => s.querySelector(".seat-name").textContent === %s && s.querySelector(".lamp").dataset.state === %s)`, name, state)
}

// TestLongPageWall plays the wall with three learners: one whose run is measured, one who
// waits for it, and one with a hand up.
func TestLongPageWall(t *testing.T) {
	onlyLong(t)
	for _, lang := range []string{"ko", "en"} {
		t.Run(lang, func(t *testing.T) { wallIn(t, lang) })
	}
}

func wallIn(t *testing.T, lang string) {
	s := serve(t, t.TempDir(), nil, "--workshop", "Sockets & <Threads>", "--seats", "30")
	lead := open(t, s)
	lead.enter()
	path := lead.joinPath(lang)
	lead.size(1280, 720)
	lead.visit("/" + lang + "/wall")
	lead.until(patience, "nobody is here, and the code is large", `!document.getElementById("ui-wall-empty").hidden && document.querySelector(".wall-code").textContent.length === 7 && document.querySelector(".workshop-qr")`)
	lead.looksRight(lang + "-empty")

	var class []*tab
	for _, name := range []string{"민서", "Daniel", "<b>소민</b>"} {
		p := open(t, s)
		p.joins(strings.Replace(path, "/ko/", "/"+lang+"/", 1), name)
		class = append(class, p)
	}
	lead.until(patience, "three seats", `document.querySelectorAll(".seat").length === 3 && document.getElementById("ui-wall-empty").hidden`)

	runs, waits, asks := class[0], class[1], class[2]
	for _, p := range []*tab{runs, waits} {
		p.lesson("/" + lang + "/epoll#fits")
		p.unlock()
	}
	asks.visit("/" + lang + "/epoll")
	asks.until(patience, "the hand is up", `fetch("/api/class/hand", { method: "PUT", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ text: "왜 read가 늘었죠? <i>", lesson: "epoll", run: "", t: 0 }) }).then((r) => r.ok)`)
	runs.start()
	waits.click("#ui-go")
	lead.seatIs("Daniel", "queued")
	lead.until(patience, "one runs while the other waits", `["running", "finished", "void"].some((s) => document.querySelector(".seat .lamp[data-state=" + s + "]"))`)
	lead.shoot("wall-live-" + lang)
	lead.until(patience, "the hand comes first", `document.querySelector(".seat:first-child .seat-hand:not([hidden])")?.innerText.includes("read가 늘었죠? <i>")`)
	lead.until(patience, "why there is no trace", `[...document.querySelectorAll(".seat-why")].some((w) => w.textContent)`)
	lead.shootWall("wall-" + lang)

	lead.press("h")
	lead.until(patience, "names are hidden", `![...document.querySelectorAll(".seat-name")].some((n) => /민서|Daniel|소민/.test(n.textContent))`)
	lead.foldsTheHand()
	lead.shootWall("wall-hidden-" + lang)
	lead.namesNobody(lang)
	lead.visit("/" + lang + "/wall")
	lead.until(patience, "and stay so in this browser", `document.querySelectorAll(".seat").length === 3 && ![...document.querySelectorAll(".seat-name")].some((n) => /민서|Daniel|소민/.test(n.textContent))`)
	lead.press("h")
	lead.until(patience, "names are back", `[...document.querySelectorAll(".seat-name")].some((n) => n.textContent === "Daniel")`)

	lead.press("/")
	lead.write("daniel")
	lead.until(patience, "one seat fits", `[...document.querySelectorAll(".seat")].filter((s) => !s.hidden).length === 1`)
	lead.press("\x1b")
	lead.until(patience, "all again", `[...document.querySelectorAll(".seat")].every((s) => !s.hidden)`)

	lead.watchesAndProposes(runs, lang)
	lead.steers(waits)
}

// foldsTheHand reads a hand's sentence, which may name somebody, while names are hidden.
func (p *tab) foldsTheHand() {
	p.t.Helper()
	seen := `[...document.querySelectorAll(".seat-hand *")].some((e) => e.checkVisibility() && e.children.length === 0 && e.textContent.includes("read가 늘었죠"))`
	p.until(patience, "the sentence is folded", `document.querySelector(".seat-fold:not([hidden])") && !`+seen)
	eval[any](p, `document.querySelector(".seat-fold:not([hidden]) summary").focus()`)
	p.press("\r")
	p.until(patience, "who wants to reads it", seen)
	p.press("\r")
	p.until(patience, "and folds it", "!"+seen)
}

// namesNobody reads the instructor's other pages while names are hidden.
func (p *tab) namesNobody(lang string) {
	p.t.Helper()
	names := `/민서|Daniel|소민/.test(document.body.innerText + [...document.querySelectorAll("input")].map((i) => i.value))`
	for _, path := range []string{"runs", "workshop/report", "workshop"} {
		p.visit("/" + lang + "/" + path)
		p.until(patience, path+" calls them as the wall does", `/자리 \d|seat \d/.test(document.querySelector("main").innerText)`)
		if path == "workshop" {
			p.until(patience, "the hand is folded", `document.querySelector("#ui-lead-hands summary")`)
			eval[any](p, `document.querySelector("#ui-lead-hands summary").click()`)
			p.shows("#ui-lead-hands", map[string]string{"ko": "자리 3", "en": "seat 3"}[lang])
		}
		if eval[bool](p, names) {
			p.t.Errorf("%s names somebody", path)
		}
		for _, scheme := range []string{"dark", "light"} {
			p.prefers(scheme)
			p.accessible(lang + ": " + path + " without names, " + scheme)
			p.shoot("nameless-" + lang + "-" + strings.ReplaceAll(path, "/", "-") + "-" + scheme)
		}
		p.size(390, 844)
		p.fits(lang+": "+path+" without names", 390)
		p.shoot("nameless-" + lang + "-" + strings.ReplaceAll(path, "/", "-") + "-390")
		p.size(1280, 720)
	}
	p.click("[data-act=names]")
	p.until(patience, "names are back", names+` && document.querySelector("#ui-lead-hands li") && !document.querySelector("#ui-lead-hands summary")`)
	p.click("[data-act=names]")
	p.until(patience, "and hidden again", "!"+names+` && document.querySelector("#ui-lead-hands summary")`)
}

// queues looks at the queue with somebody in it, as they and as the instructor see it,
// and stops their run from there.
func (p *tab) queues(learner *tab) {
	p.t.Helper()
	learner.click("#ui-class [data-do=queue]")
	learner.until(patience, "their own place is said", `document.querySelectorAll("#ui-queue li").length === 1 && document.querySelector("#ui-queue li[data-own]") && document.querySelector("#ui-queue [role=status]").textContent.length > 5`)
	learner.accessible("the queue")
	learner.shoot("queue-" + eval[string](p, `document.documentElement.lang`))
	eval[any](learner, `document.getElementById("ui-queue").focus()`)
	learner.press("\x1b")
	learner.until(patience, "it is closed, and the focus is where it was", `document.getElementById("ui-queue").hidden && document.activeElement.matches("[data-do=queue]")`)
	p.click(".wall-queue > summary")
	p.until(patience, "whose turn it is", `[...document.querySelectorAll("#ui-machine-queue li")].some((li) => li.innerText.includes("Daniel"))`)
	p.accessible("the instructor's queue")
	p.shoot("wall-queue-" + eval[string](p, `document.documentElement.lang`))
	p.click("#ui-machine-queue [data-queue=stop]")
	p.seatIs("Daniel", "stopped")
	p.until(patience, "the queue is empty", `document.querySelectorAll("#ui-machine-queue li").length === 0`)
	p.click(".wall-queue > summary")
}

// watchesAndProposes watches a learner, who is told, and proposes a setting, which is
// set once they have agreed.
func (p *tab) watchesAndProposes(learner *tab, lang string) {
	p.t.Helper()
	seat := p.wallSeat("민서")
	eval[any](p, `document.querySelector(%s).focus()`, seat)
	p.press("\r")
	p.until(patience, "one learner is watched", `location.pathname.includes("/wall/") && document.getElementById("ui-watch-name")?.textContent === "민서"`)
	learner.until(patience, "who is told", `!document.getElementById("ui-watched").hidden`)
	p.until(aRun, "their run is here", `document.querySelector("#ui-bench[data-loaded] .figures dd")`)
	p.accessible(lang + ": watching")
	p.shoot("watch-" + lang)
	p.size(390, 800)
	p.fits(lang+": watching at 390 px", 390)
	p.shoot("watch-" + lang + "-390")
	p.size(1280, 720)
	learner.finish()

	p.until(patience, "a setting can be chosen", `document.querySelector("#ui-propose-form select[name=setting] option[value='knob.buf']")`)
	eval[any](p, `(() => { const s = document.querySelector("#ui-propose-form select[name=setting]"); s.value = "knob.buf"; s.dispatchEvent(new Event("change")); const i = document.querySelector("#ui-propose-form input[type=text]"); i.value = "512"; i.dispatchEvent(new Event("change")); })()`)
	p.click("#ui-propose-form button[type=submit]")
	learner.until(patience, "the learner is asked", `document.querySelector("#ui-proposal .button-main") && document.getElementById("ui-proposal").innerText.includes("512")`)
	learner.accessible(lang + ": a proposal")
	learner.shoot("proposal-" + lang)
	if was := eval[string](learner, `document.querySelector("[data-knob='knob.buf'] input[type=text]").value`); strings.Contains(was, "512") {
		p.t.Errorf("it is %s before they agree", was)
	}
	learner.click("#ui-proposal .button-main")
	learner.until(patience, "it is set", `document.querySelector("[data-knob='knob.buf'] input[type=text]").value.includes("512")`)
	if state := learner.lamp(); state == "running" || state == "queued" {
		p.t.Errorf("agreeing has started a run: %s", state)
	}
	p.until(patience, "the instructor is told", fmt.Sprintf(`document.getElementById("ui-propose-said").innerText.includes(%q)`, map[string]string{"ko": "받아들였습니다", "en": "agreed"}[lang]))
	p.press("\x1b")
	p.until(patience, "back on the wall", `document.querySelectorAll(".seat").length === 3`)
	learner.until(patience, "nobody watches any more", `document.getElementById("ui-watched").hidden`)
}

// steers holds the machine up, and stops what waits.
func (p *tab) steers(learner *tab) {
	p.t.Helper()
	learner.finish()
	p.click("#ui-machine-pause")
	p.until(patience, "the pause is seen", `document.getElementById("ui-machine").dataset.paused === "true"`)
	learner.click("#ui-go")
	p.seatIs("Daniel", "queued")
	p.queues(learner)
	learner.click("#ui-go")
	p.seatIs("Daniel", "queued")
	p.click("#ui-machine-stop") // asks whether that is meant
	p.click("#ui-machine-stop")
	p.seatIs("Daniel", "stopped")
	p.click("#ui-machine-pause")
	p.until(patience, "and its end", `document.getElementById("ui-machine").dataset.paused === "false"`)
}

// looksRight is what holds of every view of the wall.
func (p *tab) looksRight(what string) {
	p.t.Helper()
	p.accessible(what)
	for _, at := range [][2]int64{{1280, 720}, {1440, 900}, {390, 844}} {
		p.size(at[0], at[1])
		p.fits(fmt.Sprintf("%s at %d", what, at[0]), at[0])
		p.shoot(fmt.Sprintf("%s-%d", what, at[0]))
	}
	p.size(1280, 720)
}

// shootWall looks at the wall in both schemes.
func (p *tab) shootWall(what string) {
	p.t.Helper()
	p.looksRight(what)
	p.prefers("dark")
	p.accessible(what + ", dark")
	p.shoot(what + "-dark")
	p.prefers("light")
}

// TestPageShotsOfTheWall makes pictures of a full wall for people: LABS_SHOTS names the
// folder.
func TestPageShotsOfTheWall(t *testing.T) {
	if os.Getenv("LABS_SHOTS") == "" {
		t.Skip("LABS_SHOTS names no folder for pictures")
	}
	s := serve(t, t.TempDir(), nil, "--workshop", "November workshop", "--seats", "40")
	c := &crowd{s: s, moved: map[string]time.Time{}}
	c.join(t, 24)
	for i, page := range c.pages {
		page.WriteJSON(map[string]string{"lesson": "epoll", "section": "", "run": ""})
		if i < 12 {
			c.run(i)
		}
	}
	p := open(t, s)
	p.enter()
	p.size(1280, 720)
	p.visit("/ko/wall")
	p.until(aRun, "some runs are over", `document.querySelectorAll(".seat .lamp[data-state=finished], .seat .lamp[data-state=void]").length > 4`)
	for _, look := range []string{"shown", "hidden"} {
		p.shoot("full-" + look)
		p.fits("24 seats, names "+look, 1280)
		if low := eval[float64](p, `Math.max(...[...document.querySelectorAll(".seat")].map((s) => s.getBoundingClientRect().bottom)) - document.querySelector(".machine").getBoundingClientRect().top`); low > 1 {
			t.Errorf("24 seats reach %v px below what a projector shows", low)
		}
		p.press("h")
	}
	p.click(".wall-lead:not(.wall-queue) > summary")
	p.shoot("full-lead")
}
