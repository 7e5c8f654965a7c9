package site

import (
	"maps"
	"net/http"
	"slices"
	"strings"

	"socketlabs/content"
	"socketlabs/labs"
	"socketlabs/runner"
)

// runView is a recording in the list of all.
type runView struct {
	runner.Summary
	Lesson  content.Text // its title; its name when it is not here
	Title   content.Text // of the experiment
	Changed string       // settings that differ from the experiment's
	Held    int          // checks that passed
	Who     string       // the learner who asked for it; empty: whose page it is
	Unnamed bool         // it has a name of theirs, which is not told
}

// runsPage lists every recording.
func (s *Site) runsPage(w http.ResponseWriter, r *http.Request) error {
	e := s.shelf.edition()
	p := s.page(r, e)
	v, numbers := s.visitor(r), s.numbers()
	runs := s.listed(v)
	if v.role == owns {
		runs = s.everybodys()
		for i, sum := range runs {
			runs[i] = s.veiled(sum)
		}
	}
	if who := r.URL.Query().Get("who"); v.role == owns && who != "" {
		runs = slices.DeleteFunc(runs, func(sum runner.Summary) bool { return asker(sum) != who })
		p.Of = s.whose(p, numbers, who)
	}
	p.Runs = runViews(e, s.faces.current(), runs)
	for i, run := range p.Runs {
		by := asker(run.Summary)
		p.Runs[i].Who = s.whose(p, numbers, by)
		if p.Nameless && by != "" && run.Name != "" { // what somebody wrote may name them
			p.Runs[i].Name, p.Runs[i].Unnamed = "", true
		}
	}
	if s.again(w, r, p, p.Runs, p.Of, p.Progress) {
		return nil
	}
	return s.show(w, r, http.StatusOK, "runs", p, &pageData{})
}

// whose is what a page calls a learner; empty for the owner.
func (s *Site) whose(page *page, numbers map[string]int, by string) string {
	if by == "" {
		return ""
	}
	if s.cfg.Class != nil {
		if p, ok := s.cfg.Class.Person(by); ok && page.Nameless {
			return alias(page.Lang, numbers[by])
		} else if ok {
			return p.Name
		}
	}
	return strings.ToLower(by[:min(len(by), 6)]) // of another class
}

func runViews(e *edition, f *face, runs []runner.Summary) []runView {
	out := []runView{}
	for _, sum := range runs {
		name, experiment, _ := strings.Cut(sum.Experiment, "/")
		v := runView{Summary: sum, Lesson: content.Text{Ko: name, En: name}, Title: content.Text{Ko: experiment, En: experiment}}
		if l, _, _ := e.book.Lesson(name); l != nil {
			v.Lesson = l.Title
		}
		if seed, ok := strings.CutPrefix(sum.Experiment, labs.MysteryPrefix); ok {
			v.Lesson = f.texts["mystery.title"]
			v.Title, _ = f.said("mystery.name", []any{"seed", seed})
		}
		var spec labs.Spec
		if x, err := e.book.Find(sum.Experiment); err == nil {
			v.Title, spec = x.Title, x.Spec
		}
		lab, _ := e.labs.Lab(spec.Lab)
		v.Changed = strings.Join(append(changed("-", lab.Knobs, spec.Knobs, sum.Knobs), changed("", labs.LoadSettings(), spec.Load, sum.Load)...), " ")
		for _, c := range sum.Checks {
			if c.Pass {
				v.Held++
			}
		}
		out = append(out, v)
	}
	return out
}

// changed are the settings of a run that differ from the experiment's.
func changed(dash string, all []labs.Setting, asked, given map[string]any) (out []string) {
	full := labs.Full(all, asked)
	for _, s := range all {
		if v, ok := given[s.Name]; ok && v != full[s.Name] {
			if checked, err := s.Check(v); err == nil {
				out = append(out, dash+s.Name+" "+s.Text(checked))
			}
		}
	}
	return out
}

func sortedKeys[V any](m map[string]V) []string {
	return slices.Sorted(maps.Keys(m))
}

// Total is how many bytes all recordings take.
func (p *page) Total() (sum int64) {
	for _, r := range p.Runs {
		sum += r.Bytes
	}
	return sum
}
