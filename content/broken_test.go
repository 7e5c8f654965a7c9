package content

import (
	"strings"
	"testing"
	"testing/fstest"
)

// edit changes one file of the good lessons: old becomes new, which must be there.
type edit struct{ file, old, new string }

func (e edit) apply(t *testing.T, fsys fstest.MapFS) {
	t.Helper()
	f, ok := fsys[e.file]
	if e.old == "" { // a new file, or none
		if delete(fsys, e.file); e.new != "" {
			fsys[e.file] = &fstest.MapFile{Data: []byte(e.new)}
		}
		return
	}
	if !ok || !strings.Contains(string(f.Data), e.old) {
		t.Fatalf("%s does not contain %q", e.file, e.old)
	}
	fsys[e.file] = &fstest.MapFile{Data: []byte(strings.Replace(string(f.Data), e.old, e.new, 1))}
}

// broken changes the lesson edge; want are all problems there are then, without
// "content/edge/".
func broken(t *testing.T, name string, edits []edit, want ...string) {
	t.Run(name, func(t *testing.T) {
		fsys := files(t)
		for _, e := range edits {
			e.apply(t, fsys)
		}
		book, problems := load(fsys, "content", catalog(t))
		var got []string
		for _, p := range problems {
			got = append(got, strings.TrimPrefix(p.String(), "content/edge/"))
		}
		if strings.Join(got, "\n") != strings.Join(want, "\n") {
			t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
		if l, _, _ := book.Lesson("edge"); l != nil && !strings.HasPrefix(want[0], "content/") {
			t.Error("the broken lesson is in the book")
		}
		if l, _, _ := book.Lesson("first"); l == nil && !strings.HasPrefix(want[0], "content/") {
			t.Error("the other lesson is not in the book")
		}
	})
}

const charts = "throughput, latency, queues, calls, cpu, memory, sockets, errors, link"

// What lesson.yaml may not say; each row changes one thing.
// A wanted text that ends in … is the beginning: the rest is from another package.
func TestBrokenYAML(t *testing.T) {
	for _, tt := range []struct{ why, old, new, want string }{
		{"a knob is mistyped", "drain: false", "drian: false", `11: knob "drian": labs/mini has buf, drain, read-timeout, threads, trigger; did you mean drain?`},
		{"a knob is out of range", "buf: 4096}", "buf: 3}", `11: knob buf: "3" is not allowed: it takes a whole number from 64 to 1048576 bytes`},
		{"a knob has the wrong type", "drain: false", "drain: 7", `11: knob drain: "7" is not allowed: it takes true or false`},
		{"a knob is a list", "drain: true", "drain: [true]", `34: knob drain: "<nil>" is not allowed: it takes true or false`},
		{"a key is unknown", "covers:", "cover:", `1: key "cover": a lesson has covers, lab, sections, derive, experiments, comparisons, breakit, exercise; did you mean covers?`},
		{"a key of an experiment is unknown", "    watch: [kernel", "    wacht: [kernel", `18: key "wacht": an experiment has like, lab, knobs, load, faults, net, sysctl, warmup, seconds, windows, sweep, charts, watch, predictions, checks; did you mean watch?`},
		{"a key stands twice", "lab: mini", "lab: mini\nlab: mini", `3: "lab" stands here twice`},
		{"a number where a text belongs", `["2.1", "2.2"]`, `["2.1", 2.2]`, `1: 2.2: this is a text: write "2.2"`},
		{"the lab does not exist", "lab: mini", "lab: minni", `2: lab "minni": there are mini; did you mean mini?`},
		{"like names nothing", "like: stall", "like: stalled", `33: like "stalled": the experiments above are stall; did you mean stall?`},
		{"a load setting is unknown", "size: 10000", "sice: 10000", `12: load setting "sice": there are beside, burst, client, connections, depth, model, peak, rate, renew, shape, size, sources, steps; did you mean size?`},
		{"a load setting has no such choice", "model: closed", "model: shut", `12: load setting model: "shut" is not allowed: it takes one of closed, open`},
		{"the client has no such setting", "size: 10000}", "size: 10000, with: {speed: 1}}", `12: setting "speed": the client echo has none`},
		{"seconds are no number", "seconds: 3", "seconds: soon", `13: "soon": write a number`},
		{"seconds are too many", "seconds: 3", "seconds: 61", `13: 61 s is not allowed: from 0.100 to 60 s`},
		{"seconds are off the grid", "seconds: 3", "seconds: 3.05", `13: 3.05 s is not on the grid of samples: a multiple of 0.1 s`},
		{"a block is longer than 60 s", "warmup: 0.5\n    seconds: 2", "warmup: 20\n    seconds: 50", "9: the experiments take 76 s together: a lesson has at most 40 s; shorten some\n48: warmup and seconds are 70 s together: a run has at most 60 s"},
		{"a lesson runs too long", "warmup: 0.5\n    seconds: 2", "warmup: 10\n    seconds: 30", "9: the experiments take 46 s together: a lesson has at most 40 s; shorten some"},
		{"a window leaves the measured time", "quiet: [1, 3]", "quiet: [1, 4]", "14: 4 s is not allowed: from 0 to 3 s"},
		{"a window is upside down", "quiet: [1, 3]", "quiet: [3, 1]", "14: window quiet: it ends before it begins"},
		{"a window has one end", "checks:\n      calm: silent_client", "windows: {late: [1]}\n    checks:\n      calm: silent_client", "57: window late: write [from, to] in seconds of the measured time"},
		{"a window's name cannot stand in an expression", "quiet: [1, 3]", "quiet: [1, 3], so-late: [1, 2]", `14: name "so-late": lower-case letters, digits and _ only, a letter first: it stands in expressions`},
		{"a fault's name is a word of expressions", "      silent_client: {", "      load: {kind: idle}\n      silent_client: {", `44: name "load": expressions have this word already; take another`},
		{"a group is unknown", "queues: [kernel", "queue: [kernel", `16: group "queue": there are ` + charts + `; did you mean queues?`},
		{"a metric is mistyped", "calls: [lab.wakeups, lab.reads]", "calls: [lab.wakeups, lab.raeds]", "17: lab.raeds: no such name, did you mean lab.reads? lab has bytes, open, reads, wakeups"},
		{"an expression is watched", "watch: [kernel.recvq, ", "watch: [2 * lab.reads, ", `18: metric "2 * lab.reads": a name like kernel.recvq; give an expression a name under derive`},
		{"a kind is unknown", "kind: queue", "kind: que", `21: kind "que": there are choice, number, queue, curve; did you mean queue?`},
		{"a number has an axis", "        unit: bytes\n", "        unit: bytes\n        range: [0, 5]\n", "26: range does not belong to a prediction of kind number"},
		{"an answer is none of the queues", `"recvq" : "none"`, `"recv" : "none"`, `22: answer "recv": the choices are client, sendq, link, recvq, accept, parser, workers, out, none; did you mean recvq?`},
		{"an answer is none of the choices", `"quiet-one"`, `"rare"`, `56: answer "rare": the choices are no, quiet-one, often`},
		{"a prediction has no answer", "        answer: quiet.kernel.recvq.min\n", "", "23: prediction left has no answer: an expression over the run"},
		{"a number has no unit", "        unit: bytes\n", "", "23: prediction left: kind number has a unit: what the learner types"},
		{"a tolerance is unreadable", "tolerance: 0", "tolerance: some", `27: tolerance "some": write 0, 10%, 5 (in the unit) or x10 (a factor)`},
		{"a tolerance where nothing is measured", "kind: choice", "kind: choice\n        tolerance: 5", "55: tolerance does not belong to a prediction of kind choice"},
		{"a choice is numeric", "answer: quiet.kernel.recvq.min\n        tolerance", "answer: '\"recvq\"'\n        tolerance", `10: experiment stall: prediction left: …`},
		{"a check compares nothing", "unanswered: load.requests == 0", "unanswered: load.requests", "30: load.requests is no comparison: a check is comparisons joined by &&, as in load.requests == 0"},
		{"an expression is broken", "calm: silent_client.lab.wakeups < 10", "calm: silent_client.lab.wakeups <", "58: silent_client.lab.wakeups <: …"},
		{"a check is a bool", "unanswered: load.requests == 0", "unanswered: true", "30: true: write a comparison"},
		{"ids are unique, whatever they name", "      calm: silent", "      stall: silent", `58: id "stall": it names an experiment already, and ids are unique in the lesson: rename one`},
		{"an id has capitals", "      calm: silent", "      Calm: silent", `58: id "Calm": lower-case letters, digits and - only`},
		{"a fault kind is mistyped", "kind: idle", "kind: idel", `44: fault kind "idel": there are idle, slow-reader, slow-writer, reset, half-close, churn, flood, garbage, truncated, cut, oversized, bomb, blackhole, loss, freeze, fd-limit, term, hup; did you mean idle?`},
		{"a fault has no such parameter", "connections: 2, at", "conections: 2, at", `44: parameter "conections": the fault idle has at, for and connections; did you mean connections?`},
		{"a fault outlasts the run", "at: 0.5, for: 1}", "at: 1.5, for: 1}", "44: fault silent_client ends after the 2 s that are measured: shorten it, or lengthen seconds"},
		{"a link comes later", "net: own\n    sysctl: {net.core.somaxconn: 128}", "net: link", "45: net: link comes later: there are host and own"},
		{"the settings of a link come later", "warmup: 0.5", "link: {rtt: 0.1}\n    warmup: 0.5", "47: link: this comes later; remove it until then"},
		{"a swept value is out of range", "warmup: 0.5", "sweep: {knob.buf: [64, 1]}\n    warmup: 0.5", `47: sweep: knob.buf: "1" is not allowed: it takes a whole number from 64 to 1048576 bytes`},
		{"one value is no sweep", "warmup: 0.5", "sweep: {knob.buf: [64]}\n    warmup: 0.5", "47: sweep: knob.buf: a sweep has at least two values, separated by commas"},
		{"a value is swept twice", "warmup: 0.5", "sweep: {knob.buf: [1024, 1KiB]}\n    warmup: 0.5", "47: sweep: knob.buf: 1024 stands here twice"},
		{"too many values", "warmup: 0.5", "sweep: {knob.buf: [64, 65, 66, 67, 68, 69, 70, 71, 72, 73, 74, 75, 76]}\n    warmup: 0.5", "47: sweep: knob.buf: 13 values are too many: a sweep has at most 12"},
		{"two settings are swept", "warmup: 0.5", "sweep: {knob.buf: [64, 128], knob.threads: [1, 2]}\n    warmup: 0.5", "47: sweep: one setting is swept, like load.rate: [1000, 2000]"},
		{"a swept setting is unknown", "warmup: 0.5", "sweep: {knob.bufs: [64, 128]}\n    warmup: 0.5", "47: sweep: knob.bufs: …"},
		{"a comparison of what is not there", "    b: drained", "    b: draind", `63: experiment "draind": lesson.yaml has stall, drained, idle; did you mean drained?`},
		{"a comparison has one side", "    b: drained\n", "", "61: comparison pays has no b: name an experiment"},
		{"a comparison of what one side has not", "metric: lab.reads", "metric: lab.raeds", "64: lab.raeds: no such name, did you mean lab.reads? lab has bytes, open, reads, wakeups"},
		{"a comparison measures nothing", "    metric: lab.reads\n", "", "61: comparison pays has no metric: an expression that both experiments have"},
		{"a comparison's direction", "better: higher", "better: up", `65: better "up": it is lower, higher`},
		{"a comparison expects nothing", "    expect: better\n", "", "61: comparison pays expects nothing: expect is better, worse or none, of b against a"},
		{"a comparison expects too much", "expect: better", "expect: best", `66: expect "best": it is better, worse, none`},
		{"no difference without a bound", "expect: better", "expect: none", "66: expect: none needs within: the share, like 0.1, inside which the whole interval must lie"},
		{"a bound without need", "expect: better", "expect: better\n    within: 0.1", "67: within belongs to expect: none"},
		{"a bound of everything", "expect: better", "expect: none\n    within: 2", "67: 2 is not allowed: a share between 0 and 1"},
		{"too many rounds", "rounds: 2", "rounds: 11", "67: 11 is not allowed: rounds of A B B A, a whole number from 1 to 10"},
		{"a verdict is mistyped", "answer: verdict", "answer: verdct", "72: verdct: no such name, did you mean verdict? a comparison's answer is made of verdict, ratio, low, high"},
		{"a prediction of a comparison asks for a curve", "kind: choice\n        choices: [better", "kind: curve\n        choices: [better", "69: prediction which: a comparison ends in one ratio, and no time runs along it: ask for the curve in experiment stall or drained"},
		{"a prediction of a comparison asks for a queue", "kind: choice\n        choices: [better", "kind: queue\n        choices: [better", "69: prediction which: of a comparison there are the kinds choice, number"},
		{"the machine keeps its settings", "net: own", "net: host", "46: sysctl needs net: own, so that the machine keeps its settings"},
		{"a sysctl is not of the network", "net.core.somaxconn", "kernel.panic", `46: sysctl "kernel.panic": a setting of the network like net.core.somaxconn`},
		{"no experiment can have a derived metric", "  wakeups_per_second: lab.wakeups / seconds", "  wakeups_per_second: lab.wakeups / seconds\n  futile: lab.naps", `8: derive futile: lab.naps: no such name: lab has bytes, open, reads, wakeups`},
		{"aliases hide what is meant", "[1, 3]", "&a [1, 3]", "14: write the value out: anchors and aliases are not read"},
		{"tags too", "seconds: 3", "seconds: !!int 3", "13: !!int: tags are not read"},
		{"YAML does not parse", "covers: [", "covers: [[", "1: YAML: …"},
		{"a second document", "covers:", "a: 1\n---\ncovers:", "1: one YAML document a text: remove what follows the line ---"},
	} {
		fsys := files(t)
		edit{"edge/lesson.yaml", tt.old, tt.new}.apply(t, fsys)
		t.Run(tt.why, func(t *testing.T) {
			book, problems := load(fsys, "content", catalog(t))
			var got []string
			for _, p := range problems {
				if p.File == "content/edge/lesson.yaml" {
					got = append(got, strings.TrimPrefix(p.String(), "content/edge/lesson.yaml:"))
				}
			}
			all := strings.Join(got, "\n")
			if want, open := strings.CutSuffix(tt.want, "…"); all != want && !(open && strings.HasPrefix(all, want)) {
				t.Errorf("got\n%s\nwant\n%s", all, tt.want)
			}
			if l, _, _ := book.Lesson("edge"); l != nil {
				t.Error("the broken lesson is in the book")
			}
		})
	}
}

// What the texts may not say; all problems that there are, and no others.
func TestBrokenText(t *testing.T) {
	en := func(old, new string) []edit { return []edit{{"edge/en.md", old, new}} }
	both := func(oldKo, newKo, oldEn, newEn string) []edit {
		return []edit{{"edge/ko.md", oldKo, newKo}, {"edge/en.md", oldEn, newEn}}
	}
	broken(t, "a placeholder's metric is mistyped", both("{{run:stall ask.size}}", "{{run:stall ask.sice}}", "{{run:stall ask.size}}", "{{run:stall ask.sice}}"),
		"en.md:23: ask.sice: no such name, did you mean ask.size? ask has beside, burst, client, connections, depth, model, peak, rate, renew, shape, size, sources, steps",
		"ko.md:23: ask.sice: no such name, did you mean ask.size? ask has beside, burst, client, connections, depth, model, peak, rate, renew, shape, size, sources, steps")
	broken(t, "a placeholder's experiment does not exist", both("{{run:stall ask.size}}", "{{run:stal ask.size}}", "{{run:stall ask.size}}", "{{run:stal ask.size}}"),
		`en.md:23: experiment "stal": lesson.yaml has stall, drained, idle; did you mean stall?`,
		`ko.md:23: experiment "stal": lesson.yaml has stall, drained, idle; did you mean stall?`)
	broken(t, "a format is unknown", both("load.p50 | ms", "load.p50 | min", "load.p50 | ms", "load.p50 | min"),
		`en.md:67: format "min": there are ms, us, s, KiB, MiB, %, /s; did you mean ms?`,
		`ko.md:67: format "min": there are ms, us, s, KiB, MiB, %, /s; did you mean ms?`)
	broken(t, "a placeholder has another form", en("{{run:stall ask.size}} bytes", "{{stall.ask.size}} bytes"),
		"en.md:23: placeholder {{stall.ask.size}}: write {{run:EXPERIMENT EXPR}} or {{author:EXPERIMENT EXPR}}",
		"en.md:23: placeholders differ from ko.md: here none, there {{stall ask.size}}")
	broken(t, "a placeholder is not closed", en("{{run:stall ask.size}} bytes", "{{run:stall ask.size bytes"),
		"en.md:23: a placeholder ends in }} on its line: {{run:EXPERIMENT EXPR}}",
		"en.md:23: placeholders differ from ko.md: here none, there {{stall ask.size}}")
	broken(t, "a placeholder is missing in a YAML text", en("{{run:idle wakeups_per_second}} times", "Many times"),
		"en.md:78: placeholders differ from ko.md: here none, there {{idle wakeups_per_second}}")
	broken(t, "a heading has no id", en("## Read on {#read-on}", "## Read on"),
		"en.md:100: the heading has no id: ## Read on {#id}")
	broken(t, "a heading's id is mistyped", en("{#read-on}", "{#raed-on}"),
		`en.md:100: section "raed-on": lesson.yaml has idea, break, cure, silent, read-on; did you mean read-on?`)
	broken(t, "sections in another order", both("{#cure}", "{#silent}", "{#cure}", "{#silent}"),
		"en.md:50: lesson.yaml has the section cure here: the headings are idea, break, cure, silent, read-on, in that order",
		"ko.md:50: lesson.yaml has the section cure here: the headings are idea, break, cure, silent, read-on, in that order")
	broken(t, "a section too many", []edit{{"edge/lesson.yaml", "silent, read-on]", "silent]"}},
		`en.md:100: section "read-on": lesson.yaml has idea, break, cure, silent`,
		`ko.md:100: section "read-on": lesson.yaml has idea, break, cure, silent`)
	broken(t, "a section twice", both("{#read-on}", "{#read-on}\n\n## 또 {#idea}", "{#read-on}", "{#read-on}\n\n## Again {#idea}"),
		"en.md:102: lesson.yaml has no further section: the headings are idea, break, cure, silent, read-on",
		"ko.md:102: lesson.yaml has no further section: the headings are idea, break, cure, silent, read-on")
	broken(t, "a small heading has an id", both("- ~~몰리면", "### 더 {#more}\n\n- ~~몰리면", "- ~~Bursts", "### More {#more}\n\n- ~~Bursts"),
		"en.md:103: only ## headings have an id",
		"ko.md:103: only ## headings have an id")
	broken(t, "a title is missing", en("# Edge: what one `read` costs\n", ""),
		"en.md:1: the first line is the title: # …")
	broken(t, "a second title", en("## Read on {#read-on}", "# Read on\n\n## Read on {#read-on}"),
		"en.md:100: a lesson has one title, on its first line: make this ##",
	)
	broken(t, "a check has no place", en("unanswered: Nobody is answered.\n", ""),
		"en.md:40: the block check stuck is not the one of ko.md, line 40: check stuck unanswered",
		"en.md:120: check unanswered has no place in en.md: add it in a block check")
	broken(t, "an experiment has two places", both("```experiment\nidle: 말 없는 클라이언트 둘\n```", "```experiment\nidle: 말 없는 클라이언트 둘\n```\n\n```experiment\nidle: 둘\n```", "```experiment\nidle: Two silent clients\n```", "```experiment\nidle: Two silent clients\n```\n\n```experiment\nidle: Two\n```"),
		"en.md:86: idle has its place on line 82 already",
		"ko.md:86: idle has its place on line 82 already")
	broken(t, "a check stands above its experiment", both("```experiment\ndrained\n```\n\n```check\nflows: 응답이 돌아오고, 읽기가 하나 더 듭니다.\n```", "```check\nflows: 응답\n```\n\n```experiment\ndrained\n```", "```experiment\ndrained\n```\n\n```check\nflows: Requests are answered, at the price of one more read.\n```", "```check\nflows: Answered.\n```\n\n```experiment\ndrained\n```"),
		"en.md:63: the check flows of drained stands above its experiment: move it below",
		"ko.md:63: the check flows of drained stands above its experiment: move it below")
	broken(t, "a block is missing in one language", en("```source\nmini#drain\n```\n\n", ""),
		"en.md:54: the block experiment drained is not the one of ko.md, line 54: source mini#drain")
	broken(t, "prose is missing in one language", en("The client sends {{run:stall ask.size}} bytes.\n", ""),
		"en.md:21: there is text in ko.md on line 23 and none here")
	broken(t, "a callout differs", en("[!WARNING]", "[!NOTE]"),
		"en.md:89: callouts differ from ko.md: here note, there warning")
	broken(t, "a callout is unknown", en("[!WARNING]", "[!TIP]"),
		`en.md:89: callout "[!TIP]": there are [!NOTE], [!WARNING], [!SHAPE]`,
		"en.md:89: callouts differ from ko.md: here none, there warning")
	broken(t, "HTML", en("The client sends", "The <b>client</b> sends"),
		"en.md:23: HTML is not read in a lesson: write Markdown, or `code` around it")
	broken(t, "a block of HTML", en("The client sends", "<div>\n\nThe client sends"),
		"en.md:23: HTML is not read in a lesson: write Markdown, or `code` around it")
	broken(t, "a function does not exist", both("mini#drain", "mini#drian", "mini#drain", "mini#drian"),
		`en.md:55: function "drian": labs/mini has main, drain; did you mean drain?`,
		`ko.md:55: function "drian": labs/mini has main, drain; did you mean drain?`)
	broken(t, "a block's key is unknown", en("  ask: How many bytes?", "  aks: How many bytes?"),
		`en.md:29: prediction left has no ask`,
		`en.md:30: key "aks": a prediction of kind number has ask, why; did you mean ask?`)
	broken(t, "a choice has no text", en("    often: Without end\n", ""),
		"en.md:72: prediction storm has no text for the choice often")
	broken(t, "a choice is unknown", en("    often: Without end\n", "    often: Without end\n    always: Yes\n"),
		`en.md:78: choice "always": lesson.yaml has no, quiet-one, often`)
	broken(t, "a text of a block is a list", en("calm: It hardly wakes up.", "calm: '- It hardly wakes up.'"),
		"en.md:86: a text here is one paragraph: no list, heading or code block")
	broken(t, "a text of a block is empty", en("calm: It hardly wakes up.", "calm:"),
		"en.md:86: a text is missing")
	broken(t, "an experiment's title measures", both("idle: 말 없는 클라이언트 둘", "idle: '{{run:idle seconds}}초'", "idle: Two silent clients", "idle: '{{run:idle seconds}} s'"),
		"en.md:82: an experiment's title has no placeholder: write id: title",
		"ko.md:82: an experiment's title has no placeholder: write id: title")
	broken(t, "a comparison has no place", both("```compare\npays:\n  title: 소진하면 이득일까요?\n  a: 한 번만 읽기\n  b: 소진\n```\n", "", "```compare\npays:\n  title: Does draining pay?\n  a: One read\n  b: Drained\n```\n", ""),
		"en.md:115: comparison pays has no place in en.md: add it in a block compare",
		"ko.md:115: comparison pays has no place in ko.md: add it in a block compare")
	broken(t, "a comparison without a title", en("  title: Does draining pay?\n", ""), "en.md:116: comparison pays has no title")
	broken(t, "a comparison that lesson.yaml does not have", both("pays:\n", "paid:\n", "pays:\n", "paid:\n"),
		`en.md:116: comparison "paid": lesson.yaml has pays; did you mean pays?`,
		"en.md:121: comparison pays has no place in en.md: add it in a block compare",
		`ko.md:116: comparison "paid": lesson.yaml has pays; did you mean pays?`,
		"ko.md:121: comparison pays has no place in ko.md: add it in a block compare")
	broken(t, "a block inside a list", both("- ~~몰리면 엣지~~", "- 목록\n\n  ```source\n  mini#drain\n  ```", "- ~~Bursts call for edge~~", "- list\n\n  ```source\n  mini#drain\n  ```"),
		"en.md:105: the block source does not stand inside a list or quotation",
		"ko.md:105: the block source does not stand inside a list or quotation")
	broken(t, "a link leads to no lesson", en("(first#why)", "(frist#why)"),
		`en.md:102: link "frist": the lessons are first, edge; did you mean first?`)
	broken(t, "a link leads to no section", en("(first#why)", "(first#wy)"),
		`en.md:102: link "first#wy": the sections of first are why`)
	broken(t, "a link runs code", en("(first#why)", "(javascript:alert)"),
		`en.md:102: link "javascript:alert": write a lesson like blocking or blocking#id, or an address with https://`)
	broken(t, "a drawing does not exist", en("(queue.svg)", "(qeue.svg)"),
		`en.md:9: drawing "qeue.svg": the lesson's folder has queue.svg; did you mean queue.svg?`)
	broken(t, "a drawing from elsewhere", en("(queue.svg)", "(../first/queue.svg)"),
		`en.md:9: drawing "../first/queue.svg": an .svg file in the lesson's folder`)
	broken(t, "a drawing in the line", en("![Two dots", "See ![Two dots"),
		"en.md:9: a drawing is a paragraph of its own: ![what happens](x.svg)")
	broken(t, "a drawing without words", en("![Two dots and a queue. When the dots have passed, bytes are left in the queue.]", "![]"),
		"en.md:9: the drawing has no text alternative: ![what happens](queue.svg)")
	broken(t, "a drawing that measures", en("![Two dots and", "![{{run:stall ask.size}} dots and"),
		"en.md:9: a text alternative has no placeholder: it tells what happens, on any machine")
	broken(t, "a drawing with a style", []edit{{"edge/queue.svg", `<text x="0"`, `<text style="fill:red" x="0"`}},
		"queue.svg:10: <text>: style= is refused by the page's policy: use attributes like fill=")
	broken(t, "a page is missing", []edit{{"edge/en.md", "", ""}}, "en.md:1: there is no such file")
	broken(t, "a page is not UTF-8", en("The client", "The \xff client"), "en.md:23: the text is not UTF-8")
}

func TestBrokenBook(t *testing.T) {
	broken(t, "no table of contents", []edit{{"toc.txt", "", ""}},
		"content/toc.txt:1: there is no such file: it gives the order of the lessons, a folder a line")
	broken(t, "a lesson is not listed", []edit{{"toc.txt", "edge\n", ""}},
		"content/first/en.md:7: link \"edge\": the lessons are first",
		"content/first/ko.md:7: link \"edge\": the lessons are first",
		"content/toc.txt:1: lesson \"edge\" is not listed: add the line edge")
	broken(t, "a lesson twice, a part in one language, a path", []edit{{"toc.txt", "edge\n", "edge\nfirst\n# 하나\n../x\n"}},
		`content/toc.txt:8: lesson "first" stands here twice`,
		`content/toc.txt:9: a part's title is in both languages: # 제목 | title`,
		`content/toc.txt:10: "../x" is no folder's name: lower-case letters, digits and - only`)
	broken(t, "a folder that is not there", []edit{{"toc.txt", "edge\n", "edge\nghost\n"}},
		"content/ghost/lesson.yaml:1: there is no such file")
	broken(t, "a label is missing", []edit{{"words.yaml", "  threads: {ko: 스레드, en: threads}\n", ""}},
		"content/words.yaml:3: knobs has no label for threads, a knob of labs/mini: add  threads: {ko: …, en: …}")
	broken(t, "a label in one language", []edit{{"words.yaml", "threads: {ko: 스레드, en: threads}", "threads: {ko: 스레드}"}},
		`content/words.yaml:7: "threads" has no label in en: {ko: …, en: …}`)
	broken(t, "a group of words is unknown", []edit{{"words.yaml", "knobs:", "nobs: {}\nknobs:"}},
		`content/words.yaml:3: group of words "nobs": there are labs, knobs, settings, faults, groups, units, queues, metrics; did you mean knobs?`)
}

// What a curve may not be; each row is all that the lesson says of it.
func TestBrokenCurves(t *testing.T) {
	for _, tt := range []struct{ why, says, want string }{
		{"no axis", "answer: kernel.recvq", "lesson.yaml:20: prediction where: kind curve has a range: [from, to], the axis that it is drawn on"},
		{"an axis that is upside down", "answer: kernel.recvq\n        range: [5, 1]", "lesson.yaml:23: range: it ends at 1 and begins at 5"},
		{"an axis with one end", "answer: kernel.recvq\n        range: [5]", "lesson.yaml:23: range: write [from, to] in the metric's unit; a counter's is per second"},
		{"no answer", "range: [0, 5]", "lesson.yaml:20: prediction where has no answer: a metric of a chart"},
		{"a formula", "answer: 2 * kernel.recvq.max\n        range: [0, 5]", "lesson.yaml:22: 2 * kernel.recvq.max: a curve is one metric over time, like load.requests or load.p99"},
		{"a metric on no chart", "answer: load.requests\n        range: [0, 5]", "lesson.yaml:22: load.requests stands on no chart, where the curve is to lie over it: name it under charts"},
		{"a tolerance", "answer: kernel.recvq\n        range: [0, 5]\n        tolerance: some", `lesson.yaml:24: tolerance "some": write 0, 10%, 5 (in the unit) or x10 (a factor)`},
		{"choices", "answer: kernel.recvq\n        range: [0, 5]\n        choices: [a, b]", "lesson.yaml:24: choices does not belong to a prediction of kind curve"},
	} {
		const old = "kind: queue\n        answer: 'quiet.kernel.recvq.min > 0 ? \"recvq\" : \"none\"'"
		broken(t, tt.why, []edit{{"edge/lesson.yaml", old, "kind: curve\n        " + tt.says}}, tt.want)
	}
}
