package judge

import (
	"cmp"
	"strconv"
	"strings"
)

// Seen is a run as far as the host's settings are judged by it.
type Seen struct {
	Metrics map[string]float64 // of the measured window, as telemetry.End has them
	Ask     map[string]any     // every setting of the load
	Knobs   map[string]any     // of the lab, that were named
	Seconds float64
	Own     bool              // it had a network of its own
	Sysctl  map[string]string // that were set in it
	Foreign bool              // the server was not a lab of ours
}

// What a setting has to do with a run.
const (
	Limits    = "limits"    // the run met this limit
	Elsewhere = "elsewhere" // the symptom is there, and something else governs it
	Idle      = "idle"      // the run stayed far from it
	Unknown   = "unknown"   // this run cannot tell
	Gone      = "gone"      // the kernel has it no more
)

// HostSetting is one row of the host checklist.
type HostSetting struct {
	ID      string    `json:"id"`
	Now     []Reading `json:"now"`
	State   string    `json:"state"`
	Why     string    `json:"why"` // the words of the reason are the reader's
	Figures []Figured `json:"figures,omitempty"`
	Sources []string  `json:"sources"`
	See     []string  `json:"see,omitempty"` // LESSON/EXPERIMENT, side by side: what it does
}

// Reading is a current value; empty: this system has none.
type Reading struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Figured is a value that says so: a metric of the run, or a limit.
type Figured struct {
	Name  string  `json:"name"`
	Value float64 `json:"value"`
	Unit  string  `json:"unit,omitempty"`
}

// Bounds from which on a limit counts as met; round numbers, no laws.
const (
	nearLimit  = 0.8 // share of a limit
	manyClosed = 100 // sockets in FIN_WAIT_2 or TIME_WAIT
	windowHeld = 0.1 // share of the time that the peer's window held up
	ofBuffer   = 0.5 // share of the largest buffer that the path can fill
)

// inspection is how a row is made.
type inspection struct {
	id      string
	read    []string
	sources []string
	see     []string
	judge   func(*look) (state, why string)
}

func inspections() []inspection {
	return []inspection{
		{"nofile", []string{"nofile.soft", "nofile.hard", "fs.nr_open", "fs.file-max"}, []string{"getrlimit(2), RLIMIT_NOFILE", "proc(5), /proc/sys/fs/nr_open and file-max"}, []string{"errors/spin", "errors/refused"}, (*look).nofile},
		{"somaxconn", []string{"net.core.somaxconn"}, []string{"listen(2)"}, []string{"states/full", "states/roomy"}, (*look).somaxconn},
		{"syn_backlog", []string{"net.ipv4.tcp_max_syn_backlog"}, []string{"tcp(7), tcp_max_syn_backlog", "listen(2)"}, []string{"states/full"}, (*look).synBacklog},
		{"ports", []string{"net.ipv4.ip_local_port_range", "net.ipv4.ip_local_reserved_ports"}, []string{"ip(7), ip_local_port_range", "Documentation/networking/ip-sysctl.rst, ip_local_reserved_ports"}, []string{"states/few-ports", "states/client-first"}, (*look).ports},
		{"tw_reuse", []string{"net.ipv4.tcp_tw_reuse"}, []string{"Documentation/networking/ip-sysctl.rst, tcp_tw_reuse"}, []string{"states/client-first", "states/server-first"}, (*look).twReuse},
		{"tw_recycle", []string{"net.ipv4.tcp_tw_recycle"}, []string{"tcp(7), tcp_tw_recycle: Linux 2.4 to 4.11", "commit 4396e46187ca"}, nil, (*look).twRecycle},
		{"fin_timeout", []string{"net.ipv4.tcp_fin_timeout"}, []string{"tcp(7), tcp_fin_timeout", "Documentation/networking/ip-sysctl.rst, tcp_fin_timeout"}, []string{"states/leak", "states/closed"}, (*look).finTimeout},
		{"buffers", []string{"net.core.rmem_default", "net.core.rmem_max", "net.core.wmem_default", "net.core.wmem_max"}, []string{"socket(7), SO_RCVBUF and SO_SNDBUF", "tcp(7)"}, nil, (*look).buffers},
		{"tcp_rmem", []string{"net.ipv4.tcp_rmem"}, []string{"tcp(7), tcp_rmem"}, []string{"blocking/one-silent"}, (*look).receive},
		{"tcp_wmem", []string{"net.ipv4.tcp_wmem"}, []string{"tcp(7), tcp_wmem"}, []string{"deadline/pieces"}, (*look).send},
		{"netdev", []string{"net.core.netdev_max_backlog", "softnet.dropped"}, []string{"Documentation/admin-guide/sysctl/net.rst, netdev_max_backlog"}, nil, (*look).netdev},
		{"keepalive", []string{"net.ipv4.tcp_keepalive_time", "net.ipv4.tcp_keepalive_intvl", "net.ipv4.tcp_keepalive_probes"}, []string{"tcp(7), tcp_keepalive_time"}, []string{"deadline/by-keepalive", "deadline/by-user-timeout"}, (*look).keepalive},
	}
}

