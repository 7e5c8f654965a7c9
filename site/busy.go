package site

import (
	"net"
	"net/http"
	"sync"
	"time"
)

// newPatience is how long a connection that says nothing is waited for: a
// browser opens some in advance.
const newPatience = 500 * time.Millisecond

// busy knows which connections have, or will soon have, a request in flight.
// Server.Shutdown drops a first request that it reads meanwhile without an
// answer, so it is called only when nobody is busy.
type busy struct {
	mu    sync.Mutex             // guards conns
	conns map[net.Conn]time.Time // since when new; zero: active
}

// changed is the server's ConnState.
func (b *busy) changed(c net.Conn, state http.ConnState) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch state {
	case http.StateNew:
		b.conns[c] = time.Now()
	case http.StateActive:
		b.conns[c] = time.Time{}
	default:
		delete(b.conns, c)
	}
}

// wait returns when nobody is busy, or after most.
func (b *busy) wait(most time.Duration) {
	for end := time.Now().Add(most); b.any() && time.Now().Before(end); {
		time.Sleep(5 * time.Millisecond)
	}
}

func (b *busy) any() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, since := range b.conns {
		if since.IsZero() || time.Since(since) < newPatience {
			return true
		}
	}
	return false
}
