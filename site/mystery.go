package site

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"socketlabs/content"
	"socketlabs/labs"
	"socketlabs/labs/telemetry"
	"socketlabs/runner"
)

// mysteryLesson stands for a lesson in the addresses of mysteries' runs; the
// experiment is the seed.
const mysteryLesson = "mystery"

// mysteryView is what the page of a mystery shows.
type mysteryView struct {
	Seed, Next int
	Faults     []string // the answers, in one order for all
	Metrics    []mysteryMetric
	Seconds    float64
	Solved     *Solved // nil until the answer is given
}

type mysteryMetric struct {
	Name  string
	Label content.Text
}

// Solved is the answer that was given to a mystery, and what it was worth.
type Solved struct {
	Answer runner.Answer `json:"answer"`
	Marks  runner.Marks  `json:"marks"`
	Recipe string        `json:"recipe"` // what was run, as commands are written
	Run    string        `json:"run"`
	When   time.Time     `json:"when"`
}

// seedIn reads a seed and its mystery; errNotFound where there is none.
func seedIn(text string) (int, labs.Mystery, labs.Spec, error) {
	seed, err := strconv.Atoi(text)
	if err != nil || strconv.Itoa(seed) != text {
		return 0, labs.Mystery{}, labs.Spec{}, errNotFound
	}
	m, spec, err := labs.MysteryOf(seed)
	if err != nil {
		err = errNotFound
	}
	return seed, m, spec, err
}

// mysteryPage shows a mystery: without a seed the first that is not solved.
func (s *Site) mysteryPage(w http.ResponseWriter, r *http.Request) error {
	v, text := s.visitor(r), r.URL.Query().Get("seed")
	if text == "" {
		text = strconv.Itoa(unsolved(v.progress, 0))
	}
	seed, _, spec, err := seedIn(text)
	if err != nil {
		return err
	}
	e := s.shelf.edition()
	p := s.page(r, e)
	x := mysteryBench(seed, spec, s.listed(v))
	if s.again(w, r, p, seed, x.Latest, p.Progress) {
		return nil
	}
	metrics := map[string]metric{}
	describe(metrics, e.book.Words, telemetry.Catalogue())
	p.Mystery = &mysteryView{Seed: seed, Next: unsolved(v.progress, seed+1), Faults: labs.MysteryIDs(), Seconds: spec.Seconds,
		Solved: v.progress.solved(text), Metrics: provable(e.book.Words)}
	for _, m := range p.Mystery.Metrics {
		if strings.HasPrefix(m.Name, "lab.") {
			metrics[m.Name] = metric{telemetry.KindCounter, "", m.Label}
		}
	}
	for _, gauge := range []string{"lab.open", "lab.pending", "lab.held_bytes", "lab.queue", "lab.busy"} {
		metrics[gauge] = metric{telemetry.KindGauge, "", word(e.book.Words.Metrics, gauge)}
	}
	derived(metrics, e.book.Words, telemetry.Question{Derive: spec.Derive, Watch: spec.Watch, Charts: spec.Charts}, nil)
	return s.show(w, r, http.StatusOK, "mystery", p, &pageData{Lesson: mysteryLesson, Experiments: []*experiment{x}, Metrics: metrics})
}

// mysteryBench is the bench of a mystery: one face for all of them.
func mysteryBench(seed int, spec labs.Spec, runs []runner.Summary) *experiment {
	name := strconv.Itoa(seed)
	charts := labs.MysteryCharts()
	for i := range charts {
		if charts[i].Group == "calls" {
			charts[i].Metrics = append(charts[i].Metrics, "lab.wakeups")
		}
	}
	x := &experiment{ID: name, Name: spec.Name, Title: content.Text{Ko: "수수께끼 " + name, En: "Mystery " + name},
		Knobs: []setting{}, Faults: []faultView{}, Seconds: spec.Seconds, Windows: []telemetry.Window{}, Charts: charts,
		Watch: labs.MysteryWatch(), Checks: []check{}, Predictions: []prediction{}}
	x.Latest = latest(runs, spec)
	return x
}

