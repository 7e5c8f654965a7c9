package main

import (
	"strings"
	"testing"
)

// The main job of the workbook: read, predict, run, see it break, turn a knob,
// see it cured.
func TestPageMainJob(t *testing.T) {
	s := serve(t, t.TempDir(), nil)
	p := open(t, s)
	p.tap()
	p.enter()
	p.until(patience, "the token leaves the address", `!location.search && location.pathname.match(/^\/(ko|en)\/$/)`)
	p.visit("/en/")
	p.click(`.home-lessons a[href="/en/blocking"]`)
	p.until(patience, "Run waits for a prediction", `document.querySelector("#ui-note [data-do=predict]") && document.querySelector("#ui-go").disabled`)

	p.click(`#where input[value=accept]`)
	p.click(`#where [type=submit]`)
	p.click(`#wait input`)
	p.write("2")
	p.click(`#wait [type=submit]`)
	p.until(patience, "Run is unlocked", `!document.querySelector("#ui-go").disabled`)

	p.run()
	p.movedSoon(t, "Throughput", "Latency", "Queues", "sockets")
	p.judged(map[string]string{"held-up": "pass", "whole-wait": "pass", "then-served": "pass"})
	if max := eval[float64](p, figure, "load.max"); max < 1.8 || max > 4 {
		t.Errorf("the page says that the longest answer took %v s; the silent client stayed for 2 s", max)
	}
	for _, id := range []string{"where", "wait"} {
		if p.count("#"+id+" .is-fact") != 1 || p.text("#"+id+" .predict-verdict") == "" {
			t.Errorf("prediction %s: what was measured does not stand beside the answer", id)
		}
	}
	if total := p.text("[data-total]"); !strings.HasPrefix(total, "3/") {
		t.Errorf("the header counts %s checks, want 3", total)
	}

	p.click(`[data-knob="knob.model"] button:nth-of-type(2)`)
	if was := p.text(`[data-knob="knob.model"] .knob-was`); !strings.Contains(was, "one") {
		t.Errorf("beside the turned knob: %q", was)
	}
	p.run()
	// Cured: nobody waits, so the checks that describe the disease do not hold.
	p.judged(map[string]string{"held-up": "fail", "whole-wait": "fail", "then-served": "pass"})
	p.until(patience, "both runs are in the history", `document.querySelectorAll("#ui-history tbody tr").length >= 2`)
	if p.count(`.readout [data-s=ghost]:not([hidden])`) == 0 {
		t.Error("the run before does not lie under this one")
	}

	p.put("threads")
	p.unlock()
	p.run()
	p.judged(map[string]string{"flows": "pass", "not-the-wait": "pass"})
	p.visit("/en/")
	if done := p.text("[data-total]"); !strings.HasPrefix(done, "5/") {
		t.Errorf("home counts %s checks, want 5", done)
	}
}

// figure is the number of a watched value, in seconds, bytes or as a count.
const figure = `(() => {
	const at = JSON.parse(document.querySelector("#page-data").textContent).experiments.find((x) => document.querySelector("#" + x.id + ".is-on")).watch.indexOf(%s);
	const [n, unit] = document.querySelectorAll("#ui-figures dd")[at].innerText.split(" ");
	return Number(n.replaceAll(",", "")) * ({ ms: 1e-3, "µs": 1e-6 }[unit] ?? 1);
})()`

func TestPageEpollServesBesideASilentClient(t *testing.T) {
	s := serve(t, t.TempDir(), nil)
	p := open(t, s)
	p.tap()
	p.enter()
	p.lesson("/ko/epoll#with-silent")
	p.unlock()
	p.run()
	p.movedSoon(t, "Throughput", "Latency", "Queues", "CPU and threads", "sockets")
	p.judged(map[string]string{"flows": "pass", "nobody-queued": "pass"})
	if n := eval[float64](p, figure, "load.requests"); n <= 100 {
		t.Errorf("the page says %v requests, want more than 100", n)
	}
	if n := eval[int](p, `[...document.querySelectorAll(".count[data-metric]")].filter((e) => Number(e.value) > 0).length`); n == 0 {
		t.Error("no line of the source says how often it ran")
	}
	if n := p.count("data.measured.is-missing"); n > 0 {
		t.Logf("%d numbers of the text wait for other experiments", n)
	}
}
