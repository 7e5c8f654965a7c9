package main

import (
	"strings"
	"testing"
)

// choose picks an option of a list, as the keyboard would.
func (p *tab) pick(css, value string) {
	p.t.Helper()
	p.until(patience, css+" has "+value, `(() => {
		const s = document.querySelector(%s), v = %s;
		if (![...s.options].some((o) => o.value === v)) return false;
		s.value = v;
		s.dispatchEvent(new Event("change"));
		return true;
	})()`, css, value)
}

// focus puts the focus on an element and types.
func (p *tab) types(css, text string) {
	p.t.Helper()
	eval[any](p, `document.querySelector(%s).focus()`, css)
	p.write(text)
}

// shows waits until an element is seen with these words.
func (p *tab) shows(css, words string) {
	p.t.Helper()
	p.until(patience, css+" says "+words, `(() => { const e = document.querySelector(%s); return e && e.checkVisibility() && e.innerText.includes(%s) })()`, css, words)
}

// lamped waits for the bench's lamp to say so.
func (p *tab) lamped(words string) {
	p.t.Helper()
	p.shows("#ui-lamp", words)
}

func TestLongPageAClassIsLed(t *testing.T) {
	onlyLong(t)
	s := serve(t, t.TempDir(), nil, "--workshop", "Sockets")
	lead, ko, en := open(t, s), open(t, s), open(t, s)
	lead.enter()
	path := lead.joinPath("ko")
	ko.size(390, 800)
	ko.joins(path, "가영")
	en.joins(strings.Replace(path, "/ko/", "/en/", 1), "Ben")
	lead.visit("/ko/workshop")
	ko.lesson("/ko/epoll")
	en.lesson("/en/epoll")
	lead.shows("#ui-lead-here", "2명이 열어 두었고 2명이")

	here(t, lead, ko, en)
	note(lead, ko, en)
	brought(t, lead, ko)
	voteHolds(t, lead, ko)
	vote(t, lead, ko, en)
	gate(t, lead, ko)
	hints(t, lead, ko)
	hand(t, lead, en)
	together(t, lead, ko, en)
}

// hints come without a reload once they are released, and are not in the page before.
func hints(t *testing.T, lead, ko *tab) {
	lead.pick("#ui-lead-lesson", "epoll-edge")
	lead.pick("#ui-lead-hints", "0")
	lead.click("[data-lead=hints]")
	lead.shows("#ui-lead-said", "힌트를 정했습니다")
	ko.lesson("/ko/epoll-edge")
	ko.shows(".exercise-held", "0개 열었습니다")
	if n := ko.count("[data-hint], [data-solution]"); n != 0 {
		t.Errorf("%d of what is held back stand in the page", n)
	}
	eval[any](ko, `window.stayed = true`)
	lead.pick("#ui-lead-hints", "1")
	lead.click("[data-lead=hints]")
	ko.shows("[data-hint='1'] summary", "힌트 1")
	if n := ko.count("[data-hint='2'], [data-solution]"); n != 0 {
		t.Errorf("%d of what is held back stand in the page", n)
	}
	lead.pick("#ui-lead-hints", "")
	lead.click("[data-lead=hints]")
	ko.shows("[data-solution] summary", "저자의 해답")
	ko.click("[data-hint='1'] > summary")
	ko.shows("[data-hint='2'] summary", "힌트 2")
	if !eval[bool](ko, `window.stayed === true`) {
		t.Error("the page was loaded anew")
	}
	lead.pick("#ui-lead-lesson", "epoll")
	ko.lesson("/ko/epoll")
}

// here: who is idle comes along, and who types is asked.
func here(t *testing.T, lead, ko, en *tab) {
	en.types(`form[data-predict="how-few"] input`, "12")
	lead.pick("#ui-lead-lesson", "blocking")
	lead.click(`[data-lead=here]`)
	ko.until(patience, "who is idle comes along", `location.pathname === "/ko/blocking"`)
	en.shows(`[data-item=here]`, "You were busy, so this page stayed.")
	if v := eval[string](en, `location.pathname + document.querySelector('form[data-predict="how-few"] input').value`); v != "/en/epoll12" {
		t.Errorf("what was typed: %q", v)
	}
	en.accessible("en: asked to come along")
	en.click(`[data-do=leave]`)
	en.shows(`[data-item=here]`, "You left follow-me.")
	en.lesson("/en/epoll") // it is remembered
	en.shows(`[data-item=here]`, "You left follow-me.")
	ko.until(patience, "the lesson is open", `document.getElementById("ui-lamp")`)
	ko.accessible("ko: led")
	ko.fits("ko: led", 390)
	lead.shows("#ui-lead-here", "1명이 따라옵니다")
}

