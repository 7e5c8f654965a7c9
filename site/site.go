// Package site serves the workbook: its pages, the commands of the browser, and
// the event streams of runs. It starts nothing itself and nothing imports it.
package site

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"socketlabs/runner"
	"socketlabs/site/workshop"
)

// Config of a Site. Only Root, Data and Runner are needed.
type Config struct {
	Root    string // the module's folder: content/ and labs/ are read from it, and again when they change
	Data    string // the data folder: progress and the token are kept in it
	Runner  *runner.Runner
	Log     *slog.Logger // nil: nothing is logged
	Version string       // empty: what the build says

	// Token lets a browser or a program in. Empty: one is made, once, and kept
	// in the data folder, so that a restart keeps everybody in.
	Token string
	// AllowHosts are values of the Host header to accept besides the loopback
	// names, as a forwarded port needs them: "name" or "name:port".
	AllowHosts []string
	// Class is the workshop that this site serves; nil: it serves its owner only.
	Class *workshop.Class
	// Public is where learners reach it: "https://192.0.2.7:7022". Empty: where
	// whoever asks has reached it.
	Public string
	// Fingerprint is the SHA-256 of a certificate that nobody vouches for.
	Fingerprint string
	// Dev serves templates, static files and texts from Root, as they are now.
	Dev bool

	edition  *edition // of Root, read before: the tests' sites share it
	exported bool     // pages become files of a book
}

// Site is the workbook on one data folder.
type Site struct {
	cfg       Config
	log       *slog.Logger
	token     string
	faces     *faces
	shelf     *shelf
	progress  *progress
	learners  learners
	common    commonCache
	called    called
	wall      wall
	watched   watched
	proposals proposals
	shown     *shown
	series    *seriesCache
	patients  patients
	press     press
	shelved   pageCache
	frames    frameCache
	counts    counts
	packing   chan struct{} // has room for one who takes recordings home
	verifying sync.Mutex    // held while the system's tools look at a hardening
	foreign   *http.CrossOriginProtection
	tools     func() string // the version of the Go toolchain that builds labs

	began  time.Time
	ending context.Context // done when no new work begins: WebSockets end with 1012
	end    context.CancelFunc
	tasks  sync.WaitGroup // everything that outlives the request that started it
}

// New opens the data folder. The error says what to do when another site has it.
func New(cfg Config) (*Site, error) {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Version == "" {
		cfg.Version = version()
	}
	s := &Site{cfg: cfg, log: cfg.Log, foreign: http.NewCrossOriginProtection(), tools: toolchain(cfg.Root), packing: make(chan struct{}, 1), began: time.Now()}
	s.ending, s.end = context.WithCancel(context.Background())
	s.shelf = newShelf(cfg.Root, cfg.Runner, cfg.Log)
	s.shown = newShown(cfg.Runner)
	s.series = newSeriesCache()
	if err := os.MkdirAll(cfg.Data, 0o755); err != nil {
		return nil, err
	}
	var err error
	if s.progress, err = openProgress(filepath.Join(cfg.Data, "site.db")); err != nil {
		return nil, err
	}
	if cfg.Class != nil {
		err = errors.Join(s.proposals.load(cfg.Class), s.called.load(cfg.Class, cfg.Runner))
	}
	if err == nil {
		s.faces, err = newFaces(cfg)
	}
	if err == nil {
		s.token, err = token(cfg)
	}
	if err != nil {
		s.progress.close()
		return nil, err
	}
	s.shelf.others = s.faces.pages
	if cfg.edition != nil {
		s.shelf.put(cfg.edition)
	}
	s.shelf.edition()
	return s, nil
}

// Close ends what Serve may have left and closes the data folder. Runs go on:
// they are the Runner's.
func (s *Site) Close() error {
	s.end()
	s.tasks.Wait()
	return s.progress.close()
}

// Link returns the address that lets a browser in, in one click. lang may be
// empty: then the browser's own preference decides.
func (s *Site) Link(addr, lang string) string {
	u := url.URL{Scheme: s.scheme(), Host: addr, Path: "/", RawQuery: url.Values{"token": {s.token}}.Encode()}
	if lang != "" {
		u.Path = "/" + lang + "/"
	}
	return u.String()
}

// scheme is how this site is reached.
func (s *Site) scheme() string {
	if strings.HasPrefix(s.cfg.Public, "https:") {
		return "https"
	}
	return "http"
}

// version returns the module's version and commit as the build recorded them.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	v := info.Main.Version
	if v == "" || v == "(devel)" {
		v = "devel"
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" && len(s.Value) >= 7 && v == "devel" {
			return fmt.Sprintf("devel-%s", s.Value[:7])
		}
	}
	return v
}
