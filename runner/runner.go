// Package runner carries a run from the build of its lab to its last event.
package runner

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"time"

	"socketlabs/labs"
	"socketlabs/labs/telemetry"
	"socketlabs/runner/shim"
)

// Errors of Start, Follow and Remove; everything that happens after a run was
// accepted is a telemetry.Reason in its stream instead.
var (
	ErrBusy     = errors.New("runner: too many runs")
	ErrClosed   = errors.New("runner: closing")
	ErrNoRun    = errors.New("runner: no such run")
	ErrRunning  = errors.New("runner: the run has not ended")
	ErrDiskFull = errors.New("runner: cannot write recordings")
	ErrNoLinux  = errors.New("runner: runs need Linux: elsewhere recordings can be replayed")

	// Errors of Suffer and Relieve.
	ErrNotMeasuring = errors.New("runner: the run is not measuring")
	ErrNoFault      = errors.New("runner: the run has no such fault")
)

// Limits of what runs may use. The zero value of a field means its default.
type Limits struct {
	Waiting   int           `json:"waiting"`   // runs that wait while one is measured: 8
	Shared    int           `json:"shared"`    // runs that are measured at the same time, of those that may: 1
	Time      time.Duration `json:"time"`      // of a whole run, beside the time of its blocks when it has several: 2 min
	Log       int           `json:"log"`       // lines a second from each process: 50, with bursts of 200
	LogLine   int           `json:"log_line"`  // bytes: 4096
	Memory    int64         `json:"memory"`    // bytes of data of each process: 2 GiB
	Files     int           `json:"files"`     // descriptors of each process: the hard limit
	Processes int           `json:"processes"` // and threads, in all: 4096; does not bind root
	Builds    int           `json:"builds"`    // binaries of labs that stay in the data folder: 32
}

// Config of a Runner.
type Config struct {
	Root   string       // the module's folder; labs are built here
	Data   string       // the data folder; made when missing
	Limits Limits       //
	Log    *slog.Logger // nil: nothing is logged
}

// Runner runs specs, one process tree each, and keeps the recordings.
type Runner struct {
	root     string
	limits   Limits
	log      *slog.Logger
	host     telemetry.Host
	refused  error // why runs cannot be isolated, nil when they can
	archive  *archive
	builder  *builder
	slot     *slot
	catalog  catalog
	versions versions

	closing context.Context // ends with Close
	close   context.CancelFunc
	work    sync.WaitGroup // runs and background builds

	background sync.Mutex // one Prebuild at a time

	mu     sync.Mutex
	live   map[string]*Run    // guards what follows
	yield  context.CancelFunc // ends the background build, nil when there is none
	closed bool
	traces []*Tracing // the last ones, the newest last
}

// Open prepares the data folder, ends what earlier runs left behind and marks
// their recordings interrupted. Several processes may have the same folder open.
func Open(cfg Config) (*Runner, error) {
	if os.Getenv(tag) != "" {
		return nil, errors.New("runner: this process belongs to a run: its main calls Child first")
	}
	a, err := openArchive(filepath.Join(cfg.Data, "runs"))
	if err != nil {
		return nil, err
	}
	r := &Runner{
		root: cfg.Root, limits: cfg.Limits.filled(), log: cfg.Log, archive: a,
		builder:  &builder{root: cfg.Root, bin: filepath.Join(cfg.Data, "bin"), keep: cfg.Limits.filled().Builds},
		slot:     &slot{path: filepath.Join(cfg.Data, "measuring.lock"), queue: filepath.Join(cfg.Data, "measuring"), shared: max(cfg.Limits.Shared, 1)},
		versions: versions{cfg.Root, filepath.Join(cfg.Data, "code")},
		live:     map[string]*Run{},
		catalog:  catalog{root: cfg.Root, whole: map[string]labs.Lab{}},
	}
	if r.log == nil {
		r.log = slog.New(slog.DiscardHandler)
	}
	r.host, r.refused = host(r.log)
	r.closing, r.close = context.WithCancel(context.Background())
	ids, err := a.list()
	if err != nil {
		return nil, err
	}
	for _, id := range ids {
		if _, err := a.settle(id); err != nil && !errors.Is(err, ErrNoRun) {
			return nil, fmt.Errorf("recording %s: %w", id, err)
		}
	}
	if err := shim.Sweep(a.over); err != nil {
		r.log.Warn("processes of earlier runs", "error", err)
	}
	return r, nil
}

