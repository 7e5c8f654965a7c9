package judge

import (
	"testing"

	"socketlabs/labs/telemetry"
)

// measuring is a question with two windows, two metrics of a lab and derived ones.
func measuring() (telemetry.Question, map[string]string) {
	q := telemetry.Question{
		Windows: []telemetry.Window{{Name: "late", From: 1, To: 2}, {Name: "quiet", From: 0, To: 1}},
		Metrics: []telemetry.Metric{{Name: "lab.reads", Kind: telemetry.KindCounter}, {Name: "lab.bytes", Kind: telemetry.KindCounter, Unit: "bytes"}},
		Derive: []telemetry.Formula{
			{ID: "cost", Expr: "kernel.cpu / load.requests"},
			{ID: "mebibytes", Expr: "lab.bytes / 1048576"},
			{ID: "odd", Expr: "kernel.cpu + lab.bytes"},
		},
	}
	return q, map[string]string{"ask.size": "bytes", "ask.rate": "per second", "ask.connections": "", "knob.share": "%", "knob.read_timeout": "seconds", "knob.pace": "per minute"}
}

func TestUnits(t *testing.T) {
	units := NewUnits(measuring())
	for _, tt := range []struct{ why, expr, want string }{
		{"a counter of the catalogue", "kernel.cpu", "seconds"},
		{"a gauge", "kernel.recvq.max", "bytes"},
		{"a gauge alone", "kernel.recvq", "bytes"},
		{"a quantile", "load.p99", "seconds"},
		{"of a metric with a dot", "load.service.p99", "seconds"},
		{"a coarse one", "load.coarse.p99", "seconds"},
		{"a count of observations", "load.closed.count", ""},
		{"in a window", "late.kernel.sendq.mean", "bytes"},
		{"a window's length", "late.seconds", "seconds"},
		{"the block's length", "seconds", "seconds"},
		{"of the lab", "lab.bytes", "bytes"},
		{"a count of the lab", "lab.reads", ""},
		{"a fact of the host", "host.memory", "bytes"},
		{"a setting in bytes", "ask.size", "bytes"},
		{"a setting that is a time", "knob.read_timeout", "seconds"},
		{"a number", "42", ""},

		{"each one's share of a time", "kernel.cpu / load.requests", "seconds"},
		{"bytes by a count", "lab.bytes / lab.reads", "bytes"},
		{"a count times bytes", "load.requests * ask.size", "bytes"},
		{"a time by a time", "kernel.cpu / seconds", ""},
		{"a time by a rate's inverse", "load.requests / ask.rate", "seconds"},
		{"a rate times a time", "ask.rate * seconds", ""},
		{"a rate", "lab.reads / seconds", ""},
		{"bytes a second", "lab.bytes / seconds", ""},
		{"bytes a second, and again times seconds", "lab.bytes / seconds * load.mean", "bytes"},
		{"a product of times", "kernel.cpu * seconds", ""},
		{"of which one is taken away again", "kernel.cpu * seconds / load.mean", "seconds"},
		{"a percentage converts", "lab.bytes * knob.share", ""},

		{"a sum of times", "kernel.cpu_user + kernel.cpu_system", "seconds"},
		{"a difference of bytes by a count", "(lab.bytes - load.requests * ask.size) / lab.reads", "bytes"},
		{"a sum that has none", "kernel.cpu + lab.bytes", ""},
		{"a number is no time", "kernel.cpu + 1", ""},
		{"and what is made of it neither", "(kernel.cpu + lab.bytes) / lab.bytes", ""},
		{"the larger of two times", "max(load.p50, load.service.p50)", "seconds"},
		{"of a time and a count", "max(load.p50, lab.reads)", ""},
		{"rounded", "ceil(lab.bytes / lab.reads)", "bytes"},
		{"the rest of a division", "lab.bytes % ask.size", "bytes"},
		{"the other way round", "-kernel.cpu", "seconds"},
		{"either of two times", "lab.reads > 0 ? load.p50 : load.p99", "seconds"},
		{"a time or a count", "lab.reads > 0 ? load.p50 : lab.reads", ""},
		{"true or false", "kernel.cpu > seconds", ""},
		{"squared", "kernel.cpu ** 2", ""},
		{"a power of counts", "kernel.cpu / lab.reads ** 2", "seconds"},

		{"how many MiB", "lab.bytes / 1048576", ""},
		{"a time by how many", "kernel.cpu / mebibytes", "seconds"},
		{"milliseconds are not ours", "load.mean * 1000", ""},
		{"from the other side", "1000 * load.mean", ""},
		{"nor is what they make", "1000 * load.mean / lab.reads", ""},
		{"a share in percent", "100 * load.failed / load.sent", ""},
		{"a frequency", "1 / load.mean", ""},
		{"its inverse", "1 / (1 / load.mean)", "seconds"},

		{"a derived metric", "cost", "seconds"},
		{"made of one", "cost * load.requests / lab.reads", "seconds"},
		{"in a window", "late.cost", "seconds"},
		{"a derived one that has none", "odd", ""},
		{"of blocks of a sweep", "load.p99[-1]", "seconds"},
		{"by one another", "load.p99[-1] / load.p99[0]", ""},
		{"over all of them", "max(kernel.rss.max)", "bytes"},
		{"how many there are", "len(load.p99)", ""},

		{"a unit that we do not have", "knob.pace", ""},
		{"nor by a time", "load.mean / knob.pace", ""},
		{"an unknown name", "lab.bytes / lab.other", ""},
		{"no expression", "lab.bytes /", ""},
	} {
		if got := units.Of(tt.expr); got != tt.want {
			t.Errorf("%s: %s is in %q, want %q", tt.why, tt.expr, got, tt.want)
		}
	}
	for _, tt := range []struct {
		why, expr, op string
		pass          bool
		want          string
	}{
		{"a time against a number", "cost < 0.001", "<", true, "seconds"},
		{"also when it fails", "cost < 0.001", "<", false, "seconds"},
		{"of a check that passes the first is told", "cost < 0.001 && lab.reads > 0", "<", true, "seconds"},
		{"of one that fails the one with its operator", "lab.reads > 0 && cost < 0.001", "<", false, "seconds"},
		{"here the other", "lab.reads > 0 && cost < 0.001", ">", false, ""},
		{"of which there are two of two kinds", "lab.reads > 0 && cost > 0.001", ">", false, ""},
		{"or of one", "quiet.kernel.recvq.min > 0 && late.kernel.recvq.max > 64 * ask.size", ">", false, "bytes"},
		{"no comparison", "lab.reads", "", false, ""},
		{"no expression", "lab.reads >", ">", true, ""},
	} {
		if got := units.Check(telemetry.Check{Expr: tt.expr, Op: tt.op, Pass: tt.pass}); got != tt.want {
			t.Errorf("%s: %s compares %q, want %q", tt.why, tt.expr, got, tt.want)
		}
	}
}