// brought: who is called to an experiment begins at its prediction, and at its card once
// that is answered.
func brought(t *testing.T, lead, ko *tab) {
	begins := func(path, id, at string) {
		t.Helper()
		lead.click(`[data-lead=here]`)
		ko.until(patience, "the page is at "+at, `(() => {
			const e = document.getElementById(%s), top = e && e.getBoundingClientRect().top;
			return location.pathname === %s && location.hash === %s && e && top >= 0 && top < innerHeight / 2;
		})()`, at, path, "#"+id)
	}
	lead.pick("#ui-lead-lesson", "epoll")
	lead.pick("#ui-lead-spot", "thousand-epoll")
	begins("/ko/epoll", "thousand-epoll", "how-few")
	ko.shoot("led-brought-390")
	lead.pick("#ui-lead-lesson", "start")
	lead.pick("#ui-lead-spot", "first")
	begins("/ko/start", "first", "count") // from another lesson
	ko.click(`form[data-predict="count"] [data-act=skip]`)
	ko.until(patience, "it is skipped", `document.querySelector("form[data-predict=count] [data-act=change]:not([hidden])")`)
	eval[any](ko, `scrollTo(0, 0)`)
	begins("/ko/start", "first", "first")
	lead.click(`[data-lead=scatter]`)
	lead.pick("#ui-lead-lesson", "epoll")
	lead.pick("#ui-lead-spot", "")
	ko.lesson("/ko/epoll")
}

// voteHolds: what the class votes on waits, until the instructor lets them run.
func voteHolds(t *testing.T, lead, ko *tab) {
	ko.lesson("/ko/epoll#pieces")
	ko.unlock()
	lead.pick("#ui-lead-ask", "epoll/pieces/waits")
	lead.click(`[data-lead=vote]`)
	ko.lamped("투표를 기다림")
	ko.shows("#ui-note", "투표가 끝날 때까지 실행을 막아 둡니다")
	if !eval[bool](ko, `document.querySelector("#ui-go").disabled`) {
		t.Error("Run is not held")
	}
	eval[any](ko, `document.querySelector("#ui-vote [data-do=close]").click()`)
	for _, scheme := range []string{"dark", "light"} {
		ko.prefers(scheme)
		ko.accessible("ko: the vote holds, " + scheme)
		ko.shoot("led-held-390-" + scheme)
	}
	ko.fits("ko: the vote holds", 390)
	lead.shows("#ui-lead-vote", "학습자는 이 실험을 실행할 수 없습니다")
	lead.accessible("a vote holds")
	lead.shoot("lead-held")
	lead.click(`[data-arg$="/free"]`)
	lead.shows("#ui-lead-vote", "투표 중에도 학습자가 이 실험을 실행할 수 있습니다")
	ko.until(patience, "they may run", `!document.querySelector("#ui-go").disabled`)
	lead.click(`[data-lead=step]`)
	lead.click(`[data-arg$="/show"]`)
	lead.shows("#ui-lead-vote", "결과를 보여 줌")
}

func note(lead, ko, en *tab) {
	lead.types("#ui-lead-line", "10분 쉽니다 <b>")
	lead.press("\r")
	for _, p := range []*tab{ko, en} {
		p.shows(`[data-item=note]`, "10분 쉽니다 <b>")
	}
	ko.click(`[data-do=note]`)
	ko.until(patience, "it is dismissed", `!document.querySelector("[data-item=note]")`)
	ko.lesson("/ko/epoll")
	ko.shows(`[data-item=here]`, "반은 지금 여기 있습니다")
	ko.until(patience, "and stays so", `!document.querySelector("[data-item=note]")`)
}

