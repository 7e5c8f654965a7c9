package runner

import (
	"encoding/json"
	"os"
	"sync"
	"syscall"
	"time"

	"socketlabs/labs/telemetry"
	"socketlabs/runner/load"
	"socketlabs/runner/shim"
)

// tag is in the environment of all processes that belong to a run.
const tag = "SOCKETLABS_RUN"

// Child runs what this process was started for when it is one of the runner's
// own children, and never returns then. main and TestMain call it first. Typed
// by a person, the same arguments mean nothing here.
func Child() {
	if os.Getenv(tag) == "" || len(os.Args) < 2 {
		return
	}
	switch os.Args[1] {
	case "shim":
		shim.Main()
	case "load":
		os.Exit(load.Main(os.Stdin, os.Stdout))
	}
}

// child is a process of a block.
type child struct {
	*shim.Process
	over bool        // owned by the block: it has heard of its end
	exit shim.Status // once it was sent to block.ended
}

// maxSample bounds a line of the load generator's: a sample has histograms.
const maxSample = 1 << 20

// spawn starts a process and hears its output to its end; max bounds a line.
func (b *block) spawn(c shim.Command, max int, stdout, stderr func(line []byte, cut int)) (*child, error) {
	p, err := b.sup.Start(c)
	if err != nil {
		return nil, err
	}
	kid := &child{Process: p}
	var output sync.WaitGroup
	output.Go(func() { eachLine(p.Stdout, max, stdout) })
	output.Go(func() { eachLine(p.Stderr, 64<<10, stderr) })
	b.work.Go(func() {
		kid.exit = p.Wait()
		p.Stdin.Close()
		heard := make(chan struct{})
		go func() {
			output.Wait()
			close(heard)
		}()
		select {
		case <-heard:
		case <-time.After(200 * time.Millisecond): // its own children have the pipes
		}
		b.ended <- kid
		<-heard // the shim ends them all
		p.Stdout.Close()
		p.Stderr.Close()
	})
	return kid, nil
}

// startLab starts the lab; it says itself where it listens.
func (b *block) startLab(binary string) error {
	r := b.run
	limits := r.runner.limits
	sup, err := shim.Open(shim.Options{RunID: r.id, Net: b.arm.spec.Net, Sysctl: b.arm.spec.Sysctl,
		Limits: shim.Limits{Memory: limits.Memory, Files: limits.Files, Processes: limits.Processes}})
	if err != nil {
		return fails("isolation-refused", err.Error())
	}
	b.sup = sup
	ear := &ear{block: b, from: telemetry.FromLab, gate: b.score.gates[telemetry.FromLab], max: limits.LogLine}
	admission, events := newAdmission(b.arm.lab), newGate(100)
	c := shim.Command{Path: binary, Args: append(b.arm.spec.Args(b.arm.lab), "-addr=127.0.0.1:0"), Env: []string{"LABS_ADDR=127.0.0.1:0"}}
	if r.command != nil {
		if b.told, err = freeAddr(); err != nil {
			return fails("lab-crashed", err.Error())
		}
		admission.listening = true // it is not asked where: see await
		c = shim.Command{Path: binary, Args: r.command[1:], Env: []string{"LABS_ADDR=" + b.told.String()}}
	}
	b.lab, err = b.spawn(c, maxEvent,
		func(line []byte, cut int) { ear.event(admission, events, line, cut) },
		func(line []byte, cut int) { ear.log("info", line, cut) })
	if err != nil {
		return fails("lab-crashed", err.Error())
	}
	b.lab.Stdin.Close()
	return nil
}

// ear is who listens to a process: what it hears becomes events of the run.
type ear struct {
	block *block
	from  string
	gate  *gate
	max   int // bytes of a line of log
}

// log takes a line of log, if the gate lets it pass.
func (e *ear) log(level string, line []byte, cut int) {
	if !e.gate.pass() {
		return
	}
	e.block.say(telemetry.Event{T: e.block.run.now(), Kind: telemetry.KindLog, From: e.from, Level: level, Text: logText(line, cut, e.max)})
}

// event takes a line of a lab's standard output.
func (e *ear) event(a *admission, events *gate, line []byte, cut int) {
	if cut > 0 || len(line) == 0 || line[0] != '{' {
		e.log("info", line, cut)
		return
	}
	if !events.pass() {
		e.gate.drop()
		return
	}
	now := tickAt(monotonic())
	said, what := a.judge(line, now)
	switch what {
	case plain:
		e.log("info", line, cut)
	case message:
		e.log(said.Level, []byte(said.Text), 0)
	case refused:
		e.gate.drop()
	case ready:
		said.T = e.block.run.now()
		e.block.say(said)
	case sample:
		said.T = e.block.run.clock.on(tickOf(said.T))
		e.block.say(said)
	}
}

// spawnLoad starts the load generator with its plan.
func (b *block) spawnLoad(plan load.Plan) error {
	text, err := json.Marshal(plan)
	if err != nil {
		return err
	}
	ear := &ear{block: b, from: telemetry.FromLoad, gate: b.score.gates[telemetry.FromLoad], max: b.run.runner.limits.LogLine}
	b.load, err = b.spawn(shim.Command{Path: "/proc/self/exe", Args: []string{"load"}}, maxSample,
		ear.ours, func(line []byte, cut int) { ear.log("info", line, cut) })
	if err != nil {
		return fails("load-failed", err.Error())
	}
	lines, stdin := make(chan []byte, 64), b.load.Stdin
	lines <- text
	b.orders = lines
	b.work.Go(func() { // it stays open as long as load is wanted
		for text := range lines {
			stdin.Write(append(text, '\n'))
		}
	})
	return nil
}

// ours takes a line of the load generator's, which is our own program.
func (e *ear) ours(line []byte, cut int) {
	var said telemetry.Event
	if cut > 0 || json.Unmarshal(line, &said) != nil || said.Kind == "" {
		e.log("info", line, cut)
		return
	}
	if said.Kind == telemetry.KindState { // its connections are open: nobody waits for that
		return
	}
	said.Seq, said.From = 0, e.from
	if said.Kind == telemetry.KindSample {
		said.T = e.block.run.clock.on(tickOf(said.T))
	} else {
		said.T = e.block.run.clock.since(time.Duration(said.T * float64(time.Second)))
	}
	e.block.say(said)
}

// signal sends a signal to a process that may have ended.
func (c *child) signal(sig syscall.Signal) { c.Signal(sig) }