// Checklist sets what the kernel is set to, by the names of observe.Settings,
// beside a run: does it matter for it? Without a run nothing is known.
func Checklist(now map[string]string, run *Seen) []HostSetting {
	var list []HostSetting
	for _, c := range inspections() {
		row := HostSetting{ID: c.id, Sources: c.sources, See: c.see, Now: []Reading{}}
		for _, name := range c.read {
			row.Now = append(row.Now, Reading{name, now[name]})
		}
		l := &look{now: now, run: run}
		switch {
		case c.id == "tw_recycle":
			row.State, row.Why = l.twRecycle()
		case run == nil:
			row.State, row.Why = Unknown, "norun"
		default:
			row.State, row.Why = c.judge(l)
			row.Figures = l.figures
		}
		list = append(list, row)
	}
	return list
}

// look is one row's look at a run: it notes the figures that it takes.
type look struct {
	now     map[string]string
	run     *Seen
	figures []Figured
}

// metric notes a metric; false: the run did not measure it.
func (l *look) metric(name, unit string) (float64, bool) {
	v, ok := l.run.Metrics[name]
	if ok {
		l.figures = append(l.figures, Figured{name, v, unit})
	}
	return v, ok
}

func (l *look) note(name string, v float64, unit string) {
	l.figures = append(l.figures, Figured{name, v, unit})
}

// setting is the value that held in the run; false: that is not known. In a network
// of its own the host's settings of the network do not hold.
func (l *look) setting(name string) (string, bool) {
	if v, ok := l.run.Sysctl[name]; ok {
		return v, true
	}
	v := l.now[name]
	return v, v != "" && !(l.run.Own && strings.HasPrefix(name, "net.ipv4.ip_local"))
}

// number is a setting's word k as a number.
func (l *look) number(name string, k int) (float64, bool) {
	v, ok := l.setting(name)
	f := strings.Fields(v)
	if !ok || k >= len(f) {
		return 0, false
	}
	n, err := strconv.ParseFloat(f[k], 64)
	return n, err == nil
}

func (l *look) nofile() (string, string) {
	most, ok := l.metric("kernel.fds.max", "")
	limit, limited := l.metric("kernel.fds_limit.min", "")
	if !ok || !limited {
		return Unknown, "unmeasured"
	}
	failed := l.failures("lab.emfile", "load.errno.emfile")
	hard, known := l.number("nofile.hard", 0)
	switch {
	case failed == 0 && most < nearLimit*limit:
		return Idle, "nofile.idle"
	case known && limit < hard:
		return Elsewhere, "nofile.elsewhere"
	}
	return Limits, "nofile.limits"
}

// failures sums the counters that this run has, and notes those that counted.
func (l *look) failures(names ...string) (sum float64) {
	for _, name := range names {
		if v := l.run.Metrics[name]; v > 0 {
			l.note(name, v, "")
			sum += v
		}
	}
	return sum
}

func (l *look) somaxconn() (string, string) {
	queued, ok := l.metric("kernel.accept_queue.max", "")
	backlog, listens := l.metric("kernel.backlog.max", "")
	if !ok || !listens || backlog == 0 {
		return Unknown, "unmeasured"
	}
	over, _ := l.metric("host.listen_overflows", "")
	most, known := l.number("net.core.somaxconn", 0)
	switch {
	case queued < backlog && over == 0:
		return Idle, "somaxconn.idle"
	case queued < nearLimit*backlog:
		return Unknown, "somaxconn.others"
	case known && backlog < most:
		return Elsewhere, "somaxconn.elsewhere"
	}
	return Limits, "somaxconn.limits"
}

func (l *look) synBacklog() (string, string) {
	half, ok := l.metric("kernel.syn_recv.max", "")
	most, known := l.number("net.ipv4.tcp_max_syn_backlog", 0)
	if !ok || !known {
		return Unknown, "unmeasured"
	}
	l.note("limit", most, "")
	if half < nearLimit*most {
		return Idle, "syn_backlog.idle"
	}
	return Limits, "syn_backlog.limits"
}

// portsInAll is how many local ports the clients had, over all their addresses.
func (l *look) portsInAll() (float64, bool) {
	low, ok := l.number("net.ipv4.ip_local_port_range", 0)
	high, also := l.number("net.ipv4.ip_local_port_range", 1)
	if !ok || !also || high < low {
		return 0, false
	}
	n := high - low + 1
	for _, r := range strings.Split(l.now["net.ipv4.ip_local_reserved_ports"], ",") {
		from, to, several := strings.Cut(r, "-")
		a, errA := strconv.ParseFloat(from, 64)
		b, errB := strconv.ParseFloat(to, 64)
		if !several {
			b, errB = a, errA
		}
		if errA == nil && errB == nil {
			n -= max(0, min(b, high)-max(a, low)+1)
		}
	}
	sources, _ := l.run.Ask["sources"].(float64)
	return n * cmp.Or(sources, 1), true
}

