package judge

import (
	"strings"
	"testing"

	"socketlabs/labs/telemetry"
)

func TestLint(t *testing.T) {
	q := question()
	q.Derive = append(q.Derive, telemetry.Formula{ID: "broken", Expr: "lab.nothing +"})
	for _, tt := range []struct {
		expr    string
		boolean bool
		want    string // in the error; "" for none
	}{
		{"quiet.lab.wakeups == 0", true, ""},
		{"reads_per_request > ceil(ask.size / knob.buf)", true, ""},
		{"(load.requests > 0) && (load.errno.econnreset == 0)", true, ""},
		{"1 < load.requests / ask.rate", true, "the measured value stands on the left"},
		{"broken > 1", true, ""}, // its own fault is reported where it stands
		{"kernel.recvq", false, ""},
		{"quiet.kernel.recvq", false, ""},
		{"host.busy.mean / host.cores", false, ""},
		{"load.service.coarse.p999", false, ""},
		{"knob.read_timeout * 2", false, ""},
		{"if lab.reads > 1 { 1 } else { 2 }", false, ""}, // another way to write c ? a : b
		{"-5 | abs()", false, ""},                        // another way to write abs(-5)

		{"lab.raeds", false, "lab.raeds: no such name, did you mean lab.reads? lab has open, reads, wakeups"},
		{"quiet.lab.raeds", false, "quiet.lab.raeds: no such name, did you mean lab.reads?"},
		{"knob.drian", false, "did you mean knob.drain? knob has buf, drain, model, read_timeout"},
		{"ask.sizes", false, "did you mean ask.size? ask has connections, model, rate, size"},
		{"load.requsts", false, "did you mean load.requests?"},
		{"load.p98", false, "load.p98: no such name, did you mean load.p9"},
		{"load.service.p98", false, "did you mean load.service.p9"},
		{"load.coarse.mean", false, "no such name"},
		{"load.coarse", false, "no such name"},
		{"host.corse", false, "did you mean host.cores?"},
		{"reads_per_requset", false, "did you mean reads_per_request? there are reads_per_request, reads_per_second"},
		{"quite.lab.reads", false, "quite.lab.reads: no such name"},
		{"lab", false, "lab: no such name"},
		{"link.dropped", false, "later"},
		{"quiet.link.dropped == 0", true, "later"},

		{"lab.reads.max", false, "lab.reads is a counter: it has its increase and no .max"},
		{"kernel.recvq + 1", false, "kernel.recvq is a gauge: write kernel.recvq.last, .min, .max or .mean"},
		{"kernel.recvq == 0", true, "kernel.recvq is a gauge"},
		{"quiet.kernel.recvq == 0", true, "quiet.kernel.recvq is a gauge: write quiet.kernel.recvq.last"},
		{"kernel.recvq.p50", false, "kernel.recvq is a gauge: it has .last, .min, .max, .mean"},
		{"load", false, "load is a histogram: write load.p50"},
		{"load.service", false, "load.service is a histogram"},
		{"quiet", false, "quiet is a window"},
		{"quiet.late.lab.reads", false, "one window is enough"},

		{"lab.reads", true, "lab.reads is no comparison: a check is comparisons joined by &&, as in lab.reads == 0"},
		{"lab.reads > 1 || lab.reads < 5", true, "is no comparison"},
		{"!(lab.reads > 1)", true, "is no comparison"},
		{"knob.drain", true, "is no comparison"},
		{"true", true, "is no comparison"},
		{`knob.model == "one"`, true, "compares texts"},
		{`knob.model == "one"`, false, ""},
		{`knob.model < "one"`, false, "texts are equal or not"},
		{`knob.model == 1`, false, "compares a text with a number"},
		{`knob.model + "x"`, false, "knob.model is a text and not a number"},
		{"knob.drain * 5", false, "knob.drain is true or false: write (knob.drain ? 1 : 0)"},
		{"lab.reads && true", false, "lab.reads is a number and not true or false"},
		{"lab.reads ? 1 : 2", false, "lab.reads is a number and not true or false"},
		{`knob.drain ? 1 : "x"`, false, `"x" is a text and not a number`},
		{"!lab.reads", false, "is a number and not true or false"},
		{"ceil(knob.model)", false, "is a text and not a number"},

		{"", false, "unexpected token EOF"},
		{"lab.reads >", false, "at character"},
		{"lab.reads / (load.requests", false, "at character"},
		{"sqrt(2)", false, "sqrt: no such function: there are abs, ceil"},
		{"cell(2.5)", false, "did you mean ceil?"},
		{"ceil(1, 2)", false, "ceil takes one argument"},
		{"min()", false, "min takes one argument"},
		{"lab.reads | upper()", false, "no such function"},
		{"map(1..9, # * 2)", false, "no such function"},
		{"sum(filter([1,2], # > 1))", false, "no such function"},
		{"[1, 2]", false, "an expression is made of"},
		{"{a: 1}", false, "an expression is made of"},
		{"let x = 1; x + 1", false, "an expression is made of"},
		{"1; 2", false, "an expression is made of"},
		{"nil", false, "an expression is made of"},
		{"lab?.reads", false, "an expression is made of"},
		{"lab[0]", false, "nothing has brackets"},
		{"lab.reads ?? 1", false, "there is no operator ??"},
		{"1..5", false, "there is no operator .."},
		{`"a" matches "b"`, false, "there is no operator matches"},
		{"1 in [1]", false, "there is no operator in"},
		{"now()", false, "no such function"},
		{"lab.reads()", false, "no such function"},
		{strings.Repeat("1+", 250) + "1", false, "longer than 500 characters"},
	} {
		err := Lint(q, tt.expr, tt.boolean)
		if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
			t.Errorf("%s: %v; want %q", tt.expr, err, tt.want)
		}
	}
}

