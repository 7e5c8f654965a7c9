package main

import (
	"strings"
	"testing"
)

// joinPath is the address of the link that the instructor's page shows.
func (p *tab) joinPath(lang string) string {
	p.t.Helper()
	p.visit("/" + lang + "/workshop")
	link := p.text(".workshop-door pre")
	_, path, ok := strings.Cut(link, p.site.link.Host)
	if !ok {
		p.t.Fatalf("the link is %q", link)
	}
	return strings.TrimSpace(path)
}

// joins follows the link and joins.
func (p *tab) joins(path, name string) {
	p.t.Helper()
	p.visit(path)
	p.until(patience, "the code is there, and the name is asked for", `document.getElementById("join-code").value.length === 7 && document.activeElement.id === "join-name"`)
	p.write(name)
	p.click(".join-form button")
	p.until(patience, "the resume code is shown", `/^[2-9A-Z]{4}-[2-9A-Z]{4}-[2-9A-Z]{4}$/.test(document.querySelector(".join-secret")?.innerText ?? "")`)
}

func TestPageWorkshop(t *testing.T) {
	s := serve(t, t.TempDir(), nil, "--workshop", "Sockets & <Threads>", "--seats", "2")
	lead := open(t, s)
	lead.enter()
	lead.visit("/ko/workshop")
	lead.accessible("the instructor's page")
	lead.fits("the instructor's page", 1440)
	if lead.text("h1") != "Sockets & <Threads>" {
		t.Errorf("it is called %q", lead.text("h1"))
	}
	path := lead.joinPath("ko")

	var pupils []*tab
	for _, lang := range []string{"ko", "en"} {
		p := open(t, s)
		p.size(390, 800)
		p.visit("/" + lang + "/epoll") // and is led to where people join
		p.until(patience, "a stranger is led to the door", `location.pathname === %s`, "/"+lang+"/join")
		p.accessible(lang + ": where people join")
		p.fits(lang+": where people join", 390)
		p.shoot("join-" + lang)
		p.joins(strings.Replace(path, "/ko/", "/"+lang+"/", 1), "민수")
		p.accessible(lang + ": in")
		p.fits(lang+": in", 390)
		p.shoot("joined-" + lang)
		p.click(".button-main")
		p.until(patience, "the lessons", `document.querySelector(".home")`)
		p.visit("/" + lang + "/me")
		p.accessible(lang + ": my page")
		p.fits(lang+": my page", 390)
		p.shoot("me-" + lang)
		pupils = append(pupils, p)
	}
	lead.until(patience, "both are seen without a reload", `document.querySelectorAll(".workshop-people tbody tr").length === 2 && document.getElementById("ui-seats").innerText === "2/2"`)
	names := eval[[]string](lead, `[...document.querySelectorAll(".workshop-people input")].map((e) => e.value)`)
	lead.shoot("workshop-1440")
	lead.size(390, 844)
	lead.fits("the instructor's page with people", 390)
	lead.accessible("the instructor's page with people")
	lead.shoot("workshop-390")
	lead.size(1440, 1000)
	if len(names) != 2 || names[0] != "민수" || names[1] != "민수 2" {
		t.Errorf("names %q", names)
	}

	p := pupils[1]
	p.size(1440, 1000)
	p.lesson("/en/epoll-edge")
	if p.count(".exercise-work, #exercise-text") != 0 || p.count("[data-version]") != 2 {
		t.Error("a learner is given the editor")
	}
	eval[any](p, `document.querySelector("[data-version]").scrollIntoView({ block: "center", behavior: "instant" })`)
	p.shoot("exercise-in-a-workshop")
	p.visit("/en/workshop")
	if !strings.Contains(p.text(".prose-kicker"), "403") {
		t.Errorf("a learner on the instructor's page: %s", p.text("body"))
	}
	p.allow("status of 403")

	p.visit("/en/")
	eval[any](lead, `window.before = true`)
	lead.click(".workshop-people tbody tr:nth-child(2) button[value=remove]")
	p.until(patience, "who was removed is told without a reload", `document.querySelector(".prose-kicker")?.innerText.includes("403 · removed")`)
	lead.until(patience, "the form's answer is shown, and is live", `!window.before && document.querySelector(".workshop-people button[value=readmit]") && document.querySelector("#ui-lead-vote p")`)
	lead.click(".workshop-people tbody tr:nth-child(2) button[value=readmit]")
	lead.until(patience, "back", `document.querySelectorAll(".workshop-people button[value=remove]").length === 2`)
	p.visit("/en/")
	p.until(patience, "in again", `document.querySelector(".home")`)
}

func TestPageAWorkshopOutlivesKillNine(t *testing.T) {
	data := t.TempDir()
	s := serve(t, data, nil, "--workshop", "Sockets")
	lead := open(t, s)
	lead.enter()
	path := lead.joinPath("en")
	p := open(t, s)
	p.joins(path, "Ada")
	p.visit("/en/me")
	p.allow("WebSocket") // the browser reports each try
	p.allow("ERR_CONNECTION_REFUSED")
	lead.allow("WebSocket")
	s.kill()
	serve(t, data, nil, "--workshop", "Sockets", "--addr", s.link.Host) // the tabs have their address
	p.visit("/en/me")
	if !strings.Contains(p.text(".prose-lede"), "Ada") {
		t.Errorf("after a restart: %s", p.text("body"))
	}
	lead.visit("/en/workshop")
	lead.until(patience, "the instructor too", `document.querySelectorAll(".workshop-people tbody tr").length === 1`)
	p.visit("/en/epoll")
	p.until(patience, "a lesson", `document.querySelector(".prose")`)
}
