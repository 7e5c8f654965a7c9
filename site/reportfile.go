package site

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"socketlabs/content"
	"socketlabs/site/workshop"
)

// asked for a file of the class: in which language, and whether without names.
func (s *Site) reportOf(r *http.Request) (lang string, hidden bool, err error) {
	if s.cfg.Class == nil {
		return "", false, errNoClass
	}
	lang = r.FormValue("lang")
	if !spoken(lang) {
		lang = preferred(r)
	}
	return lang, r.FormValue("names") == "hidden", nil
}

// reportName is what a file of the class is called: workshop-2026-11-26-people.csv.
func reportName(rest string) string { return "workshop-" + time.Now().Format("2006-01-02") + rest }

// reportFile is the report as one file, which needs no network and no script.
func (s *Site) reportFile(w http.ResponseWriter, r *http.Request) error {
	lang, hidden, err := s.reportOf(r)
	if err != nil {
		return err
	}
	e, face := s.shelf.edition(), s.faces.current()
	style := face.style("app", "workshop")
	if ends(style, "</style") {
		return errors.New("site: the style would end its own element")
	}
	p := &page{Lang: lang, Version: s.cfg.Version, Book: &content.Book{}, Report: s.report(e, lang, hidden)}
	p.Report.File = true
	t, err := face.page("report-file")
	if err != nil {
		return err
	}
	var b bytes.Buffer
	err = t.Execute(&b, map[string]any{"page": p, "policy": fmt.Sprintf(reportPolicy, hashed(style)), "style": template.HTML("<style>" + style + "</style>")}) // our own style, whose hash the policy has
	if err != nil {
		return err
	}
	attach(w, reportName(".html"), "text/html; charset=utf-8")
	w.Write(b.Bytes()) // an error means that whoever asked has left
	return nil
}

// reportPolicy is what the file may do: be styled by the style in it, and nothing else.
const reportPolicy = "default-src 'none'; style-src 'sha256-%s'; base-uri 'none'; form-action 'none'"

// bom says UTF-8 to spreadsheets, which take Korean for something else without it.
const bom = "\ufeff"

// reportCSV is a table of the class for spreadsheets (RFC 4180): ?of=people, the default,
// runs or predictions.
func (s *Site) reportCSV(w http.ResponseWriter, r *http.Request) error {
	lang, hidden, err := s.reportOf(r)
	if err != nil {
		return err
	}
	of := r.FormValue("of")
	if of == "" {
		of = "people"
	}
	e := s.shelf.edition()
	people := s.attended(e, lang, hidden)
	var rows [][]any
	switch of {
	case "people":
		rows = peopleRows(e, lang, people)
	case "runs":
		rows = runRows(lang, people)
	case "predictions":
		rows = predictionRows(e, lang, people)
	default:
		return &refusal{err: errRequest, field: "of"}
	}
	attach(w, reportName("-"+of+".csv"), "text/csv; charset=utf-8")
	writeTable(w, rows) // an error means that whoever asked has left
	return nil
}

// writeTable writes cells: texts that a spreadsheet cannot take for formulas, and
// numbers as numbers.
func writeTable(w io.Writer, rows [][]any) error {
	if _, err := io.WriteString(w, bom); err != nil {
		return err
	}
	out := csv.NewWriter(w)
	out.UseCRLF = true
	for _, row := range rows {
		cells := make([]string, len(row))
		for i, v := range row {
			switch v := v.(type) {
			case nil:
			case string:
				cells[i] = harmless(v)
			case int:
				cells[i] = strconv.Itoa(v)
			case float64:
				cells[i] = strconv.FormatFloat(v, 'g', -1, 64)
			case bool:
				cells[i] = strconv.Itoa(map[bool]int{true: 1}[v])
			case time.Time:
				cells[i] = v.Local().Format("2006-01-02 15:04:05")
			default: // a drawn curve
				text, _ := json.Marshal(v)
				cells[i] = harmless(string(text))
			}
		}
		out.Write(cells) // errors stay in out
	}
	out.Flush()
	return out.Error()
}

// heads are the titles of a table's columns.
func heads(lang string, keys ...string) []any {
	row := make([]any, len(keys))
	for i, k := range keys {
		row[i] = Said(lang, "report.col."+k)
	}
	return row
}