func TestLintWithLittle(t *testing.T) {
	for expr, want := range map[string]string{
		"lab.reads": "this lab exports no metrics",
		"knob.buf":  "this lab has no knobs",
		"ask.size":  "this experiment has no load",
	} {
		if err := Lint(telemetry.Question{}, expr, false); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v; want %s", expr, err, want)
		}
	}
}

// The expressions of a lesson on edge-triggered epoll, and some of the other
// lessons: each in the place where it stands there.
func TestLessons(t *testing.T) {
	counter := func(names ...string) (list []telemetry.Metric) {
		for _, n := range names {
			list = append(list, telemetry.Metric{Name: "lab." + n, Kind: telemetry.KindCounter})
		}
		return list
	}
	q := telemetry.Question{
		Seconds: 3, Warmup: 1,
		Windows: []telemetry.Window{{Name: "quiet", From: 1, To: 3}, {Name: "silent_client", From: 0, To: 3}, {Name: "leaver", From: 1, To: 3}, {Name: "held", From: 0.5, To: 1.5}},
		Ask:     map[string]any{"model": "closed", "connections": 1.0, "size": 10000.0, "rate": 1000.0, "burst": 1.0, "depth": 1.0, "client": "echo"},
		Knob:    map[string]any{"drain": false, "buf": 4096.0, "threads": 1.0, "oneshot": false, "armed": false, "read_timeout": 10.0},
		Metrics: counter("wakeups", "reads", "overlaps", "rearms", "timeouts"),
		Derive: []telemetry.Formula{
			{ID: "reads_per_request", Expr: "lab.reads / load.requests"},
			{ID: "calls_per_request", Expr: "(lab.wakeups + lab.reads) / load.requests"},
			{ID: "wakeups_per_second", Expr: "lab.wakeups / seconds"},
			{ID: "memory_per_connection", Expr: "kernel.rss.max / ask.connections"},
		},
		Checks: []telemetry.Formula{
			{ID: "stuck", Expr: "quiet.kernel.recvq.min == ask.connections * (ask.size - knob.buf)"},
			{ID: "silent", Expr: "quiet.lab.wakeups == 0"},
			{ID: "extra-read", Expr: "reads_per_request > ceil(ask.size / knob.buf)"},
			{ID: "price", Expr: "lab.rearms >= 0.9 * lab.wakeups"},
			{ID: "no-leak", Expr: "kernel.close_wait.last == 0"},
			{ID: "whole-wait", Expr: "load.max >= 0.9 * silent_client.seconds"},
			{ID: "all-bytes", Expr: "load.requests > 0 && load.errors == 0"},
			{ID: "on-schedule", Expr: "abs(load.requests / (ask.rate * seconds) - 1) < 0.02"},
			{ID: "both-agree", Expr: "abs(lab.reads / load.bytes_in - 1) < 0.02"},
			{ID: "coarse-half", Expr: "load.coarse.p50 >= load.p50 && load.coarse.p50 <= 2.1 * load.p50"},
			{ID: "service-blind", Expr: "load.service.p99 < 0.5 * load.p99"},
			{ID: "outlives", Expr: "load.oldest.last >= 3 * knob.read_timeout"},
			{ID: "faster", Expr: "load.requests > 2 * 500 * seconds"},
		},
		Watch: []string{"kernel.recvq", "lab.wakeups", "load.requests", "calls_per_request", "load.mean", "load.coarse.p99"},
		Charts: []telemetry.Chart{
			{Group: "queues", Metrics: []string{"kernel.recvq", "kernel.sendq"}},
			{Group: "latency", Metrics: []string{"load.p50", "load.max", "load.oldest", "load.service.p99"}},
		},
		Predictions: []telemetry.Prediction{
			{ID: "where", Kind: "queue", Answer: `quiet.kernel.recvq.min > 0 ? "recvq" : "none"`},
			{ID: "left", Kind: "number", Unit: "bytes", Answer: "quiet.kernel.recvq.min", Tolerance: "0"},
			{ID: "storm-size", Kind: "number", Unit: "per second", Answer: "wakeups_per_second", Tolerance: "x10"},
			{ID: "fires", Kind: "choice", Choices: []string{"no", "once", "often"}, Answer: `lab.timeouts == 0 ? "no" : lab.timeouts == 1 ? "once" : "often"`},
			{ID: "which", Kind: "choice", Choices: []string{"mean", "median", "p99"}, Answer: `load.p99 > 5 * load.mean && load.p99 > 5 * load.p50 ? "p99" : load.mean > load.p50 ? "mean" : "median"`},
			{ID: "grows", Kind: "queue", Answer: `held.load.backlog.max * ask.size > held.kernel.recvq.max ? "client" : "recvq"`},
		},
	}
	if _, err := New(q, host); err != nil {
		t.Fatal(err)
	}
	for _, f := range q.Checks {
		if err := Lint(q, f.Expr, true); err != nil {
			t.Errorf("%s: %v", f.ID, err)
		}
	}
}

