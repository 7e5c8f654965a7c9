//go:build linux

package load

import (
	"math"
	"slices"

	"golang.org/x/sys/unix"
)

// random is where a classic BPF program finds a random number: SKF_AD_OFF and
// SKF_AD_RANDOM of linux/filter.h.
const random = 0xfffff000 + 56

// dropping is a program that drops a share of the segments and keeps the others
// whole. What it returns is how many bytes are kept.
func dropping(share float64) []unix.SockFilter {
	drop := unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: 0}
	if share >= 1 {
		return []unix.SockFilter{drop}
	}
	return []unix.SockFilter{
		{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: random},
		{Code: unix.BPF_JMP | unix.BPF_JGE | unix.BPF_K, Jt: 1, K: uint32(share * (1 << 32))},
		drop,
		{Code: unix.BPF_RET | unix.BPF_K, K: math.MaxUint32},
	}
}

// lose drops a share of the segments that come to the socket from now on; 0
// drops none. The kernel runs the program before TCP looks at a segment, so what
// it drops is not acknowledged (socket(7), SO_ATTACH_FILTER).
func (s *socket) lose(share float64) error {
	if share == 0 {
		err := unix.SetsockoptInt(s.fd, unix.SOL_SOCKET, unix.SO_DETACH_FILTER, 0)
		if err == unix.ENOENT { // there is none
			err = nil
		}
		return err
	}
	program := dropping(share)
	return unix.SetsockoptSockFprog(s.fd, unix.SOL_SOCKET, unix.SO_ATTACH_FILTER,
		&unix.SockFprog{Len: uint16(len(program)), Filter: &program[0]})
}

// losses are the shares that faults have the load's own connections lose.
type losses []float64

// share is what is lost when each of them takes its share of what the others left.
func (l losses) share() float64 {
	kept := 1.0
	for _, share := range l {
		kept *= 1 - share
	}
	return 1 - kept
}

// lossy begins with a loss, or ends one. Connections that are opened later have
// it from the moment they are open.
func (l *loop) lossy(share float64, on bool) error {
	if on {
		l.losses = append(l.losses, share)
	} else if i := slices.Index(l.losses, share); i >= 0 {
		l.losses = slices.Delete(l.losses, i, i+1)
	}
	for _, s := range l.sockets {
		if s != nil && s.state == connected && !s.rogue {
			if err := s.lose(l.losses.share()); err != nil {
				return err
			}
		}
	}
	return nil
}