// provable are the metrics that can be marked: what any of the proofs names, and
// as many that prove nothing.
func provable(words content.Words) []mysteryMetric {
	names := []string{"load.requests", "load.p50", "load.oldest", "load.errors", "kernel.recvq", "kernel.sendq", "kernel.notsent",
		"kernel.rwnd_limited", "kernel.rtt", "kernel.retransmits", "kernel.accept_queue", "kernel.close_wait", "kernel.time_wait",
		"kernel.established", "kernel.cpu", "kernel.threads", "kernel.switches", "kernel.fds", "kernel.rss", "kernel.reads", "kernel.writes",
		"kernel.disk_written", "host.busy", "host.steal", "host.listen_overflows", "lab.wakeups", "lab.reads", "lab.pending", "lab.emfile", "lab.held_bytes",
		"lab.queue", "lab.busy", "lab.lock_wait", "lab.contended", "lab.disk_wait", "lab.syncs", "lab.upstream_wait", "lab.upstream_calls"}
	var out []mysteryMetric
	for _, n := range names {
		out = append(out, mysteryMetric{n, word(words.Metrics, n)})
	}
	return out
}

// unsolved returns the first seed from on that has no answer.
func unsolved(p *progress, from int) int {
	for seed := from; seed <= labs.MaxSeed; seed++ {
		if !p.answered(strconv.Itoa(seed)) {
			return seed
		}
	}
	return 0
}

// startMystery begins a run of a mystery: nothing of it can be turned.
func (s *Site) startMystery(w http.ResponseWriter, r *http.Request, o order) error {
	_, _, spec, err := seedIn(o.Experiment)
	if err != nil {
		return err
	}
	if len(o.Settings)+len(o.Faults)+len(o.Predictions)+len(o.Skipped) > 0 {
		return errSealed
	}
	v := s.visitor(r)
	run, err := s.cfg.Runner.Start(spec, v.asking()...)
	if err != nil {
		return s.refused(v, err)
	}
	s.begun(v, run, spec)
	w.Header().Set("Location", "/api/runs/"+run.ID())
	return reply(w, http.StatusCreated, map[string]string{"id": run.ID()})
}

// answerMystery marks the answer to a mystery by its latest finished run, and
// tells what it was. There is one answer.
func (s *Site) answerMystery(w http.ResponseWriter, r *http.Request) error {
	var a runner.Answer
	if err := decode(r, &a); err != nil {
		return err
	}
	v, text := s.visitor(r), r.PathValue("seed")
	_, m, spec, err := seedIn(text)
	if err != nil {
		return err
	}
	if v.progress.answered(text) {
		return errAnswered
	}
	all := s.listed(v)
	id, runs := newestOf(all, spec.Name), runner.Tries(all, spec.Name)
	if id == "" {
		return errUnrun
	}
	patient, err := s.patients.of(s.cfg.Runner, id)
	if err != nil {
		return err
	}
	marks, err := patient.Mark(m, a, runs)
	if errors.Is(err, runner.ErrAnswer) {
		return &refusal{err: errGuess, field: "fault", text: content.Text{Ko: "목록에 있는 고장을 고르세요.", En: "Choose a fault of the list."}}
	}
	if err != nil {
		return err
	}
	solved := Solved{Answer: a, Marks: marks, Recipe: s.recipe(spec), Run: id, When: time.Now()}
	if err := v.progress.solve(text, solved); err != nil {
		return err
	}
	s.reveal(v, spec.Name)
	return reply(w, http.StatusOK, solved)
}

// newestOf returns the newest finished run of that name; empty: there is none.
func newestOf(all []runner.Summary, name string) string {
	for _, sum := range all {
		if sum.Experiment == name && sum.Phase == telemetry.Finished {
			return sum.ID
		}
	}
	return ""
}

// reveal forgets what was kept of a mystery's runs while they were sealed.
func (s *Site) reveal(v visitor, name string) {
	for _, sum := range s.listed(v) {
		if sum.Experiment == name {
			s.series.forget(sum.ID)
		}
	}
}

// recipe writes what a mystery ran: the server with its knobs, its load, and
// what its clients did.
func (s *Site) recipe(spec labs.Spec) string {
	lab, _ := s.shelf.edition().labs.Lab(spec.Lab)
	lines := []string{strings.Join(append([]string{"labs/" + spec.Lab}, spec.Args(lab)...), " ")}
	load := "load"
	for _, k := range labs.LoadSettings() {
		if v, ok := spec.Load[k.Name]; ok {
			load += " " + k.Name + "=" + k.Text(v)
		}
	}
	for _, k := range spec.ClientSettings() {
		if v, ok := spec.Client[k.Name]; ok {
			load += " " + k.Name + "=" + k.Text(v)
		}
	}
	lines = append(lines, load)
	for _, f := range spec.Faults {
		line := fmt.Sprintf("fault %s at=%g", f.Kind, f.At)
		kind, _ := labs.FaultNamed(f.Kind)
		for _, k := range kind.Settings {
			if v, ok := f.With[k.Name]; ok {
				line += " " + k.Name + "=" + k.Text(v)
			}
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}
