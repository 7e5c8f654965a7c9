package workshop

import "sync"

// Feed tells any number of readers that something has changed. It holds nothing
// back for anybody: a slow reader finds the newest state and skips what was between.
// Its zero value is ready.
type Feed struct {
	mu      sync.Mutex // guards what follows
	version uint64
	changed chan struct{}
}

// Bump tells all readers of a change, and returns at once.
func (f *Feed) Bump() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.version++
	if f.changed != nil {
		close(f.changed)
		f.changed = nil
	}
}

// Watch returns how many changes there were, and a channel that is closed at the
// next one. Read the state after calling it, and no change is missed.
func (f *Feed) Watch() (version uint64, changed <-chan struct{}) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.changed == nil {
		f.changed = make(chan struct{})
	}
	return f.version, f.changed
}
