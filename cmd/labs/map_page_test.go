package main

import (
	"strings"
	"testing"
)

// The learner names the bottleneck on the map, before the run and after it, and
// is told what was measured and why.
func TestLongPageMapOfTheQueues(t *testing.T) {
	onlyLong(t)
	s := serve(t, t.TempDir(), nil)
	p := open(t, s)
	p.enter()
	p.lesson("/en/epoll-edge#stall")
	p.click("#ui-tab-map")
	p.click("#ui-map [data-pick=parser]")
	p.until(patience, "the answer is noted", `document.querySelector(".map-said").innerText.match(/^Your answer: parser/)`)
	p.unlock()
	p.run()
	p.until(patience, "the answer stands beside the measured one", `document.querySelector("#ui-map").dataset.verdict === "other"`)
	p.says(".map-answer", "server’s Recv-Q", "cannot show your answer (parser)", "neither reads them nor uses the CPU", "5.77 KiB", "Confidence: high")
	if p.count("#ui-map [data-stage=recvq][data-fact]") != 1 || p.count("#ui-map [data-stage=parser][data-mine]") != 1 {
		t.Error("the measured stage and the learner's are not marked")
	}
	p.click("#ui-map [data-pick=recvq]")
	p.until(patience, "it is right", `document.querySelector("#ui-map").dataset.verdict === "right"`)
	if c := p.text(".map-command code"); !strings.HasPrefix(c, "ss -tin '( sport = :") {
		t.Errorf("the command is %q", c)
	}
	p.click(".map-table summary")
	p.until(patience, "the table has the same figures", `document.querySelectorAll(".map-table tbody tr").length === 9 && document.querySelector(".map-table tbody tr:nth-child(4)").innerText.includes("5.77 KiB")`)
}

// says looks for parts of what an element shows.
func (p *tab) says(css string, parts ...string) {
	p.t.Helper()
	said := p.text(css)
	for _, part := range parts {
		if !strings.Contains(said, part) {
			p.t.Errorf("%s does not say %q:\n%s", css, part, said)
		}
	}
}
