package site

import (
	"context"
	"net/http"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"time"

	"socketlabs/content"
	"socketlabs/labs/telemetry"
	"socketlabs/runner"
)

// status is what the site says about itself and where it runs.
type status struct {
	Version   string           `json:"version"`
	Host      telemetry.Host   `json:"host"`
	Limits    runner.Limits    `json:"limits"`
	Live      []string         `json:"live"`  // ids of runs
	Queue     []runner.Waiting `json:"queue"` // who measures and who waits for it, in order
	Trouble   []string         `json:"trouble"`
	Linux     bool             `json:"linux"`
	Toolchain string           `json:"toolchain"` // "go1.26.8"; empty: there is none
}

// statusNow takes the runs, which whoever asks has listed already.
func (s *Site) statusNow(v visitor, runs []runner.Summary) status {
	return status{
		Version: s.cfg.Version, Host: s.cfg.Runner.Host(), Limits: s.cfg.Runner.Limits(),
		Live: s.live(runs), Queue: s.queueFor(v), Trouble: list(s.cfg.Runner.Trouble()),
		Linux: linux, Toolchain: s.tools(),
	}
}

func (s *Site) status(w http.ResponseWriter, r *http.Request) error {
	v := s.visitor(r)
	return reply(w, http.StatusOK, s.statusNow(v, s.listed(v)))
}

// toolchain asks the go command once which toolchain builds the labs.
func toolchain(root string) func() string {
	return sync.OnceValue(func() string {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		cmd := exec.CommandContext(ctx, "go", "env", "GOVERSION")
		cmd.Dir = root
		out, err := cmd.Output()
		if err != nil {
			return ""
		}
		return strings.TrimSpace(string(out))
	})
}

// prebuild has the open lesson's labs built first, the others after them.
func (s *Site) prebuild(e *edition, l *content.Lesson) {
	var names []string
	for _, x := range l.Experiments {
		names = append(names, x.Spec.Lab)
	}
	for _, lab := range e.labs.Labs {
		names = append(names, lab.Name)
	}
	var order []string
	for _, n := range names {
		if !slices.Contains(order, n) {
			order = append(order, n)
		}
	}
	if linux && s.counts.opened.Swap(&opening{e, l.ID}).differs(e, l.ID) {
		s.cfg.Runner.Prebuild(order...)
	}
}

// opening is a lesson that was opened, in an edition.
type opening struct {
	edition *edition
	lesson  string
}

func (o *opening) differs(e *edition, lesson string) bool {
	return o == nil || o.edition != e || o.lesson != lesson
}
