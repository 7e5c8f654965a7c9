//go:build linux

package load

import (
	"errors"
	"time"
)

// echoes sends bytes and expects the same bytes back.
type echoes struct {
	inOrder
	stream
	answered int64 // requests, since the connection was opened
}

func (e *echoes) begin() {
	e.stream.begin(e.client.number)
	e.answered = 0
}

func (e *echoes) ask(due, now time.Duration) {
	e.owed += int64(e.client.crowd.burst) * int64(e.client.crowd.size)
	e.inOrder.ask(due, now)
}

func (e *echoes) rest() []byte {
	if e.sent == e.owed {
		return nil
	}
	return e.stream.rest(e.client.crowd.pattern)
}

func (e *echoes) wrote(n int) { e.sent += int64(n) }

func (e *echoes) take(data []byte) error {
	if !e.accept(e.client.crowd.pattern, data) {
		return errors.New(wrongBytes(e.got-int64(len(data)), len(data)))
	}
	done := int(e.got/int64(e.client.crowd.size) - e.answered)
	e.answered += int64(done)
	e.settle(done, true)
	return nil
}
