//go:build linux

// Reuseport is an echo server with one epoll loop per core, each with a listener
// of its own on the same port, among which the kernel deals the connections.
// What it costs is that nobody evens out an unlucky deal, and that a listener
// that closes takes the connections in its queue with it.
package main

import (
	"errors"
	"flag"
	"fmt"
	"net/netip"
	"os"
	"runtime"
	"slices"
	"sync"

	"golang.org/x/sys/unix"

	"socketlabs/labs/internal/lab"
	"socketlabs/labs/internal/sock"
	"socketlabs/labs/telemetry"
)

var (
	listeners  = flag.Int("listeners", 2, "loops, each with a listener of its own [1..64]")
	steer      = flag.String("steer", "hash", "whose a connection is: by a hash of its addresses, or by the CPU on which its SYN arrived [hash|cpu]")
	closeAfter = flag.Duration("close-after", 0, "how long the first listener leaves its queue alone before it closes, 0 for never [0s..60s]")
	migrate    = flag.Bool("migrate", false, "a closed listener's queue goes to the others; sets tcp_migrate_req of the network that it runs in")
	bufSize    = flag.Int("buf", 4096, "bytes per read [64..1048576 bytes]")
	maxEvents  = flag.Int("max-events", 256, "events per epoll_wait [1..4096]")
	backlog    = flag.Int("backlog", 1024, "connections that may wait to be accepted [0..65535]")
)

// m is every number this lab exports; a field's name is its metric's name. Most
// and Least are what the listeners with the most and the fewest have accepted.
var m struct {
	Accepts, AcceptErrors, Emfile, Reads, Writes, ShortWrites, Bytes telemetry.Counter
	Wakeups, Again, Resets, BrokenPipes, Interrupted                 telemetry.Counter
	Open, Pending, Most, Least                                       telemetry.Gauge
}

// currentCPU is where a socket filter finds the CPU that runs it: SKF_AD_OFF +
// SKF_AD_CPU of linux/filter.h.
const currentCPU = 0xfffff000 + 36

// spare is for all loops. While one of them refuses with it, no other may take
// the descriptor that this sets free.
var spare = struct {
	sync.RWMutex // guards the descriptor
	*sock.Spare
}{Spare: sock.Reserve()}

// dealt is what each listener has accepted.
var dealt struct {
	sync.Mutex // guards accepts
	accepts    []int
}

func main() { lab.Main(serve, &m) }

func serve(addr netip.AddrPort, quit int) error {
	loops, err := listen(addr, quit)
	if err != nil {
		return err
	}
	runtime.GOMAXPROCS(max(runtime.NumCPU(), len(loops)+1)) // a loop keeps its P while it waits raw: one more for the rest
	ended := make(chan error, len(loops))
	for _, l := range loops {
		go func() { ended <- l.run(quit) }()
	}
	for range loops {
		if err := <-ended; err != nil {
			return err
		}
	}
	return nil
}

// listen makes the loops. Their listeners bind one address, which takes
// SO_REUSEPORT on all of them, and are a group in the order of their listen(2).
func listen(addr netip.AddrPort, quit int) (loops []*loop, err error) {
	if *migrate {
		// What belongs to all networks of the machine is only in its first one.
		if _, err := os.Stat("/proc/sys/net/core/netdev_max_backlog"); err == nil {
			return nil, errors.New("migrate: it would change a setting of the whole machine: give it a network of its own, like net: own of an experiment or unshare -n")
		}
		if err := os.WriteFile("/proc/sys/net/ipv4/tcp_migrate_req", []byte("1"), 0); err != nil {
			return nil, fmt.Errorf("migrate: %w", err)
		}
	}
	dealt.accepts = make([]int, *listeners)
	for n := range *listeners {
		lfd, err := sock.ListenWith(addr, *backlog, func(lfd int) error {
			return os.NewSyscallError("setsockopt", unix.SetsockoptInt(lfd, unix.SOL_SOCKET, unix.SO_REUSEPORT, 1))
		})
		if err != nil {
			return nil, err
		}
		if addr, err = sock.Addr(lfd); err != nil { // port 0: the first has found a free one
			return nil, err
		}
		l := &loop{number: n, lfd: lfd, timer: -1}
		if err := l.begin(quit); err != nil {
			return nil, err
		}
		loops = append(loops, l)
	}
	if *steer == "cpu" {
		if err := steerByCPU(loops[0].lfd); err != nil {
			return nil, err
		}
	}
	lab.Listening(loops[0].lfd)
	return loops, nil
}

// steerByCPU has the kernel run a program for each SYN to the group: which of
// the listeners gets it (socket(7), SO_ATTACH_REUSEPORT_CBPF).
func steerByCPU(lfd int) error {
	program := []unix.SockFilter{
		{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: currentCPU},
		{Code: unix.BPF_ALU | unix.BPF_MOD | unix.BPF_K, K: uint32(*listeners)},
		{Code: unix.BPF_RET | unix.BPF_A},
	}
	return os.NewSyscallError("setsockopt", unix.SetsockoptSockFprog(lfd, unix.SOL_SOCKET, unix.SO_ATTACH_REUSEPORT_CBPF,
		&unix.SockFprog{Len: uint16(len(program)), Filter: &program[0]}))
}

// begin makes the epoll that watches the listener and quit. The listener that is
// to close is not watched, as that of a loop that has no time, but a timer is.
func (l *loop) begin(quit int) (err error) {
	if err := unix.SetNonblock(l.lfd, true); err != nil {
		return os.NewSyscallError("fcntl", err)
	}
	if l.epfd, err = unix.EpollCreate1(unix.EPOLL_CLOEXEC); err != nil {
		return os.NewSyscallError("epoll_create1", err)
	}
	door := l.lfd
	if l.number == 0 && *closeAfter > 0 {
		if l.timer, err = unix.TimerfdCreate(unix.CLOCK_MONOTONIC, unix.TFD_CLOEXEC); err != nil {
			return os.NewSyscallError("timerfd_create", err)
		}
		in := unix.ItimerSpec{Value: unix.NsecToTimespec(closeAfter.Nanoseconds())}
		if err := unix.TimerfdSettime(l.timer, 0, &in, nil); err != nil {
			return os.NewSyscallError("timerfd_settime", err)
		}
		door = l.timer
	}
	for _, fd := range []int{door, quit} {
		if err := l.control(unix.EPOLL_CTL_ADD, fd, unix.EPOLLIN); err != nil {
			return err
		}
	}
	return nil
}

// shut closes the listener and leaves those in its queue to the kernel.
func (l *loop) shut() error {
	unix.Close(l.lfd)
	l.lfd = -1
	return l.control(unix.EPOLL_CTL_DEL, l.timer, 0)
}

// deal counts a connection for its listener.
func (l *loop) deal() {
	dealt.Lock()
	defer dealt.Unlock()
	dealt.accepts[l.number]++
	m.Most.Set(slices.Max(dealt.accepts))
	m.Least.Set(slices.Min(dealt.accepts))
}