// filled returns the limits with the defaults in place of zeros.
func (l Limits) filled() Limits {
	return Limits{
		Waiting: cmp.Or(l.Waiting, 8), Shared: max(l.Shared, 1), Time: cmp.Or(l.Time, 2*time.Minute),
		Log: cmp.Or(l.Log, 50), LogLine: cmp.Or(l.LogLine, 4096),
		Memory: cmp.Or(l.Memory, 2<<30), Files: l.Files, Processes: cmp.Or(l.Processes, 4096), Builds: cmp.Or(l.Builds, 32),
	}
}

// Close stops every run (Interrupted, reason site-stopping), waits for them and
// for the builds, and leaves no process behind.
func (r *Runner) Close(ctx context.Context) error {
	r.mu.Lock()
	r.closed = true
	for _, run := range r.live {
		run.stop(errClosing)
	}
	r.mu.Unlock()
	r.close()
	done := make(chan struct{})
	go func() {
		r.work.Wait()
		r.slot.work.Wait()
		close(done)
	}()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("runner: close: %w", ctx.Err())
	}
}

// Limits returns the limits in force.
func (r *Runner) Limits() Limits { return r.limits }

// Host returns this machine's fingerprint.
func (r *Runner) Host() telemetry.Host { return r.host }

// Start accepts a run: from here on its stream tells everything. Of a spec with a
// sweep, it is one of several blocks. ErrBusy, ErrOneAtATime, ErrClosed.
func (r *Runner) Start(spec labs.Spec, how ...Option) (*Run, error) {
	if spec.Sweep == nil {
		return r.accept(labs.One(spec), nil, r.asked(how))
	}
	catalog, err := r.Catalog()
	if err != nil {
		return nil, err
	}
	lab, _ := catalog.Lab(spec.Lab)
	plan, err := spec.SweepPlan(lab)
	if err != nil {
		return nil, fmt.Errorf("runner: %w", err)
	}
	return r.accept(plan, nil, r.asked(how))
}

// StartPlan accepts a run of one or more blocks. It holds the machine's measuring
// slot from the first to the last.
func (r *Runner) StartPlan(plan labs.Plan, how ...Option) (*Run, error) {
	return r.accept(plan, nil, r.asked(how))
}

// StartCommand accepts a run of a server that is not ours, in the place of the
// spec's lab: a program and its arguments, looked up as a shell does. It is told
// its address in LABS_ADDR. Nothing is built, and no knob is set.
func (r *Runner) StartCommand(spec labs.Spec, command []string) (*Run, error) {
	path, err := exec.LookPath(command[0])
	if err != nil {
		return nil, fmt.Errorf("runner: %w", err)
	}
	if path, err = filepath.Abs(path); err != nil {
		return nil, fmt.Errorf("runner: %w", err)
	}
	return r.accept(labs.One(spec), append([]string{path}, command[1:]...), Asked{})
}

func (r *Runner) accept(plan labs.Plan, command []string, how Asked) (*Run, error) {
	catalog, err := r.Catalog()
	if err != nil {
		return nil, err
	}
	arms, err := arms(plan, catalog, r.host)
	if err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case runtime.GOOS != "linux":
		return nil, ErrNoLinux
	case r.closed:
		return nil, ErrClosed
	case r.going() > r.limits.Waiting:
		return nil, ErrBusy
	}
	if err := r.limited(how.By); err != nil {
		return nil, err
	}
	run, err := r.begin(plan, arms, command, how)
	if err != nil {
		return nil, err
	}
	if r.yield != nil {
		r.yield()
	}
	r.live[run.id] = run
	r.work.Go(func() {
		run.carry()
		r.mu.Lock()
		delete(r.live, run.id)
		r.mu.Unlock()
		close(run.done)
	})
	return run, nil
}

// going counts the runs that have not ended. A reader of a run's end may start
// the next one at once.
func (r *Runner) going() int {
	n := 0
	for _, run := range r.live {
		if run.end.Load() == nil {
			n++
		}
	}
	return n
}

// Live returns a run that has not ended.
func (r *Runner) Live(id string) (*Run, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	run, ok := r.live[id]
	return run, ok
}

// Runs lists the runs, live and recorded, the newest first.
func (r *Runner) Runs() ([]Summary, error) {
	ids, err := r.archive.list()
	if err != nil {
		return nil, err
	}
	var list []Summary
	for _, id := range ids {
		s, err := r.Summary(id)
		if errors.Is(err, ErrNoRun) { // removed in between
			continue
		}
		if err != nil {
			return nil, err
		}
		list = append(list, s)
	}
	slices.SortStableFunc(list, func(a, b Summary) int { return b.Began.Compare(a.Began) }) // ids know the second only
	return list, nil
}

// Summary returns one of them, or ErrNoRun.
func (r *Runner) Summary(id string) (Summary, error) {
	if run, ok := r.Live(id); ok {
		s := run.summary()
		s.annotated(r.archive.notes(id))
		return s, nil
	}
	return r.archive.summary(id)
}

