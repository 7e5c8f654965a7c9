package judge

import "strings"

// directions says of which metrics less is better, and of which more. The rest
// is neither: fewer wakeups or larger reads are a matter of what they buy.
var directions = []struct{ prefix, better string }{
	{"load.requests", "higher"},
	{"load.bytes_in", "higher"},
	{"load.resumed", "higher"},
	{"load.connect", "lower"}, // and connecting, connects: each is a delay
	{"load.p", "lower"},
	{"load.mean", "lower"},
	{"load.max", "lower"},
	{"load.service.", "lower"},
	{"load.heavy.", "lower"},
	{"load.oldest", "lower"},
	{"load.backlog", "lower"},
	{"load.errors", "lower"},
	{"load.errno.", "lower"},
	{"load.mismatches", "lower"},
	{"load.refused", "lower"},
	{"load.failed", "lower"},
	{"load.expired", "lower"},
	{"load.lost", "lower"},
	{"load.retries", "lower"},
	{"kernel.cpu", "lower"},
	{"kernel.rss", "lower"},
	{"kernel.recvq", "lower"},
	{"kernel.sendq", "lower"},
	{"kernel.notsent", "lower"},
	{"kernel.accept_queue", "lower"},
	{"kernel.rtt", "lower"},
	{"kernel.retransmits", "lower"},
	{"kernel.rwnd_limited", "lower"},
	{"kernel.switches", "lower"},
	{"host.listen_", "lower"},
}

// Better says which way an expression is better: lower, higher, or "" when
// neither is. A cost for each request, as in kernel.cpu / load.requests, has the
// direction of what is spent.
func Better(expr string) string {
	over, per, divided := strings.Cut(strings.TrimSpace(expr), "/")
	if divided && strings.TrimSpace(per) != "load.requests" && strings.TrimSpace(per) != "seconds" {
		return ""
	}
	name := strings.TrimSpace(over)
	if strings.ContainsAny(name, " ()+-*?") {
		return ""
	}
	for _, d := range directions {
		if strings.HasPrefix(name, d.prefix) {
			return d.better
		}
	}
	return ""
}
