package site

import (
	"math"
	"net/http"
	"slices"

	"socketlabs/labs/telemetry"
	"socketlabs/site/workshop"
)

// outcome is how a prediction came out in the class's runs, beside what was voted.
type outcome struct {
	question
	People  int                       `json:"people"`              // in the class
	Played  int                       `json:"simulated,omitempty"` // of them, by a rehearsal
	Void    int                       `json:"void,omitempty"`      // have run it, and none of their runs proves something
	Came    workshop.Distribution     `json:"came"`                // of each person's newest run that proves something
	Median  *float64                  `json:"median,omitempty"`
	Quarter *[2]float64               `json:"quarters,omitempty"` // the first and the third
	Spread  *[2]workshop.Distribution `json:"spread,omitempty"`   // of the newest vote on it, if that is shown
	Given   *workshop.Distribution    `json:"given,omitempty"`    // of answers that runs have committed, if there was no vote on it
}

// results are everybody's measured results of a prediction, and nothing of whose they are.
func (s *Site) results(w http.ResponseWriter, r *http.Request) error {
	if s.cfg.Class == nil {
		return errNoClass
	}
	name := r.PathValue("lesson") + "/" + r.PathValue("experiment") + "/" + r.PathValue("prediction")
	e := s.shelf.edition()
	x, p, err := e.asked(name)
	if err != nil {
		return err
	}
	m := outcome{question: s.inWords(e, name)}
	of, void := map[string]bool{}, map[string]bool{}
	for _, person := range s.cfg.Class.People() {
		of[person.ID] = true
		if person.Simulated {
			m.Played++
		}
	}
	m.People = len(of)
	for _, sum := range s.everybodys() { // the newest first
		if !of[asker(sum)] || sum.Experiment != x.Spec.Name || sum.Phase != telemetry.Finished || sum.Command != nil {
			continue
		}
		if sum.Trust == "void" {
			void[asker(sum)] = true
			continue
		}
		i := slices.IndexFunc(sum.Guesses, func(g telemetry.Guess) bool { return g.ID == p.ID })
		if i < 0 || sum.Guesses[i].Answer == nil {
			continue
		}
		of[asker(sum)] = false
		delete(void, asker(sum))
		m.Came.Add(sum.Guesses[i].Answer)
	}
	m.Void = len(void)
	m.sum()
	voted := false
	for _, v := range s.cfg.Class.Votes() {
		if v.Question == name {
			voted = true
			if v.Spread != nil {
				m.Spread = v.Spread
			}
		}
	}
	if !voted {
		m.Given = s.committed(name, sortedKeys(of))
	}
	return reply(w, http.StatusOK, m)
}

// committed is how these people answered a prediction on their own pages: what a run has
// committed, and nothing that can still be changed.
func (s *Site) committed(name string, people []string) *workshop.Distribution {
	var d workshop.Distribution
	for _, id := range people {
		if g := s.progressOf(id).guess(name); g.Run != "" {
			d.Add(g.Given)
		}
	}
	slices.Sort(d.Numbers)
	return &d
}

// sum finds the middle and the spread of numbers.
func (m *outcome) sum() {
	n := m.Came.Numbers
	if len(n) == 0 {
		return
	}
	slices.Sort(n)
	middle := quantile(n, 0.5)
	m.Median, m.Quarter = &middle, &[2]float64{quantile(n, 0.25), quantile(n, 0.75)}
}

// quantile is that of sorted numbers, linear between neighbours (Hyndman and Fan 1996,
// type 7).
func quantile(sorted []float64, q float64) float64 {
	at := q * float64(len(sorted)-1)
	low := int(math.Floor(at))
	high := min(low+1, len(sorted)-1)
	return sorted[low] + (at-float64(low))*(sorted[high]-sorted[low])
}
