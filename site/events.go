package site

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"

	"socketlabs/runner"
)

const (
	maxWatchers   = 4096
	writePatience = 10 * time.Second // a reader that takes nothing for this long is cut off
	pingEvery     = 20 * time.Second
	pongPatience  = 60 * time.Second
	closeGrace    = time.Second // for the reader's own close frame
	sendBuffer    = 128 << 10   // the kernel doubles it; that is all that a reader who never reads costs
	maxMessage    = 512         // readers say no more than where they are
	hearEvery     = 50 * time.Millisecond
)

// events streams a run from after=N on: each text frame is an array of events.
// It closes with 1000 after the run's last event and with 1012 when the site
// ends; whoever connects again with the last seq misses nothing.
func (s *Site) events(w http.ResponseWriter, r *http.Request) error {
	var after uint64
	if text := r.URL.Query().Get("after"); text != "" {
		var err error
		if after, err = strconv.ParseUint(text, 10, 64); err != nil {
			return &refusal{err: errRequest, field: "after"}
		}
	}
	rd, err := s.follow(r.PathValue("id"), after)
	if err != nil {
		return err
	}
	s.tasks.Add(1)
	defer s.tasks.Done()
	defer s.left()
	return s.speak(w, r, &s.counts.watchers, maxWatchers, func(conn *websocket.Conn) { newWatcher(s, conn, nil).follow(rd) })
}

// speak makes a WebSocket of a request, one of at most so many that are open, and has
// it served. The site's end waits for it.
func (s *Site) speak(w http.ResponseWriter, r *http.Request, open *atomic.Int64, most int64, serve func(*websocket.Conn)) error {
	if !websocket.IsWebSocketUpgrade(r) {
		return &refusal{err: errRequest, field: "upgrade"}
	}
	defer open.Add(-1)
	if open.Add(1) > most {
		return errCrowded
	}
	s.tasks.Add(1)
	defer s.tasks.Done()
	up := websocket.Upgrader{CheckOrigin: s.sameOrigin, HandshakeTimeout: writePatience, EnableCompression: false}
	conn, err := up.Upgrade(w, r, nil)
	if err != nil { // it has been answered
		s.log.Debug("site: upgrade", "error", err)
		return nil
	}
	serve(conn)
	return nil
}

// left drops the shared frames with the last watcher.
func (s *Site) left() {
	if s.counts.watchers.Load() == 0 {
		s.frames.clear()
	}
}

// watcher is one WebSocket.
type watcher struct {
	s      *Site
	conn   *websocket.Conn
	ctx    context.Context // done when the reader has left or the site ends
	cancel context.CancelFunc
	gone   chan struct{} // closed when nothing more is read
	heard  func([]byte)  // gets what the reader says; nil: nobody listens
}

func newWatcher(s *Site, conn *websocket.Conn, heard func([]byte)) *watcher {
	c := &watcher{s: s, conn: conn, gone: make(chan struct{}), heard: heard}
	c.ctx, c.cancel = context.WithCancel(s.ending)
	if tcp := c.tcp(); tcp != nil {
		tcp.SetWriteBuffer(sendBuffer)
	}
	go c.pump()
	return c
}

// pump reads until the reader leaves: pongs prove that there still is one.
func (c *watcher) pump() {
	defer close(c.gone)
	defer c.cancel()
	c.conn.SetReadLimit(maxMessage)
	c.conn.SetReadDeadline(time.Now().Add(pongPatience))
	c.conn.SetPongHandler(func(string) error { return c.conn.SetReadDeadline(time.Now().Add(pongPatience)) })
	for {
		_, r, err := c.conn.NextReader()
		if err != nil {
			return
		}
		if c.heard == nil {
			continue
		}
		said, err := io.ReadAll(r) // of maxMessage bytes at most
		if err != nil {
			return
		}
		c.heard(said)
		time.Sleep(hearEvery) // who says more waits
	}
}

