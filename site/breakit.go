package site

import (
	"bytes"
	"io"
	"net/http"
	"os"

	"socketlabs/content"
	"socketlabs/labs/telemetry"
	"socketlabs/runner"
	"socketlabs/runner/judge"
)

// breakView is a failure and its cure side by side: the failure's checks, on
// what was last measured of both.
type breakView struct {
	Run  breakSide  `json:"run"`
	Cure breakSide  `json:"cure"`
	Rows []breakRow `json:"rows"`
	Gone bool       `json:"gone"` // all hold on the run, and some not on the cure
	Both bool       `json:"both"` // both were measured
}

// breakSide is one of the two experiments.
type breakSide struct {
	ID       string       `json:"id"`
	Title    content.Text `json:"title"`
	Measured bool         `json:"measured"`
	Author   bool         `json:"author"` // it is the author's run, not the reader's own
}

// breakRow is one check of the failure.
type breakRow struct {
	ID   string    `json:"id"`
	Run  breakCell `json:"run"`
	Cure breakCell `json:"cure"`
}

// breakCell is the check on one side.
type breakCell struct {
	State string `json:"state"` // wait, pass, fail
	Value string `json:"value"` // measured
	Bound string `json:"bound"` // "= 5.77 KiB"
	Why   string `json:"why,omitempty"`
}

// signs are the comparisons as people write them.
var signs = map[string]string{"==": "=", "!=": "≠", "<=": "≤", ">=": "≥"}

// breakOf judges the failure's checks on both sides.
func (s *Site) breakOf(e *edition, l *content.Lesson, runs []runner.Summary, done Progress) *breakView {
	b := l.BreakIt
	if b == nil {
		return nil
	}
	v := &breakView{Run: breakSide{ID: b.Run.ID, Title: b.Run.Title}, Cure: breakSide{ID: b.Cure.ID, Title: b.Cure.Title}, Rows: []breakRow{}}
	run := s.asked(e, l, b.Run, b, runs, done, &v.Run)
	cure := s.asked(e, l, b.Cure, b, runs, done, &v.Cure)
	v.Both = v.Run.Measured && v.Cure.Measured
	lab, _ := e.labs.Lab(b.Run.Spec.Lab)
	units := judge.NewUnits(b.Run.Spec.Question(lab), b.Run.Spec.Units(lab))
	all, some := true, false
	for _, c := range b.Run.Checks {
		row := breakRow{ID: c.ID, Run: cellOf(run, c.ID, units), Cure: cellOf(cure, c.ID, units)}
		all = all && row.Run.State == "pass"
		some = some || row.Cure.State == "fail"
		v.Rows = append(v.Rows, row)
	}
	v.Gone = v.Both && all && some
	return v
}

// asked judges the newest recording of an experiment by the failure's checks.
// The author's is no hint: it stays back until the predictions are answered.
func (s *Site) asked(e *edition, l *content.Lesson, x *content.Experiment, b *content.BreakIt, runs []runner.Summary, done Progress, side *breakSide) []telemetry.Check {
	from := s.shown.source(e, l, placeholderOf{x.ID, false}, runs)
	side.Author = from.key.author != nil
	if from.key == (sourceKey{}) || side.Author && !predicted(b, done) {
		side.Author = false
		return nil
	}
	checks := from.kept.checks(from.key, b.Run, func() []telemetry.Check {
		recording, err := s.recordingOf(from.key)
		if err != nil {
			return nil
		}
		defer recording.Close()
		v, err := runner.Ask(recording, b.Run.Spec.Checks)
		if err != nil {
			return nil
		}
		return v.Checks
	})
	side.Measured = checks != nil
	return checks
}

// predicted says whether nothing of the two is left to predict.
func predicted(b *content.BreakIt, done Progress) bool {
	for _, x := range []*content.Experiment{b.Run, b.Cure} {
		for _, p := range x.Predictions {
			if _, ok := done.Guesses[x.Spec.Name+"/"+p.ID]; !ok {
				return false
			}
		}
	}
	return true
}

// allPredicted is a guess at everything that is to be predicted of the two.
func allPredicted(b *content.BreakIt) map[string]Guess {
	all := map[string]Guess{}
	if b == nil {
		return all
	}
	for _, x := range []*content.Experiment{b.Run, b.Cure} {
		for _, p := range x.Predictions {
			all[x.Spec.Name+"/"+p.ID] = Guess{Skipped: true}
		}
	}
	return all
}

// recordingOf opens a run's recording, or the author's.
func (s *Site) recordingOf(key sourceKey) (io.ReadCloser, error) {
	if key.author != nil {
		return io.NopCloser(bytes.NewReader(key.author.Author)), nil
	}
	path, err := s.cfg.Runner.Recording(key.run)
	if err != nil {
		return nil, err
	}
	return os.Open(path)
}

// cellOf is a check as it was judged.
func cellOf(checks []telemetry.Check, id string, units *judge.Units) breakCell {
	for _, c := range checks {
		if c.ID != id {
			continue
		}
		cell := breakCell{State: "fail", Value: "–", Why: c.Why}
		if c.Pass {
			cell.State = "pass"
		}
		if c.Value != nil && c.Bound != nil {
			sign, ok := signs[c.Op]
			if !ok {
				sign = c.Op
			}
			unit := units.Check(c)
			cell.Value, cell.Bound = Quantity(*c.Value, unit), sign+" "+Quantity(*c.Bound, unit)
		}
		return cell
	}
	return breakCell{State: "wait", Value: "–"}
}

// breakData is the break-it as it stands now.
func (s *Site) breakData(w http.ResponseWriter, r *http.Request) error {
	e := s.shelf.edition()
	l, _, _, err := e.find(r.PathValue("lesson"))
	if err != nil {
		return err
	}
	v := s.visitor(r)
	done := v.progress.snapshot()
	if s.cfg.exported { // the page asks for it when all is predicted
		done.Guesses = allPredicted(l.BreakIt)
	}
	b := s.breakOf(e, l, s.listed(v), done)
	if b == nil {
		return errNotFound
	}
	return reply(w, http.StatusOK, b)
}
