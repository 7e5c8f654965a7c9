package judge

import "strings"

// symptom is a signal of a step: an expression over one second, the higher the
// worse.
type symptom struct {
	id, metric, unit, expr string
	look, sick             float64 // 0: never
}

func (y symptom) health(v float64) Health {
	switch {
	case y.sick > 0 && v >= y.sick:
		return Sick
	case y.look > 0 && v >= y.look:
		return Look
	}
	return Fine
}

// examStep is one of the seven steps.
type examStep struct {
	id       string
	needs    string // the signal without which the step cannot be seen; empty: any
	symptoms []symptom
	commands []string // {pid} and {port} are the run's
	inside   []string // the same, of commands that must run in the server's network
}

// sevenSteps are the seven steps of section 22.2.1, with what is normal on one
// machine over loopback. A queue that grows accuses whoever takes from it: Recv-Q
// the application, Send-Q the network or the reader, the accept queue the loop
// that accepts.
var sevenSteps = []examStep{
	{id: "load", symptoms: []symptom{
		{"cpu", "kernel.cpu", "cores", "kernel.cpu / seconds", 0.7, 0}, // 22.3: one thread beyond 70 % has little left
		{"busy", "host.busy", "share", "host.busy.mean / host.cores", 0.9, 0},
		{"runqueue", "host.psi_cpu", "share", "host.psi_cpu / seconds", 0.5, 0},
		{"steal", "host.steal", "share", "host.steal / seconds / host.cores", maxSteal, 0},
		// epoll(7): a loop that wakes and finds nothing to read burns CPU for nothing.
		{"idle-wakeups", "lab.wakeups", "per second", "max(0, lab.wakeups - 2 * lab.reads) / seconds", 300, 1000},
	}, commands: []string{"vmstat 1 5", "top -H -b -n 1 -p {pid}", "cat /proc/pressure/cpu", "timeout 3 strace -f -c -p {pid}"}},

	{id: "network", symptoms: []symptom{
		{"retransmits", "kernel.retransmits", "per second", "kernel.retransmits / seconds", 1, 10},
		{"rtt", "kernel.rtt", "seconds", "kernel.rtt.mean", 0.02, 0}, // a delayed ACK takes 40 ms
		{"broken", "load.errors", "per second", "load.errors / seconds", 1, 0},
	}, commands: []string{"ip -s link show lo"}, inside: []string{"ss -ti 'sport = :{port}'", "nstat -az TcpRetransSegs", "timeout 5 tcpdump -i lo -nn -ttt port {port}"}},

	{id: "sockets", symptoms: []symptom{
		{"recvq", "kernel.recvq", "bytes", "kernel.recvq.min", 64, 1024},
		{"sendq", "kernel.sendq", "bytes", "kernel.sendq.min", 4096, 65536},
		{"window", "kernel.rwnd_limited", "share", "kernel.rwnd_limited / seconds", 0.2, 0.5}, // of all connections together
		// Bytes that are not sent though the peer has room: Nagle's rule (RFC 9293, 3.7.4).
		{"held-back", "kernel.notsent", "bytes", "kernel.rwnd_limited / seconds < 0.1 && kernel.notsent.mean < 16384 ? kernel.notsent.mean : 0", 4, 16},
		{"accept-full", "kernel.accept_queue", "share", "kernel.accept_queue.min / (kernel.backlog.last + 1)", 0.6, 1}, // listen(2) takes one more than it is told
		{"overflows", "host.listen_overflows", "per second", "host.listen_overflows / seconds", 1, 0},                  // of the whole machine
		{"close-wait", "kernel.close_wait", "", "kernel.close_wait.min", 2, 10},
	}, inside: []string{"ss -tinm 'sport = :{port}'", "ss -ltn 'sport = :{port}'", "ss -tn state close-wait 'sport = :{port}'", "nstat -az TcpExtListenOverflows TcpExtListenDrops"}},

	{id: "application", symptoms: []symptom{
		{"oldest", "load.oldest", "seconds", "load.oldest.last", 0.5, 0}, // the clients' side of every queue
		{"held", "lab.held_bytes", "bytes", "load.oldest.min > 0.3 ? lab.held_bytes.min : 0", 1, 1},
		{"pending", "lab.pending", "bytes", "lab.pending.min", 1, 0},
		{"queue", "lab.queue", "", "lab.queue.mean", 4, 0},
		{"workers", "lab.busy", "threads", "lab.busy.mean", 0, 0},
		{"fds", "kernel.fds", "share", "kernel.fds.max / kernel.fds_limit.last", 0.8, 0.98},
		{"emfile", "lab.emfile", "per second", "lab.emfile / seconds", 1, 5},
	}, commands: []string{"ls /proc/{pid}/fd | wc -l", "grep 'open files' /proc/{pid}/limits", "timeout 3 strace -f -tt -e trace=%net,read,write,epoll_wait,epoll_pwait -p {pid}"}},

	{id: "locks", needs: "lock-wait", symptoms: []symptom{
		{"lock-wait", "lab.lock_wait", "threads", "lab.lock_wait / 1000000 / seconds", 0.5, 1},
		{"contended", "lab.contended", "per second", "lab.contended / seconds", 0, 0},
		{"switches", "kernel.switches_voluntary", "per second", "kernel.switches_voluntary / seconds", 0, 0},
	}, commands: []string{"timeout -s INT 3 perf trace -s -p {pid}", "timeout 3 strace -f -c -e trace=futex -p {pid}", "grep ctxt /proc/{pid}/task/*/status"}},

	{id: "disk", needs: "disk-wait", symptoms: []symptom{
		{"disk-wait", "lab.disk_wait", "threads", "lab.disk_wait / 1000000 / seconds", 0.5, 1},
		{"sync", "lab.disk_wait", "seconds", "lab.disk_wait / 1000000 / lab.syncs", 0.01, 0},
		{"io-pressure", "host.psi_io", "share", "host.psi_io / seconds", 0.2, 0}, // of the whole machine
		{"written", "kernel.disk_written", "bytes", "kernel.disk_written / seconds", 0, 0},
	}, commands: []string{"cat /proc/{pid}/io", "iostat -x 1 5", "cat /proc/pressure/io", "timeout 3 strace -f -T -e trace=fsync,fdatasync,pwrite64 -p {pid}"}},

	{id: "dependency", needs: "upstream-wait", symptoms: []symptom{
		{"upstream-wait", "lab.upstream_wait", "threads", "lab.upstream_wait / 1000000 / seconds", 0.5, 1},
		{"upstream-call", "lab.upstream_wait", "seconds", "lab.upstream_wait / 1000000 / lab.upstream_calls", 0.005, 0},
		{"upstream-calls", "lab.upstream_calls", "per second", "lab.upstream_calls / seconds", 0, 0},
	}, commands: []string{"timeout 3 strace -f -T -e trace=connect,read,write -p {pid}"}, inside: []string{"ss -tnpO | grep 'pid={pid},' | grep -v ':{port} '", "timeout 5 tcpdump -i lo -nn -ttt not port {port}"}},
}

// stepCommands are a step's, with the run's own process and port. Those about the
// network enter the run's own, where it has one.
func stepCommands(s examStep, x Examination, own bool) []string {
	out := []string{}
	if x.PID == "" {
		return out
	}
	fill := strings.NewReplacer("{pid}", x.PID, "{port}", x.Port)
	for _, c := range s.inside {
		if own {
			c = "nsenter -t {pid} -n -- " + c
		}
		out = append(out, fill.Replace(c))
	}
	for _, c := range s.commands {
		out = append(out, fill.Replace(c))
	}
	return out
}

// DoctorIDs are the seven steps in their order, and every signal: whoever shows
// them has words for each.
func DoctorIDs() (steps, signals []string) {
	for _, s := range sevenSteps {
		steps = append(steps, s.id)
		for _, y := range s.symptoms {
			signals = append(signals, y.id)
		}
	}
	return steps, signals
}
