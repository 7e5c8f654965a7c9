package runner

// Asked is how a run is asked for. Its zero value is the owner's.
type Asked struct {
	// By is the person who asks, by an opaque id that the recording keeps; empty:
	// the owner.
	By string
}

// An Option changes how a run is asked for.
type Option func(*Asked)

// By says who asks for a run.
func By(person string) Option { return func(a *Asked) { a.By = person } }

// asked is what the options come to.
func (r *Runner) asked(options []Option) (a Asked) {
	for _, o := range options {
		o(&a)
	}
	return a
}