func (l *look) ports() (string, string) {
	open, ok := l.metric("kernel.established.max", "")
	waiting, seen := l.metric("kernel.peer_time_wait.max", "")
	if !ok || !seen {
		return Unknown, "unmeasured"
	}
	failed := l.failures("load.errno.eaddrnotavail")
	most, known := l.portsInAll()
	if !known {
		return Unknown, "own"
	}
	l.note("limit", most, "")
	if failed == 0 && open+waiting < nearLimit*most {
		return Idle, "ports.idle"
	}
	return Limits, "ports.limits"
}

func (l *look) twReuse() (string, string) {
	there, ok := l.metric("kernel.peer_time_wait.max", "")
	here, seen := l.metric("kernel.time_wait.max", "")
	if !ok || !seen {
		return Unknown, "unmeasured"
	}
	failed := l.failures("load.errno.eaddrnotavail")
	most, known := l.portsInAll()
	if known {
		l.note("limit", most, "")
	}
	switch {
	case known && (there >= nearLimit*most || failed > 0 && there > 0):
		return Limits, "tw_reuse.limits"
	case here >= manyClosed && here > there:
		return Elsewhere, "tw_reuse.elsewhere"
	case !known:
		return Unknown, "own"
	}
	return Idle, "tw_reuse.idle"
}

func (l *look) twRecycle() (string, string) {
	if l.now["net.ipv4.tcp_tw_recycle"] != "" {
		return Unknown, "tw_recycle.old"
	}
	return Gone, "tw_recycle.gone"
}

func (l *look) finTimeout() (string, string) {
	half, ok := l.metric("kernel.fin_wait2.max", "")
	closed, seen := l.metric("kernel.time_wait.max", "")
	there, also := l.metric("kernel.peer_time_wait.max", "")
	switch {
	case !ok || !seen:
		return Unknown, "unmeasured"
	case half >= manyClosed:
		return Limits, "fin_timeout.limits"
	case closed >= manyClosed || also && there >= manyClosed:
		return Elsewhere, "fin_timeout.elsewhere"
	}
	return Idle, "fin_timeout.idle"
}

func (l *look) buffers() (string, string) {
	if l.run.Foreign {
		return Unknown, "buffers.foreign"
	}
	set := false
	for _, x := range [][2]string{{"rcvbuf", "net.core.rmem_max"}, {"sndbuf", "net.core.wmem_max"}} {
		knob := x[0]
		asked, _ := l.run.Knobs[knob].(float64)
		most, known := l.number(x[1], 0)
		if asked == 0 || !known {
			continue
		}
		l.note("knob."+knob, asked, "bytes")
		if asked > most {
			return Limits, "buffers.limits"
		}
		set = true
	}
	if set {
		return Idle, "buffers.below"
	}
	return Idle, "buffers.idle"
}

func (l *look) receive() (string, string) {
	return l.buffer("tcp_rmem", "kernel.recvq.max", "load.bytes_out")
}
func (l *look) send() (string, string) {
	return l.buffer("tcp_wmem", "kernel.sendq.max", "load.bytes_in")
}

// buffer asks of a direction whether the path could fill the largest buffer, or
// whether a queue stands because nobody takes it away.
func (l *look) buffer(id, queue, moved string) (string, string) {
	queued, ok := l.metric(queue, "bytes")
	open, seen := l.metric("kernel.established.max", "")
	usual, known := l.number("net.ipv4."+id, 1)
	most, also := l.number("net.ipv4."+id, 2)
	if !ok || !seen || !known || !also {
		return Unknown, "unmeasured"
	}
	path := 0.0
	if rtt, ok := l.metric("kernel.rtt.mean", "seconds"); ok && l.run.Seconds > 0 {
		path = l.run.Metrics[moved] / l.run.Seconds / max(1, open) * rtt
		l.note("bdp", path, "bytes")
	}
	l.note("limit", most, "bytes")
	held := 0.0
	if id == "tcp_wmem" && l.run.Seconds > 0 {
		if v, ok := l.metric("kernel.rwnd_limited", "seconds"); ok {
			held = v / l.run.Seconds
		}
	}
	switch {
	case path >= ofBuffer*most:
		return Limits, id + ".limits"
	case queued/max(1, open) >= usual || held >= windowHeld:
		return Elsewhere, id + ".elsewhere"
	}
	return Idle, id + ".idle"
}

func (l *look) netdev() (string, string) {
	v, ok := l.now["softnet.dropped"]
	if !ok {
		return Unknown, "unmeasured"
	}
	if v == "0" {
		return Idle, "netdev.idle"
	}
	return Unknown, "netdev.dropped"
}

func (l *look) keepalive() (string, string) { return Unknown, "keepalive.unknown" }
