package main

import (
	"strings"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/network"
)

// conditions is what Network.emulateNetworkConditionsByRule takes: up to Chromium
// 148 offline stands beside the rules, later in each rule.
type conditions struct {
	network.EmulateNetworkConditionsByRuleParams
	Offline bool `json:"offline"`
}

// reach takes the page's network away, or gives it back.
func (p *tab) reach(on bool) {
	p.t.Helper()
	command := cdp.Command[conditions, cdp.Empty]{Method: network.CommandEmulateNetworkConditionsByRule}
	rules := network.EmulateNetworkConditionsByRuleParams{
		MatchedNetworkConditions: []*network.Conditions{{Offline: !on, DownloadThroughput: -1, UploadThroughput: -1}},
	}
	call(p, command, conditions{rules, !on})
	call(p, network.OverrideNetworkState, network.OverrideNetworkStateParams{Offline: !on, DownloadThroughput: -1, UploadThroughput: -1})
}

func TestPageHealsACutConnection(t *testing.T) {
	s := serve(t, t.TempDir(), nil)
	p := open(t, s)
	p.allow("ERR_INTERNET_DISCONNECTED")
	p.allow("WebSocket connection to")
	p.tap()
	p.enter()
	p.lesson("/en/blocking#one-silent")
	p.unlock()
	t.Run("the connection is closed, as by a proxy", func(t *testing.T) {
		p.start()
		eval[any](p, `heard.sockets.at(-1).close()`)
		p.until(patience, "the lost connection is seen", `heard.lamps.includes("lost")`)
		p.finish()
		heardAll(t, p)
	})
	t.Run("the network is gone for a while", func(t *testing.T) {
		p.start()
		p.reach(false)
		p.until(patience, "the page says that it hears nothing", `document.querySelector("#ui-lamp").dataset.state === "lost" && document.querySelector("#ui-note [data-do=reconnect]") && document.querySelector("#ui-link").dataset.state === "lost"`)
		if note := p.text("#ui-note"); !strings.Contains(note, "No word from the server") {
			t.Errorf("the note of a lost connection: %s", note)
		}
		p.shoot("disconnected-light-en-1440")
		p.reach(true)
		p.finish()
		p.until(patience, "the site is within reach again", `document.querySelector("#ui-link").dataset.state === "running"`)
		heardAll(t, p)
	})
}

// heardAll compares what the page's sockets brought with the recording: every
// event once, none left out.
func heardAll(t *testing.T, p *tab) {
	t.Helper()
	p.until(patience, "the recording is linked", `document.querySelector("#ui-json").getAttribute("href")`)
	got := eval[struct{ Events, Different, First, Last, Recorded, Connections int }](p, `(async () => {
		const seqs = heard.events.map((e) => e.seq), back = await (await fetch(document.querySelector("#ui-json").href)).json();
		return { Events: seqs.length, Different: new Set(seqs).size, First: Math.min(...seqs), Last: Math.max(...seqs), Recorded: back.seq, Connections: heard.sockets.length };
	})()`)
	t.Logf("%+v", got)
	if got.First != 1 || got.Last != got.Recorded || got.Different != got.Last || got.Events != got.Different || got.Connections < 2 {
		t.Errorf("what the page heard over its connections is not the recording, each event once: %+v", got)
	}
}

