package site

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"socketlabs/content"
	"socketlabs/labs"
	"socketlabs/labs/telemetry"
	"socketlabs/runner"
	"socketlabs/runner/judge"
)

// treePage is the decision tree with a run in it.
type treePage struct {
	Runs          []treeRun
	Run           *treeRun
	P99, Answered string // as typed: milliseconds, percent
	Wrong         string // which of them cannot be read: p99, answered
	Advice        judge.Advice
	Next          *treeRung
	Ladder        []treeRung
	Winner        string
}

// treeRun is a run that can be asked about.
type treeRun struct {
	runner.Summary
	Rung   judge.Rung
	Title  content.Text
	Lesson string
	load   string // runs under the same load have the same
	ask    map[string]any
}

// treeRung is a rung beside what was tried of it.
type treeRung struct {
	judge.Tried
	Lesson  string // that teaches it
	Command string // that runs it under the same load
}

// Objectives when none is named.
const (
	defaultP99      = "10"
	defaultAnswered = "99"
)

// tree shows the decision tree: the run that the address names, or the newest.
func (s *Site) tree(w http.ResponseWriter, r *http.Request) error {
	e := s.shelf.edition()
	p := s.page(r, e)
	runs := treeRuns(e, s.listed(s.visitor(r)))
	t := &treePage{Runs: runs[:min(len(runs), 40)]}
	o := t.objective(r)
	if i := slices.IndexFunc(runs, func(x treeRun) bool { return x.ID == r.FormValue("run") }); i >= 0 {
		t.Run = &runs[i]
	} else if len(runs) > 0 {
		t.Run = &runs[0]
	}
	if t.Run != nil {
		t.climb(e, runs, o)
	}
	p.Tree = t
	if s.again(w, r, p, t, p.Progress) {
		return nil
	}
	return s.show(w, r, http.StatusOK, "tree", p, &pageData{})
}

// objective reads what the server is to do. What cannot be read is named, and
// the default is used.
func (t *treePage) objective(r *http.Request) judge.Objective {
	t.P99, t.Answered = cmp.Or(r.FormValue("p99"), defaultP99), cmp.Or(r.FormValue("answered"), defaultAnswered)
	read := func(name, text, instead string, most float64) float64 {
		v, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
		if err != nil || !(v > 0 && v <= most) {
			t.Wrong = name
			v, _ = strconv.ParseFloat(instead, 64)
		}
		return v
	}
	return judge.Objective{
		P99:      read("p99", t.P99, defaultP99, 60_000) / 1000,
		Answered: read("answered", t.Answered, defaultAnswered, 100) / 100,
	}
}

// treeRuns are the runs of the ladder's servers that prove something.
func treeRuns(e *edition, runs []runner.Summary) (list []treeRun) {
	for _, run := range runs {
		if t, ok := onLadder(e, run); ok {
			list = append(list, t)
		}
	}
	return list
}

// onLadder says whether a run is of a server of the ladder, unchanged, made
// here, and can be believed.
func onLadder(e *edition, run runner.Summary) (t treeRun, ok bool) {
	lab, known := e.labs.Lab(run.Lab)
	if !known || run.Phase != telemetry.Finished || run.Trust == "void" || run.Command != nil || run.Load == nil || run.Imported != nil {
		return t, false
	}
	rung, ok := judge.RungOf(run.Lab, labs.Full(lab.Knobs, run.Knobs)["model"])
	if !ok {
		return t, false
	}
	t = treeRun{Summary: run, Rung: rung, Title: content.Text{Ko: run.Experiment, En: run.Experiment}, ask: labs.Full(labs.LoadSettings(), run.Load)}
	t.Lesson, _, _ = strings.Cut(run.Experiment, "/")
	if x, err := e.book.Find(run.Experiment); err == nil {
		t.Title = x.Title
	}
	for _, k := range labs.LoadSettings() {
		t.load += fmt.Sprint(t.ask[k.Name], " ")
	}
	return t, true
}

func (t treeRun) measured() judge.Measured {
	return judge.Measured{Metrics: t.Metrics, Ask: t.ask, Seconds: t.Seconds, Cores: t.Cores}
}

// climb asks the tree about the run, and sets beside it what was tried under the
// same load: of each rung the newest run.
func (t *treePage) climb(e *edition, runs []treeRun, o judge.Objective) {
	t.Advice = judge.Advise(t.Run.Rung, t.Run.measured(), o)
	tried, ids := map[string]judge.Measured{t.Run.Rung.ID: t.Run.measured()}, map[string]string{t.Run.Rung.ID: t.Run.ID}
	for _, x := range runs {
		if _, have := tried[x.Rung.ID]; !have && x.load == t.Run.load {
			tried[x.Rung.ID], ids[x.Rung.ID] = x.measured(), x.ID
		}
	}
	ladder, winner := judge.Climb(tried, ids, o)
	t.Winner = winner
	for _, x := range ladder {
		v := treeRung{Tried: x}
		v.Lesson, v.Command = howToRun(e, x.Rung, t.Run)
		t.Ladder = append(t.Ladder, v)
		if x.Rung.ID == t.Advice.Next {
			t.Next = &t.Ladder[len(t.Ladder)-1]
		}
	}
}

// howToRun finds the lesson that teaches a rung, and the command that runs its
// server under the load of another run; none for a load that it does not speak.
func howToRun(e *edition, rung judge.Rung, like *treeRun) (lesson, command string) {
	for _, part := range e.book.Parts {
		for _, l := range part.Lessons {
			for _, x := range l.Experiments {
				if x.Spec.Lab != rung.Lab || x.Spec.Load == nil {
					continue
				}
				lesson = cmp.Or(lesson, l.ID)
				if len(x.Spec.Faults) > 0 || labs.Full(labs.LoadSettings(), x.Spec.Load)["client"] != like.ask["client"] {
					continue
				}
				command = "labs run " + x.Spec.Name
				if rung.Model != "" {
					command += " --set knob.model=" + rung.Model
				}
				return lesson, command + likeLoad(x.Spec, like)
			}
		}
	}
	return lesson, ""
}

// likeLoad are the flags that give an experiment another run's load and length.
func likeLoad(spec labs.Spec, like *treeRun) string {
	var flags strings.Builder
	own := labs.Full(labs.LoadSettings(), spec.Load)
	for _, k := range labs.LoadSettings() {
		if v := like.ask[k.Name]; v != own[k.Name] {
			fmt.Fprintf(&flags, " --set load.%s=%s", k.Name, k.Text(v))
		}
	}
	if like.Seconds != spec.Seconds {
		fmt.Fprintf(&flags, " --for %gs", like.Seconds)
	}
	return flags.String()
}

// shownSignal prints a signal's value and bound as people read them.
func shownSignal(id string, v float64) string {
	switch id {
	case "copying":
		return content.Format(v, "KiB")
	case "cpu", "locks":
		return content.Format(v, "%")
	}
	return content.Format(v, "")
}

// shownGoal prints a goal's value and bound.
func shownGoal(id string, v float64) string {
	if id == "p99" {
		return content.Format(v, "ms")
	}
	return content.Format(v, "%")
}
