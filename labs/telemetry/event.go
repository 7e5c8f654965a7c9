// Package telemetry is the one schema: what a lab, the load generator and the
// observer say, what a recording holds and what a page receives. It uses the
// standard library only, because labs import it and learners read labs.
//
// Units are seconds, bytes and counts everywhere. Counters are cumulative, so a
// lost sample costs resolution, never truth.
package telemetry

import "time"

// Kind says which of an Event's fields are set.
type Kind string

const (
	KindRun     Kind = "run"     // Run: the first event of a recording
	KindState   Kind = "state"   // State
	KindBlock   Kind = "block"   // Block: a block's clock is known
	KindSample  Kind = "sample"  // Values, Hists
	KindFigures Kind = "figures" // Values: the watched expressions over the measured time so far
	KindSockets Kind = "sockets" // Sockets, once a second
	KindPath    Kind = "path"    // Path, once a second
	KindLog     Kind = "log"     // Level, Text
	KindFault   Kind = "fault"   // Fault: one was switched on or off
	KindCheck   Kind = "check"   // Check: judged for the first time, or judged differently
	KindEnd     Kind = "end"     // End: the last event of a recording
	KindNotes   Kind = "notes"   // Notes: what a person wrote about the run, in a recording that was exported
	// KindBlockEnd has BlockEnd: one of several blocks is over and judged.
	KindBlockEnd Kind = "block-end"
)

// Sources of events. Their samples' names begin with the source and a dot.
const (
	FromRunner = "runner"
	FromLab    = "lab"
	FromLoad   = "load"
	FromKernel = "kernel"
	FromHost   = "host"
	FromJudge  = "judge" // samples made of samples: quantiles and derived metrics, over the last second
)

// Tick is the grid of the monotonic clock on which every source samples.
const Tick = 100 * time.Millisecond

// Event is one line of a recording, one element of a WebSocket frame and one
// line of a lab's standard output.
type Event struct {
	// Seq is dense in a run and assigned by the runner; 0 on its way there.
	Seq uint64 `json:"seq,omitempty"`
	// T is in seconds: of CLOCK_MONOTONIC on its way to the runner, since the
	// run began in a recording. Samples lie on the grid: T is a multiple of 0.1.
	T    float64 `json:"t"`
	Kind Kind    `json:"kind"`
	From string  `json:"from,omitempty"`
	// Block counts from 0; a run of one experiment has one.
	Block int `json:"block,omitempty"`

	Values map[string]float64   `json:"values,omitempty"`
	Hists  map[string]Histogram `json:"hists,omitempty"`
	Level  string               `json:"level,omitempty"` // info, warn, error
	Text   string               `json:"text,omitempty"`

	Run      *Run      `json:"run,omitempty"`
	State    *State    `json:"state,omitempty"`
	Begin    *Block    `json:"begin,omitempty"`
	BlockEnd *BlockEnd `json:"block_end,omitempty"`
	Sockets  []Socket  `json:"sockets,omitempty"`
	Path     *Path     `json:"path,omitempty"`
	Fault    *Fault    `json:"fault,omitempty"`
	Check    *Check    `json:"check,omitempty"`
	End      *End      `json:"end,omitempty"`
	Notes    *Notes    `json:"notes,omitempty"`
}

// Run opens a recording: what was asked, of which code, on which host.
type Run struct {
	ID         string    `json:"id"`
	Schema     int       `json:"schema"` // 1
	Experiment string    `json:"experiment"`
	Began      time.Time `json:"began"`
	Lab        string    `json:"lab"`
	Code       string    `json:"code"`             // hash of the lab's source
	Edited     bool      `json:"edited,omitempty"` // the code differs from the workbook's
	// Exercise says that one function was another version, the learner's or the
	// solution: Code is the hash with it. Such a run counts for an exercise only.
	Exercise bool `json:"exercise,omitempty"`
	// Command is the server that was run in the lab's place; empty: the lab.
	Command []string `json:"command,omitempty"`
	// By is the person who asked for the run, by an opaque id; empty: the owner.
	By string `json:"by,omitempty"`
	// Shared says that other runs might be measured at the same time: host.beside
	// is how many were. Without it the run had the machine for itself.
	Shared   bool     `json:"shared,omitempty"`
	Question Question `json:"question"`
	Asked    any      `json:"asked"` // the labs.Spec, whole
	Host     Host     `json:"host"`

	// A run of several blocks has them all here; Lab to Asked are its first arm's.
	Kind    string     `json:"kind,omitempty"` // comparison, sweep; empty: one experiment
	Plan    any        `json:"plan,omitempty"` // the labs.Plan, whole
	Arms    []Arm      `json:"arms,omitempty"`
	Compare *Comparing `json:"compare,omitempty"`
	Sweep   *Sweeping  `json:"sweep,omitempty"`
}

