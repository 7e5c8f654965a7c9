//go:build linux

package trace

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// Bounds of what is read of a stopped process.
const (
	maxData  = 32 // bytes of a buffer
	maxReady = 16 // entries of epoll_wait
)

// named returns a call by its number, and whether it is shown.
func named(nr uint64) (c call, shown bool) {
	for _, table := range []map[uint64]call{common, older} {
		if c, ok := table[nr]; ok {
			return c, true
		}
	}
	for _, table := range []map[uint64]string{quiet, olderQuiet} {
		if name, ok := table[nr]; ok {
			return call{name: name}, false
		}
	}
	return call{name: "syscall_" + strconv.FormatUint(nr, 10)}, true
}

// entered decodes what a thread is about to do.
func entered(c call, args []uint64, m memory) Event {
	e := Event{Call: c.name, Result: -1}
	var words []string
	for i, letter := range c.shape {
		words = append(words, argument(letter, args[i], m))
		if letter == 'T' {
			words[i] = option(args[i-1], args[i])
		}
		switch letter {
		case 'f':
			fd := int(int32(args[i]))
			e.FD = &fd
		case 'n':
			n := int64(args[i])
			e.Asked = &n
		case 'a':
			e.Peer = address(m.read(args[i], int(min(args[i+1], unix.SizeofSockaddrAny))))
			words[i] = e.Peer
		case 'E':
			e.Ready = []Ready{{int(int32(args[2])), events(first32(m.read(args[i], 4)))}}
			words[i] = e.Ready[0].Events
			fd := int(int32(args[2]))
			e.Target, e.Op = &fd, words[1]
		}
	}
	e.Args = strings.Join(words, ", ")
	return e
}

// left decodes what a call has brought, at its exit.
func left(e *Event, args []uint64, r int64, errno unix.Errno, m memory) {
	e.Result = r
	if errno != 0 {
		e.Errno = errnoName(errno)
		return
	}
	switch e.Call {
	case "read", "recvfrom", "write", "sendto", "pread64", "pwrite64":
		e.Data = hex.EncodeToString(m.read(args[1], int(min(r, maxData))))
	case "accept", "accept4", "getsockname", "getpeername":
		if size := first32(m.read(args[2], 4)); size > 0 {
			e.Peer = address(m.read(args[1], int(min(size, unix.SizeofSockaddrAny))))
		}
	case "epoll_wait", "epoll_pwait", "epoll_pwait2":
		e.Ready = reported(m.read(args[1], epollSize*int(min(r, maxReady))))
	case "poll", "ppoll":
		e.Ready = polled(m.read(args[0], 8*int(min(args[1], maxReady))))
	}
}

// errnoName is an errno's name; ERESTARTSYS and its kin are seen by tracers only.
func errnoName(e unix.Errno) string {
	if name := unix.ErrnoName(e); name != "" {
		return name
	}
	if e >= 512 && e <= 516 {
		return "ERESTARTSYS"
	}
	return "errno " + strconv.Itoa(int(e))
}

func first32(b []byte) uint32 {
	if len(b) < 4 {
		return 0
	}
	return binary.NativeEndian.Uint32(b)
}

// reported reads what epoll_wait wrote.
func reported(b []byte) []Ready {
	var list []Ready
	for ; len(b) >= epollSize; b = b[epollSize:] {
		list = append(list, Ready{int(int32(binary.NativeEndian.Uint32(b[epollData:]))), events(first32(b))})
	}
	return list
}

// polled reads the entries of poll(2) that have something to say.
func polled(b []byte) []Ready {
	var list []Ready
	for ; len(b) >= 8; b = b[8:] {
		if got := binary.NativeEndian.Uint16(b[6:]); got != 0 {
			list = append(list, Ready{int(int32(first32(b))), strings.ReplaceAll(events(uint32(got)), "EPOLL", "POLL")})
		}
	}
	return list
}

// address reads a sockaddr.
func address(b []byte) string {
	if len(b) < 2 {
		return "…"
	}
	switch family := binary.NativeEndian.Uint16(b); {
	case family == unix.AF_INET && len(b) >= 8:
		return netip.AddrPortFrom(netip.AddrFrom4([4]byte(b[4:8])), binary.BigEndian.Uint16(b[2:])).String()
	case family == unix.AF_INET6 && len(b) >= 24:
		return netip.AddrPortFrom(netip.AddrFrom16([16]byte(b[8:24])), binary.BigEndian.Uint16(b[2:])).String()
	case family == unix.AF_UNIX:
		return "AF_UNIX"
	default:
		return fmt.Sprintf("family %d", family)
	}
}

// argument writes one argument as its letter of a shape says.
func argument(letter rune, v uint64, m memory) string {
	switch letter {
	case 'f', 'i':
		return strconv.Itoa(int(int32(v)))
	case 'n':
		return strconv.FormatInt(int64(v), 10)
	case 'x':
		return fmt.Sprintf("%#x", v)
	case 's':
		return strconv.Quote(m.text(v))
	case 'O':
		return word(v, []string{1: "EPOLL_CTL_ADD", 2: "EPOLL_CTL_DEL", 3: "EPOLL_CTL_MOD"})
	case 'H':
		return word(v, []string{"SHUT_RD", "SHUT_WR", "SHUT_RDWR"})
	case 'F':
		return word(v, []string{"F_DUPFD", "F_GETFD", "F_SETFD", "F_GETFL", "F_SETFL"})
	case 'D':
		return word(v, []string{unix.AF_UNIX: "AF_UNIX", unix.AF_INET: "AF_INET", unix.AF_INET6: "AF_INET6", unix.AF_NETLINK: "AF_NETLINK"})
	case 'S':
		return socketFlags(v)
	case 'L':
		return word(v, []string{unix.IPPROTO_IP: "IPPROTO_IP", unix.SOL_SOCKET: "SOL_SOCKET", unix.IPPROTO_TCP: "IPPROTO_TCP", unix.IPPROTO_IPV6: "IPPROTO_IPV6"})
	case 'M':
		return flags(v, messageFlags)
	}
	if v == 0 {
		return "NULL"
	}
	return "…"
}

