package site

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"sync"
	"time"

	bolt "go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"

	"socketlabs/labs/telemetry"
	"socketlabs/runner"
)

// Progress is what one reader has done. Keys are LESSON/EXPERIMENT/NAME.
type Progress struct {
	Checks  map[string]bool  `json:"checks"` // that held in a run that was not void
	Place   *Place           `json:"place"`  // where the reader was last, nil at first
	Guesses map[string]Guess `json:"guesses"`
	Help    map[string]Help  `json:"help"` // with exercises, by lesson

	Mysteries map[string]Solved `json:"mysteries"` // by seed: those that were answered
}

// Help is how far a learner has been helped with an exercise.
type Help struct {
	Hints    int  `json:"hints"`    // that were shown
	Solution bool `json:"solution"` // it was shown before the goal held
}

// Place is a section of a lesson.
type Place struct {
	Lesson  string `json:"lesson"`
	Section string `json:"section"`
}

// Guess is the committed answer to a prediction.
type Guess struct {
	Given   any       `json:"given"` // string, float64 or a curve's []float64; nil when skipped
	Skipped bool      `json:"skipped"`
	When    time.Time `json:"when"`
	Run     string    `json:"run,omitempty"` // the first that was started with it: from then on it stays
}

// progress keeps a Progress in a store and in memory.
type progress struct {
	update func(func(buckets) error) error // of the store; it may call twice
	close  func() error

	mu   sync.Mutex // guards have, and is held over a write so that both agree
	have Progress
}

// buckets are the owner's whole file, or what a workshop keeps of one learner.
type buckets interface {
	Bucket(name []byte) *bolt.Bucket
	CreateBucketIfNotExists(name []byte) (*bolt.Bucket, error)
}

// The store's buckets; their values are JSON.
var (
	checksBucket  = []byte("checks")
	placeBucket   = []byte("place")
	guessesBucket = []byte("guesses")
	helpBucket    = []byte("help")

	mysteriesBucket = []byte("mysteries")
)

// openProgress opens the store. Only one process can have it.
func openProgress(path string) (*progress, error) {
	db, err := bolt.Open(path, 0o600, &bolt.Options{Timeout: time.Second})
	if errors.Is(err, berrors.ErrTimeout) {
		return nil, fmt.Errorf("another site has the data folder %s open: use that one, end it, or name another folder with --data", filepath.Dir(path))
	}
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	p := newProgress()
	p.update = func(change func(buckets) error) error {
		return db.Update(func(tx *bolt.Tx) error { return change(tx) })
	}
	p.close = db.Close
	if err := db.View(func(tx *bolt.Tx) error { return p.load(tx) }); err != nil {
		db.Close()
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	return p, nil
}

// newProgress is that of somebody who has done nothing, and is kept nowhere.
func newProgress() *progress {
	return &progress{
		update: func(func(buckets) error) error { return errors.New("it is kept nowhere") }, close: func() error { return nil },
		have: Progress{Checks: map[string]bool{}, Guesses: map[string]Guess{}, Help: map[string]Help{}, Mysteries: map[string]Solved{}},
	}
}

// load reads the buckets that there are.
func (p *progress) load(from buckets) error {
	into := func(name []byte, take func(key string, value []byte) error) error {
		b := from.Bucket(name)
		if b == nil {
			return nil
		}
		return b.ForEach(func(k, v []byte) error { return take(string(k), v) })
	}
	return errors.Join(
		into(checksBucket, func(key string, _ []byte) error { p.have.Checks[key] = true; return nil }),
		into(placeBucket, func(_ string, v []byte) error { return json.Unmarshal(v, &p.have.Place) }),
		into(guessesBucket, func(key string, v []byte) error {
			var g Guess
			err := json.Unmarshal(v, &g)
			if points := telemetry.Numbers(g.Given); points != nil {
				g.Given = points
			}
			p.have.Guesses[key] = g
			return err
		}),
		into(helpBucket, func(lesson string, v []byte) error {
			var h Help
			err := json.Unmarshal(v, &h)
			p.have.Help[lesson] = h
			return err
		}),
		into(mysteriesBucket, func(seed string, v []byte) error {
			var m Solved
			err := json.Unmarshal(v, &m)
			p.have.Mysteries[seed] = m
			return err
		}),
	)
}

// snapshot returns a copy.
func (p *progress) snapshot() Progress {
	p.mu.Lock()
	defer p.mu.Unlock()
	return Progress{Checks: maps.Clone(p.have.Checks), Place: p.have.Place, Guesses: maps.Clone(p.have.Guesses), Help: maps.Clone(p.have.Help), Mysteries: maps.Clone(p.have.Mysteries)}
}

// guess is the answer to a prediction, LESSON/EXPERIMENT/PREDICTION; the zero Guess when
// there is none.
func (p *progress) guess(name string) Guess {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.have.Guesses[name]
}

// solved returns the answer to a mystery, nil when there is none.
func (p *progress) solved(seed string) *Solved {
	p.mu.Lock()
	defer p.mu.Unlock()
	if m, ok := p.have.Mysteries[seed]; ok {
		return &m
	}
	return nil
}

func (p *progress) answered(seed string) bool { return p.solved(seed) != nil }

// solve notes the one answer to a mystery.
func (p *progress) solve(seed string, m Solved) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, ok := p.have.Mysteries[seed]; ok {
		return errAnswered
	}
	if err := p.update(func(to buckets) error { return put(to, mysteriesBucket, seed, m) }); err != nil {
		return fmt.Errorf("progress: %w", err)
	}
	p.have.Mysteries[seed] = m
	return nil
}