func peopleRows(e *edition, lang string, people []workshop.Took) [][]any {
	rows := [][]any{heads(lang, "name", "joined", "where", "lessons", "runs", "proving", "held", "answered", "right", "wrong", "raised")}
	for _, p := range workshop.NewReport(people, nil, nil).People {
		var visited []string
		for _, l := range e.inOrder(p.Lessons) {
			visited = append(visited, inLanguage(lang, e.titled(l)))
		}
		rows = append(rows, []any{p.Name, p.Joined, inLanguage(lang, e.titled(p.Lesson)), strings.Join(visited, "; "), p.Runs, p.Proving, p.Held, p.Answered, p.Right, p.Wrong, p.Raised})
	}
	return rows
}

func runRows(lang string, people []workshop.Took) [][]any {
	rows := [][]any{heads(lang, "name", "began", "experiment", "phase", "trust", "proves", "checks", "held", "run")}
	for _, p := range people {
		for _, run := range p.Runs {
			held := 0
			for _, c := range run.Checks {
				if c.Pass {
					held++
				}
			}
			rows = append(rows, []any{p.Name, run.Began, run.Experiment, run.Phase, run.Trust, run.Proves, len(run.Checks), held, run.ID})
		}
	}
	return rows
}

func predictionRows(e *edition, lang string, people []workshop.Took) [][]any {
	rows := [][]any{heads(lang, "name", "prediction", "given", "measured", "right")}
	for _, p := range people {
		first := p.Answered()
		for _, name := range e.inOrder(sortedKeys(p.Given)) {
			row := []any{p.Name, name, p.Given[name], nil, nil}
			if g, ok := first[name]; ok {
				row[3] = g.Answer
				if g.Given != nil {
					row[4] = g.Right
				}
			}
			rows = append(rows, row)
		}
	}
	return rows
}

func inLanguage(lang string, t content.Text) string {
	if lang == "ko" {
		return t.Ko
	}
	return t.En
}

// reportLines is everything as JSON lines, one object a line with its kind: class,
// person, run, answer, vote, ballot and hand. The README has their fields.
func (s *Site) reportLines(w http.ResponseWriter, r *http.Request) error {
	lang, hidden, err := s.reportOf(r)
	if err != nil {
		return err
	}
	e := s.shelf.edition()
	people := s.attended(e, lang, hidden)
	votes, ballots := s.votes()
	names := map[string]string{} // of ids as the store has them
	for i, p := range s.pupils() {
		if i < len(people) {
			names[p.ID] = people[i].ID
		}
	}
	attach(w, reportName(".jsonl"), "application/x-ndjson; charset=utf-8")
	lines := json.NewEncoder(w)
	say := func(kind string, v map[string]any) {
		v["kind"] = kind
		lines.Encode(v) // an error means that whoever asked has left
	}
	door := s.cfg.Class.Door()
	say("class", map[string]any{"name": door.Name, "schema": 1, "made": time.Now().UTC(), "until": door.Until, "names": !hidden})
	for _, p := range people {
		say("person", map[string]any{"person": p.ID, "name": p.Name, "joined": p.Joined, "removed": p.Removed, "lesson": p.Lesson, "checks": list(p.Held)})
		for _, run := range p.Runs {
			say("run", map[string]any{"person": p.ID, "run": run.ID, "experiment": run.Experiment, "began": run.Began, "phase": run.Phase,
				"trust": run.Trust, "proves": run.Proves, "checks": list(run.Checks), "predictions": list(run.Guesses)})
		}
		for _, name := range e.inOrder(sortedKeys(p.Given)) {
			say("answer", map[string]any{"person": p.ID, "prediction": name, "given": p.Given[name]})
		}
		for _, h := range p.Hands {
			say("hand", map[string]any{"person": p.ID, "n": h.N, "text": h.Text, "state": h.State, "at": h.At, "lesson": h.Lesson, "run": h.Run, "answer": h.Answer})
		}
	}
	for _, v := range votes {
		say("vote", map[string]any{"vote": v.ID, "prediction": v.Question, "state": v.State, "began": v.Began})
		for _, id := range sortedKeys(ballots[v.ID]) {
			if names[id] != "" {
				say("ballot", map[string]any{"vote": v.ID, "person": names[id], "first": ballots[v.ID][id].First, "second": ballots[v.ID][id].Second})
			}
		}
	}
	return nil
}
