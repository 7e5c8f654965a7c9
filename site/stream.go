package site

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"net/http"
)

// stream sends a page while it is rendered, compressed for those who take that: up to
// where flush was last called, and all of it once it is closed.
type stream struct {
	*bufio.Writer
	w      http.ResponseWriter
	begin  func()
	zipped *gzip.Writer // nil: plain
	sent   bytes.Buffer // all that was sent
}

// newStream begins nothing: until the first flush the request can be answered otherwise.
func newStream(w http.ResponseWriter, r *http.Request, lang string) *stream {
	out := &stream{w: w, begin: func() { pageHeader(w, r, lang) }}
	to := io.Writer(sending{out})
	if acceptsGzip(r) {
		out.zipped = gzip.NewWriter(to)
		to = out.zipped
	}
	out.Writer = bufio.NewWriterSize(to, 16<<10)
	return out
}

// sending is a stream's way out.
type sending struct{ *stream }

func (s sending) Write(p []byte) (int, error) {
	if s.sent.Len() == 0 {
		s.begin()
	}
	s.sent.Write(p) // to memory
	return s.w.Write(p)
}

// flush sends what was rendered so far.
func (s *stream) flush() error {
	err := s.Flush()
	if err == nil && s.zipped != nil {
		err = s.zipped.Flush()
	}
	if err == nil {
		err = http.NewResponseController(s.w).Flush()
	}
	if errors.Is(err, http.ErrNotSupported) { // an answer in memory
		return nil
	}
	return err
}

// close sends the rest.
func (s *stream) close() error {
	err := s.Flush()
	if err == nil && s.zipped != nil {
		err = s.zipped.Close()
	}
	return err
}
