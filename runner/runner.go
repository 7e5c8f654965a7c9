// Package runner carries a run from the build of its lab to its last event.
package runner

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"socketlabs/labs"
	"socketlabs/labs/telemetry"
)

// Errors of Start, Follow and Remove; everything that happens after a run was
// accepted is a telemetry.Reason in its stream instead.
var (
	ErrBusy     = errors.New("runner: too many runs")
	ErrClosed   = errors.New("runner: closing")
	ErrNoRun    = errors.New("runner: no such run")
	ErrRunning  = errors.New("runner: the run has not ended")
	ErrDiskFull = errors.New("runner: cannot write recordings")
)

// Limits of what runs may use. The zero value of a field means its default.
type Limits struct {
	Runs      int           `json:"runs"`      // at the same time: 1
	Time      time.Duration `json:"time"`      // of a whole run: 2 min
	Log       int           `json:"log"`       // lines a second from each process: 50, with bursts of 200
	LogLine   int           `json:"log_line"`  // bytes: 4096
	Memory    int64         `json:"memory"`    // bytes of data of each process: 2 GiB
	Files     int           `json:"files"`     // descriptors of each process: the hard limit
	Processes int           `json:"processes"` // and threads, in all: 4096; does not bind root
}

// Config of a Runner.
type Config struct {
	Root   string       // the module's folder; labs are built here
	Data   string       // the data folder; made when missing
	Limits Limits       //
	Log    *slog.Logger // nil: nothing is logged
}

// Runner runs specs, one process tree each, and keeps the recordings.
type Runner struct{}

// Open prepares the data folder, ends what earlier runs left behind and marks
// their recordings interrupted. Several processes may have the same folder open.
func Open(cfg Config) (*Runner, error) { panic("todo") }

// Close stops every run (Interrupted, reason site-stopping), waits for them and
// for the builds, and leaves no process behind.
func (r *Runner) Close(ctx context.Context) error { panic("todo") }

// Catalog returns the labs as their source stands now.
func (r *Runner) Catalog() (*labs.Catalog, error) { panic("todo") }

// Limits returns the limits in force.
func (r *Runner) Limits() Limits { panic("todo") }

// Host returns this machine's fingerprint.
func (r *Runner) Host() telemetry.Host { panic("todo") }

// Prebuild builds the labs in the background, in this order, niced, one at a
// time and never while something is measured.
func (r *Runner) Prebuild(names ...string) { panic("todo") }

// Start accepts a run: from here on its stream tells everything.
func (r *Runner) Start(spec labs.Spec) (*Run, error) { panic("todo") }

// Live returns a run that has not ended.
func (r *Runner) Live(id string) (*Run, bool) { panic("todo") }

// Runs lists the runs, live and recorded, the newest first.
func (r *Runner) Runs() ([]Summary, error) { panic("todo") }

// Summary returns one of them, or ErrNoRun.
func (r *Runner) Summary(id string) (Summary, error) { panic("todo") }

// Follow reads a run from after seq on, live or recorded. ErrNoRun.
func (r *Runner) Follow(id string, after uint64) (*Reader, error) { panic("todo") }

// Recording returns the path of a run's file. ErrNoRun; an id that is not one is
// never made into a path.
func (r *Runner) Recording(id string) (string, error) { panic("todo") }

// Remove deletes a recording. ErrNoRun, ErrRunning.
func (r *Runner) Remove(id string) error { panic("todo") }

// Trouble says what is wrong with the runner itself, in words; empty when
// nothing is. /healthz shows it.
func (r *Runner) Trouble() []string { panic("todo") }

// Summary is a run in a list. It is what the first and the last event say.
type Summary struct {
	ID         string             `json:"id"`
	Experiment string             `json:"experiment"`
	Began      time.Time          `json:"began"`
	Phase      telemetry.Phase    `json:"phase"`
	Reason     *telemetry.Reason  `json:"reason,omitempty"`
	Trust      string             `json:"trust,omitempty"`
	Edited     bool               `json:"edited,omitempty"`
	Code       string             `json:"code"`
	Knobs      map[string]any     `json:"knobs,omitempty"` // that were named
	Load       map[string]any     `json:"load,omitempty"`
	Checks     []telemetry.Check  `json:"checks,omitempty"`
	Guesses    []telemetry.Guess  `json:"guesses,omitempty"`
	Metrics    map[string]float64 `json:"metrics,omitempty"`
	Bytes      int64              `json:"bytes"` // of the recording
}

// Run is a run that this process carries.
type Run struct{}

func (r *Run) ID() string { panic("todo") }

// Stop ends the run as Stopped.
func (r *Run) Stop() { panic("todo") }

// Done is closed when the last event is in the stream and no process is left.
func (r *Run) Done() <-chan struct{} { panic("todo") }

// Reader is one reader's place in a run's stream. A reader is never waited for:
// it takes what there is, at its own pace.
type Reader struct{}

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

// Next waits for the next batch; io.EOF after the run's last event.
func (rd *Reader) Next(ctx context.Context) (Batch, error) { panic("todo") }

// Child runs what this process was started for when it is one of the runner's
// own children, and never returns then. main and TestMain call it first.
func Child() {}
