package runner

import (
	"context"
	"io"
	"sort"
	"sync"
	"time"

	"socketlabs/labs/telemetry"
)

// A reader that is further behind than this gets no samples of what it missed.
const (
	behindBytes = 256 << 10
	behindTime  = 5 * time.Second
)

// stream is a run's events in memory, encoded as they are in its recording. One
// writer appends; any number of readers follow, each at its own pace, and the
// writer waits for none of them.
type stream struct {
	mu     sync.Mutex
	frames []*frame      // guards frames, over and more; a frame never changes
	over   bool          // nothing follows
	more   chan struct{} // closed and replaced by every append

	merging sync.Mutex
	merged  [8]merge // guards merged and oldest: what was made for the last readers
	oldest  int
}

// merge is several frames as one batch, for readers that come by later.
type merge struct {
	key   span
	batch Batch
}

// span says what a batch was made of.
type span struct {
	after, to, whole uint64
	thin             bool
}

func newStream() *stream { return &stream{more: make(chan struct{})} }

// append adds the next frame; over says that it is the last.
func (s *stream) append(f *frame, over bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.frames = append(s.frames, f)
	s.over = over
	close(s.more)
	s.more = make(chan struct{})
}

// last returns the sequence number of the newest event.
func (s *stream) last() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.frames) == 0 {
		return 0
	}
	return s.frames[len(s.frames)-1].to
}

// pending returns the frames that hold events after seq, and the channel that
// is closed when there are more; over says that there never will be.
func (s *stream) pending(after uint64) (frames []*frame, more <-chan struct{}, over bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := sort.Search(len(s.frames), func(i int) bool { return s.frames[i].to > after })
	return s.frames[i:len(s.frames):len(s.frames)], s.more, s.over
}

// follower is a reader's place in a stream.
type follower struct {
	s     *stream
	after uint64
	whole uint64 // what was there when the reader came: nothing of it is left out
}

// follow returns a reader of everything after seq.
func (s *stream) follow(after uint64) *Reader {
	f := &follower{s: s, after: after, whole: s.last()}
	return &Reader{next: f.next}
}

func (f *follower) next(ctx context.Context) (Batch, error) {
	for {
		frames, more, over := f.s.pending(f.after)
		if len(frames) > 0 {
			b := f.s.batch(f.after, f.whole, frames)
			f.after = b.To
			return b, nil
		}
		if over {
			return Batch{}, io.EOF
		}
		select {
		case <-more:
		case <-ctx.Done():
			return Batch{}, ctx.Err()
		}
	}
}

// batch makes one batch of the first of frames, about behindBytes of them.
// Readers that ask for the same share it.
func (s *stream) batch(after, whole uint64, frames []*frame) Batch {
	thin := late(frames, whole)
	n, size := 0, 0
	for n < len(frames) && (n == 0 || size < behindBytes) {
		size += frames[n].size(thin && n+1 < len(frames) && frames[n].from > whole)
		n++
	}
	if first := frames[0]; n == 1 && first.from == after+1 && !(thin && len(frames) > 1 && first.from > whole) {
		return Batch{From: first.from, To: first.to, JSON: first.json}
	}
	key := span{after: after, to: frames[n-1].to, thin: thin}
	if thin {
		key.whole = whole
	}
	s.merging.Lock()
	defer s.merging.Unlock()
	for _, m := range s.merged {
		if m.key == key && m.batch.JSON != nil {
			return m.batch
		}
	}
	b := concat(key, frames[:n], n == len(frames))
	s.merged[s.oldest] = merge{key, b}
	s.oldest = (s.oldest + 1) % len(s.merged)
	return b
}

// late says whether the reader is too far behind in what came after it did.
func late(frames []*frame, whole uint64) bool {
	size := 0
	for i, f := range frames {
		if f.from <= whole {
			continue
		}
		size += len(f.json)
		if size > behindBytes && i > 0 || time.Since(f.at) > behindTime {
			return true
		}
	}
	return false
}

// concat merges frames. A thin batch is without the samples of every frame
// but the newest that there is.
func concat(key span, frames []*frame, newest bool) Batch {
	b := Batch{From: key.after + 1, To: key.to, JSON: []byte{'['}}
	for i, f := range frames {
		thin := key.thin && f.from > key.whole && !(newest && i == len(frames)-1)
		for k := range f.ends {
			switch {
			case f.from+uint64(k) <= key.after:
			case thin && f.spare[k]:
				b.Skipped++
			default:
				b.JSON = append(append(b.JSON, f.event(k)...), ',')
			}
		}
	}
	if len(b.JSON) == 1 {
		b.JSON = append(b.JSON, ']')
	}
	b.JSON[len(b.JSON)-1] = ']'
	return b
}

// spare says whether a slow reader can do without events of this kind: a later
// one says more.
func spare(k telemetry.Kind) bool {
	return k == telemetry.KindSample || k == telemetry.KindFigures || k == telemetry.KindSockets || k == telemetry.KindPath
}
