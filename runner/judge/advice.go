package judge

// Advice is the way through the decision tree that a run's measurements light.
type Advice struct {
	Rung    Rung     `json:"rung"`
	Goals   []Goal   `json:"goals"`
	Met     bool     `json:"met"`
	Signals []Signal `json:"signals"`
	Steps   []Step   `json:"steps"` // all questions, in order; those after the answer were not asked
	// Next is the rung that the run justifies, empty when it justifies none; Why
	// is the question whose answer it was, or "none".
	Next string `json:"next"`
	Why  string `json:"why"`
}

// Step is one question of the tree.
type Step struct {
	ID      string   `json:"id"`
	Signals []string `json:"signals,omitempty"` // that it looks at
	Asked   bool     `json:"asked"`
	Yes     bool     `json:"yes"`
}

// fork is a step before it is asked: its answer, and the rung to which a yes
// leads ("" where a yes leads to no rung).
type fork struct {
	id      string
	signals []string
	yes     func(from string, lit map[string]bool) bool
	next    string
}

// tree is the chapter's decision tree (22.3.1), corrected: not one ladder by the
// number of connections, but one question after the other, each with a symptom
// that was measured. Bursts are no reason for edge triggering: a drained
// level-triggered loop makes the same calls. A loop for each core, a pool and
// edges answer different questions, so that none stands below another. Where a
// simpler cure exists, such as a sharded lock, a yes leads to no rung.
func tree() []fork {
	on := func(ids ...string) func(string, map[string]bool) bool {
		return func(_ string, lit map[string]bool) bool {
			for _, id := range ids {
				if !lit[id] {
					return false
				}
			}
			return true
		}
	}
	from := func(rungs map[string]bool, test func(string, map[string]bool) bool) func(string, map[string]bool) bool {
		return func(rung string, lit map[string]bool) bool { return rungs[rung] && test(rung, lit) }
	}
	loops := map[string]bool{"level": true, "edge": true, "loops": true, "uring": true}
	return []fork{
		{"copying", []string{"copying"}, func(rung string, lit map[string]bool) bool { return lit["copying"] && rung != "zerocopy" }, "zerocopy"},
		{"alone", []string{"waiting"}, from(map[string]bool{"one": true}, on("waiting")), "threads"},
		{"threads", []string{"threads", "switches"}, from(map[string]bool{"threads": true}, func(_ string, lit map[string]bool) bool {
			return lit["threads"] || lit["switches"]
		}), "level"},
		{"locks", []string{"locks"}, on("locks"), ""},
		{"stall", []string{"stall"}, from(loops, on("stall")), "pool"},
		{"wakeups", []string{"wakeups"}, from(map[string]bool{"level": true}, on("wakeups")), "edge"},
		{"core", []string{"cpu", "idle"}, func(rung string, lit map[string]bool) bool {
			return lit["cpu"] && lit["idle"] && rung != "loops" && rung != "threads"
		}, "loops"},
		{"host", []string{"cpu"}, on("cpu"), ""},
	}
}

// Advise asks the tree about a run of a rung.
func Advise(rung Rung, m Measured, o Objective) Advice {
	a := Advice{Rung: rung, Why: "none"}
	a.Goals, a.Met = m.goals(o)
	var lit map[string]bool
	a.Signals, lit = m.lights()
	a.Steps = []Step{{ID: "met", Asked: true, Yes: a.Met}}
	done := a.Met
	if done {
		a.Why = "met"
	}
	for _, q := range tree() {
		s := Step{ID: q.id, Signals: q.signals, Asked: !done}
		if s.Asked && q.yes(rung.ID, lit) {
			s.Yes, done = true, true
			a.Next, a.Why = q.next, q.id
		}
		a.Steps = append(a.Steps, s)
	}
	return a
}

// Tried is a rung with the run that was made of it under one load, if any.
type Tried struct {
	Rung Rung   `json:"rung"`
	Cost int    `json:"cost"`
	Run  string `json:"run,omitempty"`
	Met  bool   `json:"met"`
	// Justified says that some cheaper rung was tried under the same load and
	// missed the objective, and none that was tried met it.
	Justified bool   `json:"justified"`
	Goals     []Goal `json:"goals,omitempty"`
}

// Climb says of each rung whether its run meets the objective and whether the
// cheaper ones justify it, and returns the winner: the cheapest that meets it,
// empty when none does. runs has a run for each rung that was tried.
func Climb(runs map[string]Measured, ids map[string]string, o Objective) (ladder []Tried, winner string) {
	missed, met := false, false
	for _, rung := range Rungs() {
		t := Tried{Rung: rung, Cost: rung.Cost(), Run: ids[rung.ID]}
		if m, ok := runs[rung.ID]; ok {
			t.Goals, t.Met = m.goals(o)
			t.Justified = missed && !met || rung.ID == "one"
			if t.Met && winner == "" {
				winner = rung.ID
			}
			met = met || t.Met
			missed = missed || !t.Met
		}
		ladder = append(ladder, t)
	}
	return ladder, winner
}
