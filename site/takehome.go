package site

import (
	archive "archive/zip"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"socketlabs/runner"
)

// Bounds of the file that somebody takes home: what is older is left out, and the file
// says so.
const (
	maxTaken      = 500
	maxTakenBytes = 512 << 20 // of recordings as they lie here; packed they are about a tenth
)

// packPatience is how long one recording may take to be packed and sent.
const packPatience = 30 * time.Second

// takeHome sends the asker's own recordings as one zip: each as it is exported, to be
// imported or replayed by any Socket Labs. They are packed one person at a time, since
// packing costs CPU that runs are measured on.
func (s *Site) takeHome(w http.ResponseWriter, r *http.Request) error {
	var mine []runner.Summary
	for _, sum := range s.listed(s.visitor(r)) {
		if _, live := s.cfg.Runner.Live(sum.ID); sum.Phase.Over() && !live && !s.sealed(sum) {
			mine = append(mine, sum)
		}
	}
	if len(mine) == 0 {
		return runner.ErrNoRun
	}
	select {
	case s.packing <- struct{}{}:
		defer func() { <-s.packing }()
	case <-r.Context().Done():
		return r.Context().Err()
	}
	attach(w, "recordings-"+time.Now().Format("2006-01-02")+".zip", "application/zip")
	deadline := func() error {
		return http.NewResponseController(w).SetWriteDeadline(time.Now().Add(packPatience))
	}
	if err := s.pack(w, mine, deadline); err != nil { // the file is cut off, and must not look whole
		s.log.Error("site: take recordings home", "error", err)
		panic(http.ErrAbortHandler)
	}
	return nil
}

// pack writes recordings, the newest first, as far as the bounds allow.
func (s *Site) pack(w io.Writer, mine []runner.Summary, deadline func() error) error {
	z := archive.NewWriter(w)
	size, left := int64(0), 0
	for i, sum := range mine {
		if size += sum.Bytes; i >= maxTaken || size > maxTakenBytes {
			left = len(mine) - i
			break
		}
		if err := deadline(); err != nil {
			return err
		}
		if _, err := s.cfg.Runner.Recording(sum.ID); err != nil {
			continue // deleted meanwhile
		}
		name, err := FileName(sum, "recording")
		if err != nil {
			return err
		}
		entry, err := z.CreateHeader(&archive.FileHeader{Name: name, Method: archive.Store, Modified: sum.Began}) // it is packed already
		if err == nil {
			err = s.cfg.Runner.Export(entry, sum.ID)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", sum.ID, err)
		}
	}
	entry, err := z.Create("README.txt")
	if err != nil {
		return err
	}
	var said strings.Builder
	for _, lang := range languages {
		said.WriteString(Said(lang, "takehome.readme") + "\n")
		if left > 0 {
			said.WriteString(Said(lang, "takehome.left", "n", fmt.Sprint(left)) + "\n")
		}
	}
	if _, err := io.WriteString(entry, said.String()); err != nil {
		return err
	}
	return z.Close()
}