// Host is a machine's fingerprint: what must be equal for figures to be comparable.
type Host struct {
	Name       string `json:"name"`
	OS         string `json:"os"`     // "Debian GNU/Linux 12 (bookworm)"
	Kernel     string `json:"kernel"` // "6.18.44"
	CPU        string `json:"cpu"`    // model name
	Cores      int    `json:"cores"`
	Memory     int64  `json:"memory"` // bytes
	Go         string `json:"go"`
	Congestion string `json:"congestion"` // default TCP congestion control
	Isolation  string `json:"isolation"`  // how the run's processes are held: "namespaces" or "subreaper"
}

// Phase is a state of a run.
type Phase string

const (
	Queued      Phase = "queued" // another run holds the machine's measuring slot
	Building    Phase = "building"
	Starting    Phase = "starting"
	Running     Phase = "running"
	Draining    Phase = "draining"
	Finished    Phase = "finished"
	Failed      Phase = "failed"
	Stopped     Phase = "stopped"     // by a person
	Interrupted Phase = "interrupted" // by the end of the site or the command
)

// Over says whether the run has ended.
func (p Phase) Over() bool {
	return p == Finished || p == Failed || p == Stopped || p == Interrupted
}

// State is a run's new phase, with the reason when there is one to act on.
type State struct {
	Phase  Phase   `json:"phase"`
	Reason *Reason `json:"reason,omitempty"`
	// Facts of the phase: "addr" and "pid" of the lab from Running on.
	Facts map[string]string `json:"facts,omitempty"`
}

// Reason says why in three parts: Code is what the page and the command line
// have words for (what happened, why, what to do now), Line is the raw line
// behind it, and File:At is where to look, if anywhere.
type Reason struct {
	Code string            `json:"code"`
	Line string            `json:"line,omitempty"` // "bind 127.0.0.1:9000: address already in use"
	File string            `json:"file,omitempty"` // relative to the module
	At   int               `json:"at,omitempty"`   // line in File
	Args map[string]string `json:"args,omitempty"` // what the words name
}

// Block is one execution of an experiment inside a run: fresh processes, one clock.
type Block struct {
	Label string `json:"label"` // of its arm: the experiment's id, a swept value
	Arm   int    `json:"arm,omitempty"`
	// Slot is the block's place in the plan's order. A block that repeats a void
	// one has the place of that one.
	Slot int `json:"slot,omitempty"`
	// Start is the T at which load begins; measuring begins at Start+Warmup
	// and lasts Seconds.
	Start   float64 `json:"start"`
	Warmup  float64 `json:"warmup"`
	Seconds float64 `json:"seconds"`
}

// Socket is one of the lab's sockets as sock_diag(7) shows it.
type Socket struct {
	Peer    string  `json:"peer"`  // "127.0.0.1:41873"; "*" for a listener
	State   string  `json:"state"` // as ss(8) writes it: ESTAB, LISTEN, CLOSE-WAIT
	RecvQ   int64   `json:"recvq"` // bytes; of a listener: connections that wait for accept
	SendQ   int64   `json:"sendq"` // bytes; of a listener: its backlog
	RTT     float64 `json:"rtt,omitempty"`
	Cwnd    int     `json:"cwnd,omitempty"`
	Retrans int     `json:"retrans,omitempty"`
}

// Fault is switched on or off.
type Fault struct {
	ID   string `json:"id"`
	Kind string `json:"kind"`
	On   bool   `json:"on"`
}

// Check is an expression over the run that must hold. Of a conjunction it
// shows the first comparison that fails, or else the first.
type Check struct {
	ID    string   `json:"id"`
	Pass  bool     `json:"pass"`
	Value *float64 `json:"value"` // measured; null when there is none
	Op    string   `json:"op"`    // ==, !=, <, <=, >, >=
	Bound *float64 `json:"bound"`
	Expr  string   `json:"expr"`
	Why   string   `json:"why,omitempty"` // why there is no value
}

// End closes a recording.
type End struct {
	Phase   Phase   `json:"phase"`
	Reason  *Reason `json:"reason,omitempty"`
	Trust   string  `json:"trust"`             // green, amber or void
	Doubts  []Doubt `json:"doubts,omitempty"`  // why it is not green
	Checks  []Check `json:"checks,omitempty"`  // none when void, stopped or failed
	Guesses []Guess `json:"guesses,omitempty"` // in the order of the questions
	// Comparison is what a run whose blocks are compared comes to.
	Comparison *Comparison `json:"comparison,omitempty"`
	// Metrics are the measured window's values by name: counters as increase,
	// gauges as NAME.last .min .max .mean, histograms as NAME.p50 …
	Metrics map[string]float64 `json:"metrics,omitempty"`
}

// Doubt is one reason not to trust a run fully, with the value and its bound.
type Doubt struct {
	Code  string  `json:"code"` // late, gaps, steal, load, beside, clock
	Value float64 `json:"value"`
	Bound float64 `json:"bound"`
	Void  bool    `json:"void"` // false: amber
}
