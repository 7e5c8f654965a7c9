package labs

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"socketlabs/labs/telemetry"
)

// Mystery is a fault that is hidden in a run: who looks for it is told neither
// the lab nor its settings.
type Mystery struct {
	ID     string  // undrained, close-wait …
	Stage  string  // of the doctor's seven, where it hurts
	Proofs []Proof // the best first; any of them proves it
	spec   Spec
}

// Proof is what a window of one metric must hold to prove the fault: a check
// over that window.
type Proof struct {
	Metric string `json:"metric"`
	Expr   string `json:"expr"`
}

// MysteryPrefix begins the name of a mystery's run; its seed follows.
const MysteryPrefix = "mystery/"

// MaxSeed bounds seeds, so that they can be typed and said.
const MaxSeed = 999_999

// calls is the load of those that work for their clients.
func calls(work float64) (load, client map[string]any) {
	return map[string]any{"connections": 4.0, "depth": 8.0, "client": "rpc"}, map[string]any{"method": "work", "work": work}
}

// Mysteries lists them all. Each recipe is a proven one of a lesson, with
// something of a server's everyday beside it.
func Mysteries() []Mystery {
	work, ofWork := calls(0.004)
	frames := map[string]any{"codec": "length"}
	return []Mystery{
		{ID: "undrained", Stage: "sockets", Proofs: []Proof{
			{"kernel.recvq", "kernel.recvq.min >= 1024 && load.requests == 0"},
			{"lab.wakeups", "lab.wakeups <= 4 * ask.connections && kernel.recvq.min >= 1024"},
		}, spec: Spec{Lab: "epollet", Knobs: map[string]any{"drain": false, "buf": 4096.0},
			Load: map[string]any{"connections": 4.0, "size": 10000.0}}},

		{ID: "close-wait", Stage: "sockets", Proofs: []Proof{
			{"kernel.close_wait", "kernel.close_wait.min >= 5 && kernel.close_wait.max > kernel.close_wait.min"},
			{"kernel.fds", "kernel.fds.max > kernel.fds.min && kernel.close_wait.min >= 5"},
		}, spec: Spec{Lab: "states", Knobs: map[string]any{"leak": true},
			Load:   map[string]any{"connections": 1.0},
			Faults: []Fault{{ID: "visitor", Kind: "churn", With: map[string]any{"size": 64.0, "pause": 0.02}}}}},

		{ID: "nagle", Stage: "sockets", Proofs: []Proof{
			{"kernel.notsent", "kernel.notsent.max > 0 && load.p50 > 0.03"},
			{"load.p50", "load.p50 > 0.03 && kernel.notsent.max > 0"},
			{"kernel.rtt", "kernel.rtt.mean > 0.02 && kernel.notsent.max > 0"},
		}, spec: Spec{Lab: "coalesce", Knobs: map[string]any{"write": "each", "nodelay": false},
			Load: map[string]any{"connections": 4.0, "size": 200.0, "client": "frames"}, Client: frames}},

		{ID: "backlog", Stage: "sockets", Proofs: []Proof{
			{"kernel.accept_queue", "kernel.accept_queue.min > kernel.backlog.last"},
			{"host.listen_overflows", "host.listen_overflows >= 3 && kernel.accept_queue.max > kernel.backlog.last"},
		}, spec: Spec{Lab: "states", Knobs: map[string]any{"backlog": 1.0, "accept-delay": 4.5},
			Load:   map[string]any{"connections": 1.0},
			Faults: []Fault{{ID: "crowd", Kind: "flood", At: 0.3, With: map[string]any{"connections": 30.0}}}}},

		{ID: "lock", Stage: "locks", Proofs: []Proof{
			{"lab.lock_wait", "lab.lock_wait / 1000000 / seconds >= 1"},
			{"lab.contended", "lab.contended / seconds >= 20"},
		}, spec: Spec{Lab: "workers", Knobs: map[string]any{"threads": 8.0, "lock": "one"}, Load: work, Client: ofWork}},

		{ID: "disk", Stage: "disk", Proofs: []Proof{
			{"lab.disk_wait", "lab.disk_wait / 1000000 / seconds >= 1"},
			{"kernel.disk_written", "kernel.disk_written > 0 && lab.disk_wait / 1000000 / seconds >= 1"},
			{"lab.syncs", "lab.syncs > 0 && lab.disk_wait / 1000000 / seconds >= 1"},
		}, spec: Spec{Lab: "workers", Knobs: map[string]any{"threads": 4.0, "work": "disk"}, Load: work, Client: ofWork}},

		{ID: "dependency", Stage: "dependency", Proofs: []Proof{
			{"lab.upstream_wait", "lab.upstream_wait / 1000000 / seconds >= 1"},
			{"lab.upstream_calls", "lab.upstream_calls > 0 && lab.upstream_wait / 1000000 / seconds >= 1"},
		}, spec: Spec{Lab: "workers", Knobs: map[string]any{"threads": 4.0, "work": "upstream"}, Load: work, Client: ofWork}},

		{ID: "tail", Stage: "application", Proofs: []Proof{
			{"lab.held_bytes", "lab.held_bytes.min > 0 && load.oldest.last > 0.3"},
			{"load.oldest", "load.oldest.last > 0.3 && lab.held_bytes.min > 0"},
		}, spec: Spec{Lab: "coalesce", Knobs: map[string]any{"write": "buffer", "timer": false, "flush-time": 0.05},
			Load: map[string]any{"connections": 4.0, "size": 200.0, "client": "frames"}, Client: frames}},

		{ID: "descriptors", Stage: "application", Proofs: []Proof{
			{"lab.emfile", "lab.emfile / seconds >= 2"},
			{"kernel.fds", "kernel.fds.max >= kernel.fds_limit.last - 2"},
		}, spec: Spec{Lab: "epoll", Load: map[string]any{"connections": 1.0},
			Faults: []Fault{
				{ID: "limit", Kind: "fd-limit", At: 1, With: map[string]any{"files": 8.0}},
				{ID: "visitors", Kind: "churn", At: 0.5, With: map[string]any{"connections": 40.0, "size": 64.0, "pause": 0.05}},
				{ID: "guests", Kind: "idle", At: 1.2, With: map[string]any{"connections": 10.0}},
			}}},

		{ID: "slow-reader", Stage: "sockets", Proofs: []Proof{
			{"kernel.rwnd_limited", "kernel.rwnd_limited / seconds >= 0.3 && kernel.sendq.mean > 65536"},
			{"kernel.sendq", "kernel.sendq.min > 65536"},
			{"kernel.notsent", "kernel.notsent.mean > 65536"},
		}, spec: Spec{Lab: "epoll", Load: map[string]any{"connections": 1.0},
			Faults: []Fault{{ID: "reader", Kind: "slow-reader", With: map[string]any{"connections": 4.0, "size": float64(32 << 20), "chunk": 16384.0, "pause": 0.02}}}}},

		{ID: "storm", Stage: "load", Proofs: []Proof{
			{"lab.wakeups", "lab.wakeups - 2 * lab.reads > 1000 * seconds"},
			{"kernel.cpu", "kernel.cpu > 0.05 * seconds && lab.wakeups - 2 * lab.reads > 1000 * seconds"},
		}, spec: Spec{Lab: "epoll", Knobs: map[string]any{"armed": true}, Load: map[string]any{"connections": 1.0}}},
	}
}