// Whatever an expression is, it is refused or it has a value or it says why not;
// and what Lint lets through, New takes.
func FuzzLint(f *testing.F) {
	for _, s := range []string{
		"quiet.lab.wakeups == 0", "reads_per_request > ceil(ask.size / knob.buf)", `knob.drain ? "a" : "b"`,
		"map(1..9, # * 2)", "let x = 1; x", "load.coarse.p99 ** 99", "1 < 2 < 3", "a?.b ?? c", "{a: [1]}[`b`]",
		"min(1, max(2, 3)) % 0", "not (true and false)", "0x1p-2 + 1_000", "-(-(-1))", "lab.reads | abs() | ceil()",
		"if true {1} else {2}", "#.a", "b'abc'", "1;2;3", "len('é') == 1", "link.x", "((((((((1))))))))",
	} {
		f.Add(s)
	}
	q := question()
	j := judged(f, q, standard())
	f.Fuzz(func(t *testing.T, expr string) {
		err := Lint(q, expr, false)
		value, why := j.Value(expr)
		if err != nil && why == nil {
			t.Errorf("%q was refused (%v) and has the value %v", expr, err, value)
		}
		q := q
		q.Checks = []telemetry.Formula{{ID: "c", Expr: expr}}
		_, newErr := New(q, host)
		if checkErr := Lint(q, expr, true); (checkErr == nil) != (newErr == nil) {
			t.Errorf("%q as a check: Lint says %v, New %v", expr, checkErr, newErr)
		}
		if newErr == nil && err != nil {
			t.Errorf("%q is a check and no expression: %v", expr, err)
		}
	})
}