// take notes the checks that held in these runs. A void run proves nothing, one
// of another server nothing about the lab, and somebody else's nothing about the
// reader.
func (p *progress) take(runs ...runner.Summary) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	held := map[string]string{} // the run, by check
	for _, run := range runs {
		if run.Phase != telemetry.Finished || run.Trust == "void" || run.Command != nil || run.Imported != nil {
			continue
		}
		for _, c := range run.Checks {
			if key := run.Experiment + "/" + c.ID; c.Pass && !p.have.Checks[key] {
				held[key] = run.ID
			}
		}
	}
	if len(held) == 0 {
		return nil
	}
	err := p.update(func(to buckets) error {
		for key, run := range held {
			if err := put(to, checksBucket, key, run); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("progress: %w", err)
	}
	for key := range held {
		p.have.Checks[key] = true
	}
	return nil
}

// at notes where the reader is.
func (p *progress) at(place Place) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	err := p.update(func(to buckets) error { return put(to, placeBucket, "place", place) })
	if err != nil {
		return fmt.Errorf("progress: %w", err)
	}
	p.have.Place = &place
	return nil
}

// helped notes that a learner saw hints or the solution. What was seen stays so.
func (p *progress) helped(lesson string, h Help) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	old := p.have.Help[lesson]
	h = Help{Hints: max(h.Hints, old.Hints), Solution: h.Solution || old.Solution}
	if h == old {
		return nil
	}
	if err := p.update(func(to buckets) error { return put(to, helpBucket, lesson, h) }); err != nil {
		return fmt.Errorf("progress: %w", err)
	}
	p.have.Help[lesson] = h
	return nil
}

// commit notes an answer. The error is errCommitted when a run was already
// started with another one.
func (p *progress) commit(key string, g Guess) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	old, ok := p.have.Guesses[key]
	if ok && sameAnswer(old.Given, g.Given) && old.Skipped == g.Skipped && (old.Run != "" || g.Run == "") {
		return nil
	}
	if ok && old.Run != "" {
		return errCommitted
	}
	if err := p.update(func(to buckets) error { return put(to, guessesBucket, key, g) }); err != nil {
		return fmt.Errorf("progress: %w", err)
	}
	p.have.Guesses[key] = g
	return nil
}

// sameAnswer says whether two answers are the same one.
func sameAnswer(a, b any) bool {
	if points := telemetry.Numbers(a); points != nil {
		return slices.Equal(points, telemetry.Numbers(b))
	}
	return telemetry.Numbers(b) == nil && a == b
}

func put(to buckets, bucket []byte, key string, v any) error {
	value, err := json.Marshal(v)
	if err != nil {
		return err
	}
	b, err := to.CreateBucketIfNotExists(bucket)
	if err != nil {
		return err
	}
	return b.Put([]byte(key), value)
}