// MysteryOf returns the mystery of a seed and what to run for it. Each block of
// consecutive seeds has every mystery once; the seed also turns what does not
// matter, so that a run is not known by its face. The error says which seeds
// there are.
func MysteryOf(seed int) (Mystery, Spec, error) {
	if seed < 0 || seed > MaxSeed {
		return Mystery{}, Spec{}, fmt.Errorf("there is no mystery %d: seeds are whole numbers from 0 to %d", seed, MaxSeed)
	}
	all := Mysteries()
	order := rand.New(rand.NewPCG(uint64(seed/len(all)), 22)).Perm(len(all))
	m := all[order[seed%len(all)]]
	spec := m.spec.Clone()
	spec.Name, spec.Seconds = fmt.Sprint(MysteryPrefix, seed), 6
	spec.Watch, spec.Charts = MysteryWatch(), MysteryCharts()
	dice := rand.New(rand.NewPCG(uint64(seed), 221))
	if n, ok := spec.Load["connections"].(float64); ok && n > 1 {
		spec.Load["connections"] = n + float64(dice.IntN(3))
	}
	size, _ := Full(LoadSettings(), spec.Load)["size"].(float64)
	spec.Load["size"] = size + float64(dice.IntN(40))
	return m, spec, nil
}

// MysteryIDs lists the answers.
func MysteryIDs() []string {
	return names(Mysteries(), func(m Mystery) string { return m.ID })
}

// MysteryWatch and MysteryCharts are the same for all: what is drawn tells
// nothing.
func MysteryWatch() []string { return []string{"load.requests", "load.p50", "load.oldest"} }

// MysteryCharts are of metrics that every run has.
func MysteryCharts() []telemetry.Chart {
	return []telemetry.Chart{
		{Group: "throughput", Metrics: []string{"load.requests"}},
		{Group: "latency", Metrics: []string{"load.p50", "load.p99", "load.oldest"}},
		{Group: "queues", Metrics: []string{"kernel.recvq", "kernel.sendq", "kernel.notsent", "kernel.accept_queue"}},
		{Group: "calls", Metrics: []string{"kernel.reads", "kernel.writes"}},
		{Group: "cpu", Metrics: []string{"kernel.cpu", "kernel.switches"}},
		{Group: "sockets", Metrics: []string{"kernel.established", "kernel.close_wait", "kernel.fds"}},
		{Group: "errors", Metrics: []string{"load.errors", "host.listen_overflows"}},
	}
}

// told are the server's own metrics that a mystery shows: those that accuse no
// lab alone, and what the seven steps need.
var told = []string{
	"lab.accepts", "lab.open", "lab.reads", "lab.writes", "lab.wakeups", "lab.pending", "lab.emfile",
	"lab.held_bytes", "lab.queue", "lab.busy",
	"lab.lock_wait", "lab.contended", "lab.disk_wait", "lab.syncs", "lab.upstream_wait", "lab.upstream_calls",
}

// MysteryTells says whether a metric is shown before a mystery is solved. Clients
// that misbehave are known to those who send them only.
func MysteryTells(metric string) bool {
	switch {
	case strings.HasPrefix(metric, "lab."):
		return slices.Contains(told, metric)
	case strings.HasPrefix(metric, "load.fault_"), strings.HasPrefix(metric, "load.misbehaving"):
		return false
	}
	return true
}
