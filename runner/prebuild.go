package runner

import (
	"context"
	"sync"
	"time"

	"socketlabs/labs"
)

// Prebuild builds the labs in the background, in this order, niced, one at a
// time and never while something is measured.
func (r *Runner) Prebuild(names ...string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return
	}
	r.work.Go(func() {
		r.background.Lock()
		defer r.background.Unlock()
		catalog := sync.OnceValues(r.Catalog) // what changes after that, nobody has asked for
		for _, name := range names {
			for r.closing.Err() == nil && !r.prebuild(catalog, name) {
				select { // something is measured
				case <-time.After(quiet):
				case <-r.closing.Done():
				}
			}
		}
	})
}

// quiet is how often a background build looks whether it disturbs.
const quiet = 200 * time.Millisecond

// prebuild builds one lab. It returns false when it gave way to a run.
func (r *Runner) prebuild(catalog func() (*labs.Catalog, error), name string) bool {
	ctx, cancel := context.WithCancel(r.closing)
	defer cancel()
	if !r.idle(cancel) {
		return false
	}
	defer r.idle(nil)
	all, err := catalog()
	if err != nil {
		return true // the run that needs it will say
	}
	lab, ok := all.Lab(name)
	if !ok {
		return true
	}
	go func() { // ends with ctx
		for sleep(ctx, monotonic()+quiet) == nil {
			if r.slot.busy() {
				cancel()
			}
		}
	}()
	_, _, err = r.builder.build(ctx, lab, nil, true)
	if ctx.Err() != nil {
		return false
	}
	if err != nil {
		r.log.Debug("build in the background", "lab", name, "error", err)
	}
	return true
}

// idle says whether nothing is measured, and has runs to come call yield.
func (r *Runner) idle(yield context.CancelFunc) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.yield = yield
	if yield != nil && (len(r.live) > 0 || r.slot.busy()) {
		r.yield = nil
		return false
	}
	return true
}