// option names an option of a level, socket(7) and tcp(7).
func option(level, v uint64) string {
	switch level {
	case unix.SOL_SOCKET:
		return word(v, []string{unix.SO_REUSEADDR: "SO_REUSEADDR", unix.SO_ERROR: "SO_ERROR", unix.SO_SNDBUF: "SO_SNDBUF", unix.SO_RCVBUF: "SO_RCVBUF", unix.SO_KEEPALIVE: "SO_KEEPALIVE",
			unix.SO_LINGER: "SO_LINGER", unix.SO_REUSEPORT: "SO_REUSEPORT", unix.SO_RCVTIMEO: "SO_RCVTIMEO", unix.SO_SNDTIMEO: "SO_SNDTIMEO", unix.SO_PROTOCOL: "SO_PROTOCOL", unix.SO_ZEROCOPY: "SO_ZEROCOPY"})
	case unix.IPPROTO_TCP:
		return word(v, []string{unix.TCP_NODELAY: "TCP_NODELAY", unix.TCP_CORK: "TCP_CORK", unix.TCP_KEEPIDLE: "TCP_KEEPIDLE", unix.TCP_KEEPINTVL: "TCP_KEEPINTVL", unix.TCP_KEEPCNT: "TCP_KEEPCNT",
			unix.TCP_DEFER_ACCEPT: "TCP_DEFER_ACCEPT", unix.TCP_INFO: "TCP_INFO", unix.TCP_QUICKACK: "TCP_QUICKACK", unix.TCP_CONGESTION: "TCP_CONGESTION", unix.TCP_FASTOPEN: "TCP_FASTOPEN", unix.TCP_USER_TIMEOUT: "TCP_USER_TIMEOUT"})
	}
	return strconv.FormatUint(v, 10)
}

func word(v uint64, words []string) string {
	if v < uint64(len(words)) && words[v] != "" {
		return words[v]
	}
	return strconv.FormatUint(v, 10)
}

// flag is a bit with its name.
type flag struct {
	bit  uint64
	name string
}

var epollFlags = []flag{
	{unix.EPOLLIN, "EPOLLIN"}, {unix.EPOLLPRI, "EPOLLPRI"}, {unix.EPOLLOUT, "EPOLLOUT"}, {unix.EPOLLERR, "EPOLLERR"}, {unix.EPOLLHUP, "EPOLLHUP"},
	{unix.EPOLLRDHUP, "EPOLLRDHUP"}, {unix.EPOLLEXCLUSIVE, "EPOLLEXCLUSIVE"}, {unix.EPOLLONESHOT, "EPOLLONESHOT"}, {unix.EPOLLET, "EPOLLET"},
}

var messageFlags = []flag{
	{unix.MSG_OOB, "MSG_OOB"}, {unix.MSG_PEEK, "MSG_PEEK"}, {unix.MSG_TRUNC, "MSG_TRUNC"}, {unix.MSG_DONTWAIT, "MSG_DONTWAIT"},
	{unix.MSG_WAITALL, "MSG_WAITALL"}, {unix.MSG_NOSIGNAL, "MSG_NOSIGNAL"}, {unix.MSG_MORE, "MSG_MORE"}, {unix.MSG_ZEROCOPY, "MSG_ZEROCOPY"},
}

func events(bits uint32) string { return flags(uint64(bits), epollFlags) }

// flags names the bits of v, as strace does: what has no name stays a number.
func flags(v uint64, names []flag) string {
	var words []string
	for _, f := range names {
		if v&f.bit != 0 {
			words = append(words, f.name)
			v &^= f.bit
		}
	}
	if v != 0 || len(words) == 0 {
		words = append(words, argument('x', v, memory{}))
	}
	return strings.Join(words, "|")
}

// socketFlags names socket(2)'s type with what is joined to it, which is also
// what accept4(2) takes.
func socketFlags(v uint64) string {
	types := []string{unix.SOCK_STREAM: "SOCK_STREAM", unix.SOCK_DGRAM: "SOCK_DGRAM", unix.SOCK_RAW: "SOCK_RAW", unix.SOCK_SEQPACKET: "SOCK_SEQPACKET"}
	var words []string
	if kind := v & 0xf; kind != 0 {
		words = append(words, word(kind, types))
	}
	if rest := v &^ 0xf; rest != 0 {
		words = append(words, flags(rest, []flag{{unix.SOCK_NONBLOCK, "SOCK_NONBLOCK"}, {unix.SOCK_CLOEXEC, "SOCK_CLOEXEC"}}))
	}
	if len(words) == 0 {
		return "0"
	}
	return strings.Join(slices.Clip(words), "|")
}