// Follow reads a run from after seq on, live or recorded. ErrNoRun.
func (r *Runner) Follow(id string, after uint64) (*Reader, error) {
	if run, ok := r.Live(id); ok {
		return run.journal.stream.follow(after), nil
	}
	return r.archive.follow(id, after)
}

// Recording returns the path of a run's file. ErrNoRun; an id that is not one is
// never made into a path.
func (r *Runner) Recording(id string) (string, error) { return r.archive.find(id) }

// Remove deletes a recording. ErrNoRun, ErrRunning.
func (r *Runner) Remove(id string) error {
	if _, ok := r.Live(id); ok {
		return ErrRunning
	}
	return r.archive.remove(id)
}

// Trouble says what is wrong with the runner itself, in words; empty when
// nothing is. /healthz shows it.
func (r *Runner) Trouble() []string {
	var list []string
	if err := r.archive.trouble(); err != nil {
		list = append(list, "recordings cannot be written: "+err.Error()+": make room on the disk that holds the data folder")
	}
	if r.refused != nil {
		list = append(list, "runs cannot be started: "+r.refused.Error())
	}
	return list
}

// Summary is a run in a list. It is what the first and the last event say.
type Summary struct {
	ID         string             `json:"id"`
	Experiment string             `json:"experiment"`
	By         string             `json:"by,omitempty"`     // who asked for it; empty: the owner
	Shared     bool               `json:"shared,omitempty"` // others might be measured at the same time
	Beside     int                `json:"beside,omitempty"` // how many were, at most
	Kind       string             `json:"kind,omitempty"`   // comparison, sweep; empty: one experiment
	Arms       []string           `json:"arms,omitempty"`   // their labels, of a run of several blocks
	Began      time.Time          `json:"began"`
	Phase      telemetry.Phase    `json:"phase"`
	Reason     *telemetry.Reason  `json:"reason,omitempty"`
	Trust      string             `json:"trust,omitempty"`
	Edited     bool               `json:"edited,omitempty"`
	Exercise   bool               `json:"exercise,omitempty"` // one function was another version
	Command    []string           `json:"command,omitempty"`  // that was run in the lab's place
	Code       string             `json:"code"`
	Lab        string             `json:"lab,omitempty"`
	Cores      int                `json:"cores,omitempty"`
	Seconds    float64            `json:"seconds,omitempty"` // measured
	Knobs      map[string]any     `json:"knobs,omitempty"`   // that were named
	Load       map[string]any     `json:"load,omitempty"`
	Net        string             `json:"net,omitempty"`    // own: a network of its own
	Sysctl     map[string]string  `json:"sysctl,omitempty"` // that were set in it
	Checks     []telemetry.Check  `json:"checks,omitempty"`
	Guesses    []telemetry.Guess  `json:"guesses,omitempty"`
	Metrics    map[string]float64 `json:"metrics,omitempty"`
	// Comparison is what a run whose blocks are compared came to.
	Comparison *telemetry.Comparison `json:"comparison,omitempty"`
	Bytes      int64                 `json:"bytes"` // of the recording

	// What stands beside the recording.
	Name     string            `json:"name,omitempty"`
	Notes    int               `json:"notes,omitempty"`    // how many
	Imported *telemetry.Origin `json:"imported,omitempty"` // nil: it was made here
}

// Reader is one reader's place in a run's stream. A reader is never waited for:
// it takes what there is, at its own pace.
type Reader struct {
	next func(context.Context) (Batch, error)
}

// Batch is consecutive events: what one tick brought, or what a reader that came
// late has to catch up with.
type Batch struct {
	From, To uint64 // sequence numbers, inclusive
	// JSON is an array of events. Readers at the same place share it, so it must
	// not be changed; identical batches have the same first byte's address.
	JSON []byte
	// Skipped counts samples that were left out because the reader was too slow.
	Skipped int
}

// Through returns a reader of the same events as change makes them: it is given
// each batch's and must keep their number and order.
func (rd *Reader) Through(change func([]telemetry.Event)) *Reader {
	return &Reader{next: func(ctx context.Context) (Batch, error) {
		b, err := rd.next(ctx)
		if err != nil {
			return b, err
		}
		var events []telemetry.Event
		if err := json.Unmarshal(b.JSON, &events); err != nil {
			return b, err
		}
		change(events)
		b.JSON, err = json.Marshal(events)
		return b, err
	}}
}

// Next waits for the next batch; io.EOF after the run's last event.
func (rd *Reader) Next(ctx context.Context) (Batch, error) { return rd.next(ctx) }