// follow sends what there is until the run, the reader or the site ends.
func (c *watcher) follow(rd *runner.Reader) {
	defer func() { <-c.gone }()
	defer c.conn.Close()
	defer c.cancel()
	var err error
	for err == nil {
		err = c.untilPing(rd)
	}
	switch {
	case err == io.EOF:
		c.bye(websocket.CloseNormalClosure, "the run has ended")
	case c.s.ending.Err() != nil:
		c.bye(websocket.CloseServiceRestart, "the site is restarting")
	case c.ctx.Err() != nil: // the reader has left
	case isTimeout(err):
		c.cut()
	default:
		c.s.log.Debug("site: events", "error", err)
		c.bye(websocket.CloseInternalServerErr, "")
	}
}

// untilPing sends batches until it is time for a ping, and sends that.
func (c *watcher) untilPing(rd *runner.Reader) error {
	ctx, cancel := context.WithTimeout(c.ctx, pingEvery)
	defer cancel()
	for {
		b, err := rd.Next(ctx)
		if err != nil && ctx.Err() != nil && c.ctx.Err() == nil {
			return c.conn.WriteControl(websocket.PingMessage, nil, time.Now().Add(writePatience))
		}
		if err != nil {
			return err
		}
		if err := c.send(b); err != nil {
			return err
		}
	}
}

func (c *watcher) send(b runner.Batch) error {
	frame, err := c.s.frames.of(b)
	if err != nil {
		return err
	}
	c.s.counts.frames.Add(1)
	c.conn.SetWriteDeadline(time.Now().Add(writePatience))
	return c.conn.WritePreparedMessage(frame)
}

// bye closes with a code and waits a moment for the answer to it. A reader that
// is behind still has its buffers full: the code has the patience of any frame,
// but for the end of the site, which waits for nobody.
func (c *watcher) bye(code int, text string) {
	deadline := time.Now().Add(writePatience)
	if c.s.ending.Err() != nil {
		deadline = time.Now().Add(closeGrace)
	}
	if c.conn.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(code, text), deadline) != nil {
		return
	}
	select {
	case <-c.gone:
	case <-time.After(closeGrace):
	}
}

// cut ends a reader that takes nothing. A frame is half sent, so no close frame
// can follow it; the reset frees what the kernel still holds.
func (c *watcher) cut() {
	c.s.counts.cut.Add(1)
	if tcp := c.tcp(); tcp != nil {
		tcp.SetLinger(0)
	}
}

// tcp is the connection below TLS, if there is any; nil for none.
func (c *watcher) tcp() *net.TCPConn {
	conn := c.conn.NetConn()
	if encrypted, ok := conn.(*tls.Conn); ok {
		conn = encrypted.NetConn()
	}
	tcp, _ := conn.(*net.TCPConn)
	return tcp
}

func isTimeout(err error) bool {
	t, ok := errors.AsType[net.Error](err)
	return ok && t.Timeout()
}

// frameCache shares a batch's frame among the readers that get the same batch.
type frameCache struct {
	made   atomic.Int64
	mu     sync.Mutex // guards recent and next
	recent [8]sharedFrame
	next   int
}

// sharedFrame holds its batch, so that the batch's address stays its own.
type sharedFrame struct {
	batch runner.Batch
	frame *websocket.PreparedMessage
}

func (c *frameCache) of(b runner.Batch) (*websocket.PreparedMessage, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, f := range c.recent {
		if f.frame != nil && f.batch.From == b.From && f.batch.To == b.To && &f.batch.JSON[0] == &b.JSON[0] {
			return f.frame, nil
		}
	}
	frame, err := websocket.NewPreparedMessage(websocket.TextMessage, b.JSON)
	if err != nil {
		return nil, err
	}
	c.made.Add(1)
	c.recent[c.next] = sharedFrame{b, frame}
	c.next = (c.next + 1) % len(c.recent)
	return frame, nil
}

func (c *frameCache) clear() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.recent = [8]sharedFrame{}
}
