package site

import (
	"net/http"
	"slices"
	"strings"

	"socketlabs/labs"
	"socketlabs/labs/telemetry"
	"socketlabs/runner"
	"socketlabs/runner/judge"
)

// checklistPage is the host's settings beside a run.
type checklistPage struct {
	Runs []runner.Summary
	Run  *runner.Summary // nil: there is none yet
	Rows []judge.HostSetting
	Own  bool
}

// Examinable says whether the host's settings can be judged by a run: one block,
// made here, that proves something.
func Examinable(r runner.Summary) bool {
	mystery := strings.HasPrefix(r.Experiment, labs.MysteryPrefix) // its figures would tell
	return !mystery && r.Kind == "" && r.Phase == telemetry.Finished && r.Trust != "void" && r.Imported == nil && r.Metrics != nil
}

// SeenOf is a run as the checklist looks at it.
func SeenOf(r runner.Summary) *judge.Seen {
	return &judge.Seen{
		Metrics: r.Metrics, Ask: labs.Full(labs.LoadSettings(), r.Load), Knobs: r.Knobs, Seconds: r.Seconds,
		Own: r.Net == "own", Sysctl: r.Sysctl, Foreign: r.Command != nil,
	}
}

// checklistPage shows what the kernel is set to now, and whether it matters for the
// run that the address names, or the newest.
func (s *Site) checklistPage(w http.ResponseWriter, r *http.Request) error {
	e := s.shelf.edition()
	p := s.page(r, e)
	runs := slices.DeleteFunc(slices.Clone(s.listed(s.visitor(r))), func(r runner.Summary) bool { return !Examinable(r) })
	c := &checklistPage{Runs: runs[:min(len(runs), 40)]}
	if i := slices.IndexFunc(runs, func(x runner.Summary) bool { return x.ID == r.FormValue("run") }); i >= 0 {
		c.Run = &runs[i]
	} else if len(runs) > 0 {
		c.Run = &runs[0]
	}
	var seen *judge.Seen
	if c.Run != nil {
		seen = SeenOf(*c.Run)
		c.Own = seen.Own
	}
	c.Rows = judge.Checklist(runner.Settings(), seen)
	p.Checklist = c
	if s.again(w, r, p, c, p.Progress) {
		return nil
	}
	return s.show(w, r, http.StatusOK, "checklist", p, &pageData{})
}

// SettingName is how a reading is called where people look it up.
func SettingName(name string) string {
	switch name {
	case "nofile.soft":
		return "ulimit -Sn"
	case "nofile.hard":
		return "ulimit -Hn"
	case "softnet.dropped":
		return "/proc/net/softnet_stat: dropped"
	}
	return name
}
