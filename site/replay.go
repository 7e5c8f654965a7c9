package site

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"io"
	"net/http"
	"slices"
	"strings"

	"socketlabs/content"
	"socketlabs/labs"
	"socketlabs/labs/telemetry"
	"socketlabs/runner"
)

// replayed is a page that shows one run and starts none.
type replayed struct {
	Run        runner.Summary
	Title      content.Text
	Lab        string
	Host       telemetry.Host
	Seconds    float64
	Settings   []named
	Checks     []check
	Experiment string // of a lesson that is here, else empty
	Blocks     int    // that the run had
	Offline    bool   // it is a file of its own
}

// named is a setting that the run named.
type named struct {
	Label content.Text
	Value string
}

// replayOf makes the page's data of what the recording says of itself; titles and
// sentences are the lesson's where it is here and asks the same.
func replayOf(e *edition, s runner.Summary, run telemetry.Run, spec labs.Spec) (*replayed, *pageData) {
	q := run.Question
	r := &replayed{Run: s, Title: content.Text{Ko: run.Experiment, En: run.Experiment}, Lab: run.Lab, Host: run.Host, Seconds: q.Seconds}
	sentences := map[string]prose{}
	if x, err := e.book.Find(run.Experiment); err == nil {
		r.Title, r.Experiment = x.Title, x.ID
		for _, c := range x.Checks {
			sentences[c.ID+" "+c.Expr] = prose{string(c.Text.Ko), string(c.Text.En)}
		}
	}
	for _, c := range q.Checks {
		said, ok := sentences[c.ID+" "+c.Expr]
		if !ok {
			said = prose{template.HTMLEscapeString(c.ID), template.HTMLEscapeString(c.ID)}
		}
		r.Checks = append(r.Checks, check{ID: c.ID, Expr: c.Expr, Text: said})
	}
	lab, _ := e.labs.Lab(run.Lab)
	words := e.book.Words
	r.Settings = slices.Concat(given(lab.Knobs, spec.Knobs, words.Knobs), given(labs.LoadSettings(), spec.Load, words.Settings), given(spec.ClientSettings(), spec.Client, words.Settings))
	data := &pageData{Experiments: []*experiment{}, Metrics: map[string]metric{}, Run: s.ID}
	describe(data.Metrics, words, telemetry.Catalogue())
	describe(data.Metrics, words, q.Metrics)
	units := derived(data.Metrics, words, q, spec.Units(lab))
	for i, c := range r.Checks {
		r.Checks[i].Sides = list(units.Sides(c.Expr))
	}
	v := &experiment{
		ID: "replay", Name: run.Experiment, Title: r.Title, Lab: run.Lab, Knobs: []setting{}, Faults: []faultView{},
		Warmup: q.Warmup, Seconds: q.Seconds, Windows: list(q.Windows), Charts: list(q.Charts), Watch: list(q.Watch),
		Checks: list(r.Checks), Predictions: []prediction{}, Edited: run.Edited,
	}
	if spec.Load != nil {
		v.Load = []setting{}
	}
	data.Experiments = append(data.Experiments, v)
	return r, data
}

// given lists the settings that were named, with their labels.
func given(all []labs.Setting, values map[string]any, labels map[string]content.Text) (out []named) {
	for _, name := range sortedKeys(values) {
		text := fmt.Sprint(values[name])
		if i := slices.IndexFunc(all, func(s labs.Setting) bool { return s.Name == name }); i >= 0 {
			if v, err := all[i].Check(values[name]); err == nil {
				text = all[i].Text(v)
			}
		}
		out = append(out, named{word(labels, name), text})
	}
	return out
}

// replayPage shows a run whose lesson is not here.
func (s *Site) replayPage(w http.ResponseWriter, r *http.Request, e *edition, sum runner.Summary) error {
	run, err := s.exporter().read(sum.ID, 0)
	if err != nil {
		return err
	}
	p := s.page(r, e)
	var data *pageData
	p.Replay, data = replayOf(e, sum, run.run, run.asked)
	p.Replay.Blocks = len(run.starts)
	return s.show(w, r, http.StatusOK, "replay", p, data)
}

// filePolicy is what the file may do: run the script and the style that are in
// it, and nothing else. It has no address of the network to ask.
const filePolicy = "default-src 'none'; script-src 'sha256-%s'; style-src 'sha256-%s'; img-src data: blob:; base-uri 'none'; form-action 'none'"

// replay writes a run as one file: the page's own modules and styles, and the
// run's data, block by block.
func (x *Exporter) replay(w io.Writer, s runner.Summary, run recorded, blocks []series, notes telemetry.Notes) error {
	face, e := x.faces.current(), x.shelf.edition()
	script, err := bundle(face.assets, "js/replay.js")
	if err != nil {
		return err
	}
	style := face.style("app", "lesson", "bench")
	if ends(script, "</script") || ends(script, "<!--") || ends(style, "</style") {
		return errors.New("site: a module or the style would end its own element")
	}
	p := &page{Lang: languages[0], Version: x.version, Linux: linux, Book: e.book}
	var data *pageData
	p.Replay, data = replayOf(e, s, run.run, run.asked)
	p.Replay.Offline, p.Replay.Blocks = true, len(run.starts)
	data.Lang, data.Version, data.Linux, data.Text, data.Offline = p.Lang, p.Version, linux, face.spoken("replay", false), true
	data.Words = labels(e.book.Words)
	if p.Data, err = island(data); err != nil {
		return err
	}
	series, err := island(map[string]any{"blocks": blocks, "notes": notes})
	if err != nil {
		return err
	}
	t, err := face.page("file")
	if err != nil {
		return err
	}
	var b bytes.Buffer
	err = t.Execute(&b, map[string]any{
		"page": p, "series": series, "policy": fmt.Sprintf(filePolicy, hashed(script), hashed(style)),
		"script": template.HTML("<script>" + script + "</script>"), // our own modules, whose hash the policy has
		"style":  template.HTML("<style>" + style + "</style>"),
	})
	if err != nil {
		return err
	}
	_, err = w.Write(b.Bytes())
	return err
}

// island is data inside a script element: <, > and & are escaped.
func island(v any) (template.JS, error) {
	text, err := json.Marshal(v)
	return template.JS(text), err
}

func ends(text, tag string) bool { return strings.Contains(strings.ToLower(text), tag) }

// hashed is a source of a Content-Security-Policy.
func hashed(text string) string {
	sum := sha256.Sum256([]byte(text))
	return base64.StdEncoding.EncodeToString(sum[:])
}