func TestPageOutlivesItsSite(t *testing.T) {
	data := t.TempDir()
	s := serve(t, data, nil)
	p := open(t, s)
	p.allow("ERR_CONNECTION_REFUSED")
	p.allow("ERR_CONNECTION_RESET")
	p.allow("WebSocket connection to")
	p.tap()
	p.enter()
	p.lesson("/en/blocking")
	p.click(`#where input[value=accept]`)
	p.click(`#where [type=submit]`)
	p.until(patience, "the answer is committed", `document.querySelector("#where .is-mine")`)
	p.put("threads")
	p.unlock()
	p.run()
	p.judged(map[string]string{"flows": "pass", "not-the-wait": "pass"})
	p.until(patience, "the place is noted", `fetch("/api/progress").then((r) => r.json()).then((d) => window.place = d.place) && window.place?.lesson === "blocking"`)
	done := p.text("[data-total]")

	p.start()
	s.kill()
	p.until(patience, "the page says that it hears nothing", `document.querySelector("#ui-lamp").dataset.state === "lost" && document.querySelector("#ui-link").dataset.state === "lost"`)
	again := serve(t, data, nil, "--addr", s.link.Host)
	p.site = again
	p.until(patience, "the page knows what became of the run", `document.querySelector("#ui-lamp").innerText === "interrupted" && document.querySelector("#ui-link").dataset.state === "running"`)
	if note := p.text("#ui-note"); !strings.Contains(note, "site restarted") {
		t.Errorf("the note about the interrupted run: %s", note)
	}
	p.click("#ui-tab-history")
	p.until(patience, "history says so", `document.querySelector("#ui-history tbody tr").innerText.includes("interrupted")`)

	p.lesson("/en/blocking")
	if now := p.text("[data-total]"); now != done || p.count(`#ui-contents [data-pip^="blocking/threads/"][data-done]`) != 2 {
		t.Errorf("checks after the restart: %s, before: %s", now, done)
	}
	if p.count("#where .is-mine") != 1 {
		t.Error("the answer to the prediction is gone")
	}
	p.visit("/en/")
	if to := eval[string](p, `document.querySelector(".home-do a").getAttribute("href")`); !strings.HasPrefix(to, "/en/blocking") {
		t.Errorf("home continues at %s", to)
	}

	// A page that is only read finds out as well.
	again.kill()
	p.until(patience, "home says that the site is gone", `document.querySelector("#ui-link").dataset.state === "lost"`)
	p.site = serve(t, data, nil, "--addr", s.link.Host)
	p.until(patience, "and that it is back", `document.querySelector("#ui-link").dataset.state === "running"`)
}

// What waits in line has nothing to tell for long: each page says that it hears
// nothing as long as that is so, and no longer.
func TestPageIsBackWithItsConnection(t *testing.T) {
	s := serve(t, t.TempDir(), nil)
	p := open(t, s)
	p.allow("ERR_INTERNET_DISCONNECTED")
	p.allow("WebSocket connection to")
	p.enter()
	s.api("POST", "/api/queue/pause", nil, nil)
	for _, at := range []struct{ path, press, lamp, stop string }{
		{"/en/epoll#fits", "#ui-go", "#ui-lamp", "#ui-halt"},
		{"/en/capacity?experiment=epoll/fits&setting=load.connections&values=1,2", "#ui-measure", "#ui-sweep-lamp", "#ui-sweep-stop"},
		{"/en/errors-map", "[data-act=provoke]", ".errno-said .lamp", ""},
		{"/en/microscope", "#ui-scope-go", "#ui-scope-lamp", "#ui-scope-stop"},
	} {
		t.Run(at.path, func(t *testing.T) {
			says := func(state string) {
				p.until(patience, "the lamp says "+state, `document.querySelector(%s).dataset.state === %s`, at.lamp, state)
			}
			p.visit(at.path)
			if at.lamp == "#ui-lamp" {
				p.benchIsReady()
				p.unlock()
			}
			p.until(patience, "it can be pressed", `document.querySelector(%s)?.disabled === false`, at.press)
			p.click(at.press)
			says("queued")
			p.reach(false)
			says("lost")
			p.until(patience, "the header says it too", `document.querySelector("#ui-link").dataset.state === "lost"`)
			p.reach(true)
			says("queued")
			p.until(patience, "and that the site is back", `document.querySelector("#ui-link").dataset.state === "running"`)
			if at.stop != "" {
				p.click(at.stop)
				says("stopped")
			}
			s.api("POST", "/api/runs/stop-all", nil, nil)
		})
	}
}
