package content

import (
	"maps"
	"slices"
	"testing"

	"socketlabs/runner/judge"
)

// What a lesson derives is shown in the unit that it comes to. Whoever adds a formula
// decides here which that is: when it is not what the formula says, the formula converts
// (a number in it does), or the label has to say it.
func TestUnitsOfWhatLessonsDerive(t *testing.T) {
	want := map[string]string{
		"blocking/memory_per_connection":  "bytes",
		"blocking/cpu_per_visit":          "seconds",
		"canary/calls":                    "",
		"canary/expected":                 "",
		"canary/variance":                 "",
		"canary/share_of_new":             "",
		"canary/failed_share":             "",
		"canary/users_with_new":           "",
		"coalesce/calls_per_answer":       "",
		"coalesce/cpu_per_answer":         "seconds",
		"deadline/polls_per_deadline":     "",
		"epoll-edge/reads_per_request":    "",
		"epoll-edge/calls_per_burst":      "",
		"epoll-edge/needed_per_burst":     "",
		"epoll-edge/wakeups_per_second":   "",
		"epoll/waits_per_request":         "",
		"epoll/reads_per_request":         "",
		"epoll/calls_per_request":         "",
		"epoll/memory_per_connection":     "bytes",
		"errors/cpu_per_request":          "seconds",
		"flush/calls_per_answer":          "",
		"flush/cpu_per_answer":            "seconds",
		"framing/frames_per_read":         "",
		"framing/reads_per_frame":         "",
		"framing/cpu_per_frame":           "seconds",
		"framing/inflated_per_bomb":       "bytes",
		"graceful/unanswered":             "",
		"graceful/failures_and_one":       "",
		"hardening/memory_per_connection": "bytes",
		"hardening/unanswered":            "",
		"input/not_asked_for":             "bytes",
		"input/inflated_per_bomb":         "bytes",
		"input/cpu_per_request":           "seconds",
		"kernel-queues/standing_sendq":    "bytes",
		"kernel-queues/slow_window":       "",
		"ladder/reads_per_request":        "",
		"ladder/switches_per_request":     "",
		"ladder/mebibytes":                "",
		"ladder/calls_per_mib":            "",
		"limits/allowed_per_second":       "",
		"mystery-faults/window_share":     "",
		"retries/goodput":                 "",
		"retries/attempts":                "",
		"retries/added_per_call":          "",
		"rpc/goodput":                     "",
		"sendfile/mebibytes":              "",
		"sendfile/calls_per_mib":          "",
		"sendfile/cpu_per_gib":            "seconds",
		"sendfile/cpu_ratio":              "",
		"sendfile/copied_share":           "",
		"seven-steps/cores":               "",
		"seven-steps/waiting_threads":     "",
		"seven-steps/upstream_threads":    "",
		"seven-steps/disk_threads":        "",
		"seven-steps/sync_time":           "", // the lab counts microseconds, as a number
		"signals/switches_per_request":    "",
		"signals/cpu_per_request":         "seconds",
		"signals/core_share":              "",
		"start/waiting_share":             "",
		"states/visits":                   "",
		"tlsecho/cpu_per_handshake":       "seconds",
		"tlsecho/server_share":            "",
		"tools/io_per_request":            "",
		"tuning/visits":                   "",
		"uring/epoll_calls":               "",
		"uring/uring_calls":               "",
		"uring/cpu_per_request":           "seconds",
		"uring/completions_per_request":   "",
		"workers/cpu_per_request":         "seconds",
		"workers/switches_per_request":    "",
		"workers/waiting_threads":         "",
		"workers/refused_share":           "",
	}
	catalog, book := workbook(t)
	seen := map[string]bool{}
	for _, part := range book.Parts {
		for _, l := range part.Lessons {
			for _, x := range l.Experiments {
				lab, _ := catalog.Lab(x.Spec.Lab)
				units := judge.NewUnits(x.Spec.Question(lab), x.Spec.Units(lab))
				for _, f := range x.Spec.Derive {
					name := l.ID + "/" + f.ID
					seen[name] = true
					unit, decided := want[name]
					switch got := units.Of(f.ID); {
					case !decided:
						t.Errorf("%s: %s is shown in %q: decide on that here", name, f.Expr, got)
					case got != unit:
						t.Errorf("%s of %s: %s is shown in %q, want %q", name, x.ID, f.Expr, got, unit)
					}
				}
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(want)) {
		if !seen[name] {
			t.Errorf("%s: no lesson derives it any more", name)
		}
	}
}
