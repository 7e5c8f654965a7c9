package main

import (
	"archive/zip"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// TestLongPageAClassFromJoinToReport plays one lesson with an instructor, who begins in
// Korean and goes on in English, and three learners: they join, are brought to an
// experiment, vote twice on its prediction, run it in turn, ask, and come back on another
// device; the report and its files hold what each of them did.
func TestLongPageAClassFromJoinToReport(t *testing.T) {
	onlyLong(t)
	s := serve(t, t.TempDir(), nil, "--workshop", "Sockets")
	lead := open(t, s)
	lead.enter()
	path := lead.joinPath("ko")
	c := &class{lead: lead, names: []string{"가영", "나리", "Ben"}}
	for i, lang := range []string{"ko", "ko", "en"} {
		p := open(t, s)
		p.joins(strings.Replace(path, "/ko/", "/"+lang+"/", 1), c.names[i])
		c.codes = append(c.codes, p.text(".join-secret"))
		p.click(".button-main")
		c.learners = append(c.learners, p)
	}
	c.gather()
	c.votes()
	c.takesTurns()
	c.asks()
	c.comesBack()
	c.isReported()
}

// class is who is in one: each learner with name and resume code.
type class struct {
	lead     *tab
	learners []*tab
	names    []string
	codes    []string
}

// gather brings everybody from the list of lessons to an experiment.
func (c *class) gather() {
	c.lead.shows("#ui-lead-here", "3명이 열어 두었고 3명이")
	c.lead.pick("#ui-lead-lesson", "framing")
	c.lead.pick("#ui-lead-spot", "bundled")
	c.lead.click(`[data-lead=here]`)
	for i, p := range c.learners {
		p.until(patience, c.names[i]+" comes along", `location.pathname.endsWith("/framing") && location.hash === "#bundled" && document.querySelector("#ui-note [data-do=predict]")`)
	}
}

// votes asks for the number that the run will measure, before and after they have talked.
func (c *class) votes() {
	c.lead.pick("#ui-lead-ask", "framing/bundled/together")
	c.lead.click(`[data-lead=vote]`)
	c.answer("1", "5", "1000")
	c.lead.shows("#ui-lead-vote", "3명이 답함")
	c.lead.click(`[data-lead=step]`)
	c.learners[0].shows("#ui-vote", "옆 사람과 이야기해")
	c.lead.click(`[data-lead=step]`)
	c.answer("20", "20", "1000")
	c.lead.shows("#ui-lead-vote", "2차 3명")
	c.lead.click(`[data-lead=step]`)
	c.learners[2].shows("#ui-vote", "The vote is closed.")
	if c.lead.count(".strips") != 0 {
		c.lead.t.Error("the answers are shown before the instructor shows them")
	}
	c.lead.click(`[data-lead=step]`)
	for _, p := range append(c.learners, c.lead) {
		p.until(patience, "both votes as strips, with their medians", `(() => {
			const said = [...document.querySelectorAll(".strips .strip .num")].map((e) => e.innerText.replaceAll(",", ""));
			return said.length === 2 && / 5 /.test(said[0]) && / 20 /.test(said[1]);
		})()`)
	}
	c.learners[0].accessible("ko: two votes on a number")
	c.lead.accessible("the instructor: two votes on a number")
}

// answer types a number into each learner's vote, and sends it with Enter.
func (c *class) answer(given ...string) {
	for i, p := range c.learners {
		p.until(patience, c.names[i]+" is asked", `document.querySelector("#ui-vote .vote-number input")?.checkVisibility() && !document.querySelector("#ui-vote .vote-said").innerText`)
		eval[any](p, `document.querySelector("#ui-vote .vote-number input").select()`)
		p.write(given[i])
		p.press("\r")
		p.until(patience, c.names[i]+"'s answer is in", `document.querySelector("#ui-vote .vote-said").dataset.kind === "ok"`)
	}
}

// takesTurns has all press Run while the instructor holds the machine: each is told their
// place, they are measured in turn, and the wall shows each as they see themselves.
func (c *class) takesTurns() {
	c.lead.size(1280, 720)
	c.lead.visit("/en/wall")
	c.lead.until(patience, "three seats", `document.querySelectorAll(".seat").length === 3`)
	c.lead.click("#ui-machine-pause") // so that all are in line before the first is measured
	c.lead.until(patience, "measuring is held up", `document.getElementById("ui-machine").dataset.paused === "true"`)
	for i, want := range []string{"앞에 있는 실행 0개", "앞에 있는 실행 1개", "follows the 2 ahead of it"} {
		c.learners[i].press("\x1b")
		c.learners[i].click("#ui-go")
		c.learners[i].shows("#ui-note", want)
	}
	c.lead.until(patience, "the wall has their places", `[1, 2].every((n) => [...document.querySelectorAll(".seat-why")].some((w) => w.innerText.includes(n)))`)
	c.lead.click("#ui-machine-pause")
	for i, p := range c.learners {
		if p.finish() != "finished" { // void: the page says to run it again
			p.run()
		}
		p.judged(map[string]string{"several": "pass", "none-lost": "pass"})
		c.lead.seatIs(c.names[i], "finished")
	}
	c.lead.until(patience, "the wall has everybody's checks", `[...document.querySelectorAll(".seat-checks")].every((e) => e.innerText.startsWith("2/"))`)
	c.lead.press("h")
	c.lead.until(patience, "names are hidden", `![...document.querySelectorAll(".seat-name")].some((n) => %s.includes(n.textContent))`, c.names)
	c.lead.press("h")
}

// asks has a hand raised on the run just made, and answered from the wall.
func (c *class) asks() {
	ben := c.learners[2]
	ben.click(`[data-do=hand]`)
	ben.write("Why not 1,000?")
	ben.press("\r")
	c.lead.until(patience, "the hand is on the wall", `document.querySelector(".seat[data-hand]")?.innerText.includes("Why not 1,000?")`)
	c.lead.click(".wall-lead:not(.wall-queue) > summary")
	c.lead.types("#ui-lead-hands input[name=text]", "Only 20 are under way at a time.")
	c.lead.press("\r")
	ben.shows(`[data-item=hand]`, "The instructor: Only 20 are under way at a time.")
}

// comesBack has a learner go on where nobody knows them, in the other language.
func (c *class) comesBack() {
	p := open(c.lead.t, c.lead.site)
	p.visit("/en/join")
	p.click(".join-back > summary")
	p.types("#join-resume", strings.ToLower(c.codes[0]))
	p.press("\r")
	p.until(patience, "they are in", `location.pathname === "/en/"`)
	p.lesson("/en/framing#bundled")
	p.until(patience, "their answer and what they have reached", `(() => {
		const i = document.querySelector('form[data-predict="together"] input[type=text]');
		return i?.value.replaceAll(",", "") === "20" && document.querySelector("[data-total]").innerText.startsWith("2/");
	})()`)
	p.visit("/en/me")
	if !strings.Contains(p.text(".prose-lede"), c.names[0]) {
		p.t.Errorf("on another device: %s", p.text(".prose-lede"))
	}
	taken := p.download("/api/me/recordings")
	z, err := zip.NewReader(bytes.NewReader(taken), int64(len(taken)))
	if err != nil {
		p.t.Fatal(err)
	}
	var runs int
	for _, f := range z.File {
		if strings.Contains(f.Name, "bundled") {
			runs++
		}
	}
	if runs == 0 {
		p.t.Errorf("no recording among the %d files that are taken home", len(z.File))
	}
}

// isReported reads what each did on the report's page and in its files.
func (c *class) isReported() {
	t := c.lead.t
	c.lead.size(1440, 1000)
	c.lead.visit("/en/workshop/report")
	for i, name := range c.names {
		row := eval[[]string](c.lead, `[...document.querySelectorAll("#report-people ~ .scroll-x tbody tr")].map((r) => [...r.cells].map((d) => d.innerText)).find((r) => r[0] === %s) ?? []`, name)
		if len(row) != 9 || row[4] != "2" || row[5] != "1" || i == 2 && (row[7] != "1" || row[8] != "1") {
			t.Errorf("%s in the report: %q, want 2 checks, 1 prediction, and of Ben a wrong one and a hand", name, row)
		}
	}
	for _, want := range []string{"1,000", "Why not 1,000?", "Only 20 are under way at a time."} {
		if !strings.Contains(c.lead.text("main"), want) {
			t.Errorf("the report does not say %q", want)
		}
	}
	named, hidden := string(c.lead.download("/api/class/report.html?lang=ko")), string(c.lead.download("/api/class/report.html?lang=ko&names=hidden"))
	people := string(c.lead.download("/api/class/report.csv?of=people&lang=ko"))
	for _, name := range c.names {
		if !strings.Contains(named, ">"+name+"<") || strings.Contains(hidden, ">"+name+"<") || !strings.Contains(people, "\n"+name+",") {
			t.Errorf("%s is not in the files, or in the one without names", name)
		}
	}
	c.linesHold(c.lead.download("/api/class/report.jsonl?lang=ko"))
}

// linesHold reads the JSON lines: everybody's run with both checks, answers and ballots.
func (c *class) linesHold(file []byte) {
	type line struct {
		Kind, Person, Name, Text, Phase string
		Given, First, Second            any
		Proves                          bool
		Checks                          []struct{ Pass bool }
		Answer                          *struct{ Text string }
	}
	t, of := c.lead.t, map[string][]string{} // what each did, by name
	names := map[string]string{}
	for text := range bytes.Lines(file) {
		var l line
		if bytes.Contains(text, []byte(`"kind":"person"`)) {
			var p struct{ Person, Name string } // whose checks are names
			if err := json.Unmarshal(text, &p); err != nil {
				t.Fatal(err)
			}
			names[p.Person] = p.Name
			continue
		}
		if err := json.Unmarshal(text, &l); err != nil {
			t.Fatalf("%v: %s", err, text)
		}
		did := ""
		switch {
		case l.Kind == "run" && l.Phase == "finished" && l.Proves:
			did = "run"
			for _, check := range l.Checks {
				did += fmt.Sprint(" ", check.Pass)
			}
		case l.Kind == "answer":
			did = fmt.Sprint("answer ", l.Given)
		case l.Kind == "ballot":
			did = fmt.Sprint("ballot ", l.First, " ", l.Second)
		case l.Kind == "hand" && l.Answer != nil:
			did = "hand " + l.Text + " " + l.Answer.Text
		}
		of[names[l.Person]] = append(of[names[l.Person]], did)
	}
	for name, want := range map[string][]string{
		c.names[0]: {"run true true", "answer 20", "ballot 1 20"},
		c.names[1]: {"run true true", "answer 20", "ballot 5 20"},
		c.names[2]: {"run true true", "answer 1000", "hand Why not 1,000? Only 20 are under way at a time.", "ballot 1000 1000"},
	} {
		for _, did := range want {
			if !slices.Contains(of[name], did) {
				t.Errorf("%s: %q is not among %q", name, did, of[name])
			}
		}
	}
}

// download is what a link of the page brings.
func (p *tab) download(path string) []byte {
	p.t.Helper()
	text := eval[string](p, `fetch(%s).then((r) => r.ok ? r.blob() : Promise.reject(new Error(r.status))).then((b) => new Promise((done) => {
		const r = new FileReader();
		r.onload = () => done(r.result.slice(r.result.indexOf(",") + 1));
		r.readAsDataURL(b);
	}))`, path)
	file, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		p.t.Fatal(err)
	}
	return file
}