func vote(t *testing.T, lead, ko, en *tab) {
	lead.pick("#ui-lead-lesson", "epoll")
	lead.pick("#ui-lead-ask", "epoll/pieces/answered")
	lead.click(`[data-lead=vote]`)
	ko.shows("#ui-vote .vote-round", "1차 투표")
	en.shows("#ui-vote .vote-round", "First vote")
	ko.accessible("ko: a vote")
	ko.fits("ko: a vote", 390)
	ko.click(`#ui-vote input[value=stuck]`)
	ko.click(`#ui-vote [type=submit]`)
	ko.shows("#ui-vote .vote-said", "답을 받았습니다")
	eval[any](en, `document.querySelector("#ui-vote input[value=stuck]").focus()`)
	en.press(" \r")
	en.shows("#ui-vote .vote-said", "Your answer is in.")
	en.until(patience, "it is the lesson's answer too", `document.querySelector('form[data-predict="answered"] input[value=stuck]').matches(":checked:disabled")`)
	lead.shows("#ui-lead-vote", "2명이 답함")
	if lead.count(".spread, .strips") != 0 {
		t.Error("the instructor's page tells how they spread")
	}
	lead.accessible("a vote is open")
	lead.click(`[data-lead=step]`)
	ko.shows("#ui-vote", "옆 사람과 이야기해")
	lead.click(`[data-lead=step]`)
	en.shows("#ui-vote .vote-round", "Second vote")
	en.click(`#ui-vote input[value=all]`)
	en.click(`#ui-vote [type=submit]`)
	en.shows("#ui-vote .vote-said", "Your answer is in.")
	lead.shows("#ui-lead-vote", "2차 1명")
	lead.click(`[data-lead=step]`)
	en.shows("#ui-vote", "The vote is closed.")
	lead.click(`[data-lead=step]`)
	for _, p := range []*tab{lead, ko, en} {
		p.until(patience, "how they spread", `document.querySelectorAll(".spread tbody tr").length === 2 && [...document.querySelectorAll(".spread td")].map((e) => e.innerText).join("|") === "2 · 100%|0 · 0%|0 · 0%|1 · 100%"`)
	}
	for name, p := range map[string]*tab{"lead-shown": lead, "led-shown-390": ko, "led-shown": en} {
		p.shoot(name)
	}
	ko.accessible("ko: shown")
	ko.fits("ko: shown", 390)
	lead.accessible("the instructor: shown")
	eval[any](en, `document.querySelector("#ui-vote").focus()`)
	en.press("\x1b")
	en.until(patience, "Escape closes it", `document.querySelector("#ui-vote").hidden && document.activeElement.dataset.do === "vote"`)
	ko.click(`[data-do=vote]`)
	ko.until(patience, "so does its button", `document.querySelector("#ui-vote").hidden`)
}

func gate(t *testing.T, lead, ko *tab) {
	lead.pick("#ui-lead-spot", "silent")
	lead.click(`[data-lead=gate]`)
	ko.until(patience, "sections wait", `document.querySelector("#thousand[data-waits]") && !document.querySelector("#silent[data-waits]")`)
	eval[any](ko, `location.hash = "pieces"`)
	ko.lamped("반을 기다림")
	if !eval[bool](ko, `document.querySelector("#ui-go").disabled`) {
		t.Error("Run is not locked")
	}
	ko.accessible("ko: the gate")
	ko.fits("ko: the gate", 390)
	lead.click(`[data-lead=open]`)
	ko.until(patience, "the gate is open", `!document.querySelector("[data-waits], .waits")`)
}

func hand(t *testing.T, lead, en *tab) {
	en.click(`[data-do=hand]`)
	en.write("Why is Recv-Q full?")
	en.accessible("en: a hand")
	en.press("\r")
	en.shows(`[data-item=hand]`, "Your hand is up: Why is Recv-Q full?")
	lead.shows("#ui-lead-hands", "Why is Recv-Q full?")
	lead.accessible("a hand is up")
	lead.size(390, 800)
	lead.fits("the instructor's page", 390)
	lead.size(1440, 1000)
	lead.types("#ui-lead-hands input[name=text]", "Nobody reads it.")
	lead.press("\r")
	en.shows(`[data-item=hand]`, "The instructor: Nobody reads it.")
	en.click(`[data-do=lower]`)
	en.shows(`[data-item=hand]`, "Raise a hand")
	lead.until(patience, "no hand is up", `document.querySelectorAll("#ui-lead-hands li").length === 0`)

	en.reach(false)
	en.shows("#ui-class-lost", "The class is out of reach.")
	en.allow("ERR_INTERNET_DISCONNECTED")
	en.allow("WebSocket")
	en.reach(true)
	en.shows("#ui-class-lost", "Back in the class.")
}

// together: the same experiment for all, each as their own run, and what came of it.
func together(t *testing.T, lead, ko, en *tab) {
	en.lesson("/en/epoll")
	lead.shows("#ui-lead-here", "2명이 열어")
	lead.pick("#ui-lead-spot", "pieces")
	lead.click(`[data-lead=start]`)
	lead.shows("#ui-lead-said", "2명의 실험을 시작했습니다")
	for _, p := range []*tab{ko, en} {
		p.until(aRun, "their run is on the bench and ends", `["finished", "void"].includes(document.querySelector("#ui-lamp").dataset.state) && document.querySelector('[data-experiment-card="pieces"].is-on')`)
	}
	lead.pick("#ui-lead-ask", "epoll/pieces/answered")
	lead.click(`#ui-lead-asks [data-lead=results]`)
	lead.until(patience, "what was measured", `document.querySelector("#ui-lead-results h3") && document.querySelector("#ui-lead-results p")`)
	lead.accessible("what was measured")
	if ko.lamp() == "finished" && en.lamp() == "finished" && !strings.Contains(lead.text("#ui-lead-results"), "2명 가운데 2명") {
		t.Errorf("measured: %s", lead.text("#ui-lead-results"))
	}
}
