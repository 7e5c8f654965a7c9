package site

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"time"
)

const (
	// handOver is how long the end is announced with Connection: close before
	// the listener closes. Shutdown alone failed 46 of 60 keep-alive clients.
	handOver = 300 * time.Millisecond
	// patience is how long requests in flight may take after that.
	patience = 4 * time.Second
)

// Serve answers on ln until ctx ends, then ends itself within 8 seconds without
// failing a request: connections are told to close, WebSockets end with 1012.
func (s *Site) Serve(ctx context.Context, ln net.Listener) error {
	b := &busy{conns: map[net.Conn]time.Time{}}
	srv := &http.Server{
		ConnState:         b.changed,
		Handler:           s.Handler(),
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       30 * time.Second,
		WriteTimeout:      2 * time.Minute,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          slog.NewLogLogger(s.log.Handler(), slog.LevelDebug),
	}
	s.tasks.Go(func() { s.tools() }) // it takes a tenth of a second, and the first page says it
	if s.cfg.Class != nil {
		s.tasks.Go(s.keepDays)
	}
	failed := make(chan error, 1)
	go func() { failed <- srv.Serve(ln) }()
	select {
	case err := <-failed:
		s.end()
		return err
	case <-ctx.Done():
	}
	s.end()
	time.Sleep(handOver)
	ln.Close()
	if err := <-failed; !errors.Is(err, net.ErrClosed) {
		return errors.Join(err, s.shutdown(srv))
	}
	b.wait(patience / 2)
	return s.shutdown(srv)
}

// shutdown waits for what is in flight, the WebSockets included, and cuts what
// takes too long.
func (s *Site) shutdown(srv *http.Server) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	err := srv.Shutdown(ctx)
	if err != nil {
		s.log.Warn("site: requests were cut off", "error", err)
		err = srv.Close()
	}
	gone := make(chan struct{})
	go func() {
		s.tasks.Wait()
		close(gone)
	}()
	select {
	case <-gone:
	case <-ctx.Done():
	}
	return err
}
