package runner

import (
	"context"
	"fmt"
	"time"

	"golang.org/x/sys/unix"

	"socketlabs/labs"
	"socketlabs/labs/telemetry"
)

// deed is what the runner does to the lab's process for a fault. It returns what
// takes it back at the fault's end, nil when nothing does.
type deed func(b *block, f labs.Fault) (undo func(), err error)

// deeds has an entry for each kind that is done to the server.
var deeds = map[string]deed{
	"freeze": func(b *block, _ labs.Fault) (func(), error) {
		return func() { b.lab.signal(unix.SIGCONT) }, b.lab.Signal(unix.SIGSTOP)
	},
	"term": func(b *block, _ labs.Fault) (func(), error) {
		b.termed.Store(true) // first: it may end at once
		return nil, b.lab.Signal(unix.SIGTERM)
	},
	"hup": func(b *block, _ labs.Fault) (func(), error) {
		return nil, b.lab.Signal(unix.SIGHUP)
	},
	"fd-limit": func(b *block, f labs.Fault) (func(), error) {
		kind, _ := labs.FaultNamed(f.Kind)
		files, _ := labs.Full(kind.Settings, f.With)["files"].(float64)
		return limitFiles(b.lab.PID, int(files))
	},
}

// onServer says whether the runner does the fault to the lab's process.
func onServer(f labs.Fault) bool { return deeds[f.Kind] != nil }

// expose has the lab's process suffer a fault, which can be ended by its name.
func (b *block) expose(ctx context.Context, f labs.Fault, from, to time.Duration) {
	ctx, b.relief[f.ID] = context.WithCancel(ctx)
	b.work.Go(func() { b.suffer(ctx, f, from, to) })
}

// suffer does a fault to the lab's process from one time to the other, or until
// ctx ends.
func (b *block) suffer(ctx context.Context, f labs.Fault, from, to time.Duration) {
	if sleep(ctx, from) != nil {
		return
	}
	undo, err := deeds[f.Kind](b, f)
	if err != nil {
		b.say(telemetry.Event{T: b.run.now(), Kind: telemetry.KindLog, From: telemetry.FromRunner, Level: "warn",
			Text: fmt.Sprintf("fault %s: it cannot be done to the server: %v", f.ID, err)})
		return
	}
	b.say(b.fault(f, true))
	sleep(ctx, to)
	if undo != nil {
		undo()
	}
	b.say(b.fault(f, false))
}

// times are when a fault of the spec begins and ends.
func (b *block) times(f labs.Fault) (from, to time.Duration) {
	from = b.score.start.time() + seconds(b.arm.spec.Warmup+f.At)
	to = b.score.stop.time()
	if f.For > 0 {
		to = min(to, from+seconds(f.For))
	}
	return from, to
}

func (b *block) fault(f labs.Fault, on bool) telemetry.Event {
	return telemetry.Event{T: b.run.now(), Kind: telemetry.KindFault, From: telemetry.FromRunner,
		Fault: &telemetry.Fault{ID: f.ID, Kind: f.Kind, On: on}}
}
