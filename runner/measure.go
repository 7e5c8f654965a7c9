package runner

import (
	"context"
	"fmt"
	"time"

	"socketlabs/labs"
	"socketlabs/labs/telemetry"
	"socketlabs/runner/load"
	"socketlabs/runner/observe"
)

// startMeasuring begins the block's clock: the observer samples from now on, and
// the load begins when it can be ready.
func (b *block) startMeasuring(ctx context.Context) error {
	ctx, b.quit = context.WithCancel(ctx)
	b.measuring = ctx
	spec, s := b.arm.spec, &b.score
	s.start = tickAt(monotonic()+lead(spec)) + 1
	s.stop = s.start + tickOf(spec.Warmup+spec.Seconds)
	if err := b.observe(ctx); err != nil {
		return err
	}
	if err := b.startLoad(s.start); err != nil {
		return err
	}
	for _, f := range spec.Faults {
		if onServer(f) {
			from, to := b.times(f)
			b.expose(ctx, f, from, to)
		}
	}
	begin := telemetry.Block{Label: b.arm.label, Arm: b.arm.index, Slot: b.slot, Start: s.clock.on(s.start), Warmup: spec.Warmup, Seconds: spec.Seconds}
	s.judge.Begin(begin)
	s.add(telemetry.Event{T: b.run.now(), Kind: telemetry.KindBlock, From: telemetry.FromRunner, Begin: &begin})
	return s.flush()
}

// lead is how long the load generator has to get ready.
func lead(spec labs.Spec) time.Duration {
	if spec.Load == nil {
		return leadTime
	}
	connections, _ := labs.Full(labs.LoadSettings(), spec.Load)["connections"].(float64)
	each := dialTime
	if version, _ := spec.Client["tls"].(string); version != "" && version != "off" {
		each = shakeTime
	}
	return leadTime + time.Duration(connections)*each
}

// observe samples the kernel and the machine on the grid, from the next tick
// until ctx ends, and shows the table of sockets once a second.
func (b *block) observe(ctx context.Context) error {
	diag, err := b.sup.Diag()
	if err != nil {
		return err
	}
	o, err := observe.New(b.lab.PID, diag, b.addr)
	if err != nil {
		return fmt.Errorf("observe: %w", err)
	}
	b.work.Go(func() {
		defer o.Close()
		for k := tickAt(monotonic()) + 1; sleep(ctx, k.time()) == nil; k = max(k, tickAt(monotonic())) + 1 {
			t := b.run.clock.on(k)
			for _, e := range o.Sample(t) {
				if e.From == telemetry.FromHost && b.run.header.Shared {
					e.Values["host.beside"] = float64(b.run.place.beside())
				}
				b.say(e)
			}
			if (k-b.score.start)%10 == 0 {
				b.say(o.Table(t))
			}
		}
	})
	return nil
}

// startLoad starts the load generator when there is load or a client misbehaves.
func (b *block) startLoad(start tick) error {
	plan := load.NewPlan(b.arm.spec, b.addr.String(), float64(start)/10)
	if plan.Idle() {
		b.score.gone(telemetry.FromLoad)
		return nil
	}
	return b.spawnLoad(plan)
}

// say hands an event to the goroutine that writes it down; it listens until
// everybody who says something has ended.
func (b *block) say(e telemetry.Event) { b.said <- e }

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }
