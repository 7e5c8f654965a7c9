package runner

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"sync"

	"socketlabs/labs/telemetry"
	"socketlabs/runner/judge"
)

// Patient is a run that the doctor looks at again and again: each time only what
// is new is read.
type Patient struct {
	runner *Runner
	id     string

	mu     sync.Mutex // guards what follows
	doctor judge.Doctor
	seen   uint64
	over   bool
}

// Patient returns a run to examine, live or recorded. ErrNoRun.
func (r *Runner) Patient(id string) (*Patient, error) {
	p := &Patient{runner: r, id: id}
	p.mu.Lock()
	defer p.mu.Unlock()
	return p, p.catchUp()
}

// Examine looks at all that is there by now.
func (p *Patient) Examine() (judge.Examination, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := p.catchUp(); err != nil {
		return judge.Examination{}, err
	}
	return p.doctor.Examine(), nil
}

// Holds judges a check over part of the run, in seconds since load began.
func (p *Patient) Holds(expr string, from, to float64) (telemetry.Check, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := p.catchUp(); err != nil {
		return telemetry.Check{}, err
	}
	return p.doctor.Holds(expr, from, to)
}

// catchUp reads what is there and does not wait for more. A new reader each time
// is one that nothing is left out for.
func (p *Patient) catchUp() error {
	if p.over {
		return nil
	}
	rd, err := p.runner.Follow(p.id, p.seen)
	if err != nil {
		return err
	}
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	for {
		b, err := rd.Next(ended)
		switch {
		case err == io.EOF:
			p.over = true
			return nil
		case errors.Is(err, context.Canceled):
			return nil
		case err != nil:
			return err
		}
		if err := p.hear(b); err != nil {
			return err
		}
	}
}

func (p *Patient) hear(b Batch) error {
	var events []telemetry.Event
	if err := json.Unmarshal(b.JSON, &events); err != nil {
		return err
	}
	for _, e := range events {
		if err := p.doctor.Add(e); err != nil {
			return err
		}
	}
	p.seen = b.To
	return nil
}
