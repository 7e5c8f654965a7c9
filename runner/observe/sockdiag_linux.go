package observe

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// What sock_diag(7) wants and says, from linux/inet_diag.h and linux/tcp.h:
// offsets in the messages, in bytes.
const (
	requestSize = 56 // struct inet_diag_req_v2
	messageSize = 72 // struct inet_diag_msg

	diagInfo = 2 // INET_DIAG_INFO: struct tcp_info

	infoRTT     = 68  // tcpi_rtt, µs
	infoCwnd    = 80  // tcpi_snd_cwnd, segments
	infoRetrans = 100 // tcpi_total_retrans
)

// socket is one answer of sock_diag.
type socket struct {
	state   uint8
	peer    netip.AddrPort
	cookie  uint64 // tells a socket from all others, before and after
	recvq   uint32
	sendq   uint32
	rtt     uint32 // µs
	cwnd    uint32
	retrans uint32
}

// request asks for all TCP sockets of a family whose local port is port, in the
// given states (a set of 1<<state). The kernel does the filtering.
func request(family uint8, port uint16, states uint32) []byte {
	b := make([]byte, unix.SizeofNlMsghdr+requestSize)
	binary.NativeEndian.PutUint32(b[0:], uint32(len(b)))
	binary.NativeEndian.PutUint16(b[4:], unix.SOCK_DIAG_BY_FAMILY)
	binary.NativeEndian.PutUint16(b[6:], unix.NLM_F_REQUEST|unix.NLM_F_DUMP)
	r := b[unix.SizeofNlMsghdr:]
	r[0], r[1], r[2] = family, unix.IPPROTO_TCP, 1<<(diagInfo-1)
	binary.NativeEndian.PutUint32(r[4:], states)
	binary.BigEndian.PutUint16(r[8:], port)
	return b
}

// dump sends a request and calls each for every socket of the answer. buf is
// where the answers are read to.
func dump(fd int, req, buf []byte, each func(socket)) error {
	if err := unix.Sendto(fd, req, 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
		return os.NewSyscallError("sendto", err)
	}
	for {
		n, _, err := unix.Recvfrom(fd, buf, 0)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return os.NewSyscallError("recvfrom", err)
		}
		done, err := messages(buf[:n], each)
		if done || err != nil {
			return err
		}
	}
}

var errDiag = errors.New("observe: malformed answer of sock_diag")

// messages walks one datagram of netlink messages; done says that the dump ends.
func messages(b []byte, each func(socket)) (done bool, err error) {
	for len(b) >= unix.SizeofNlMsghdr {
		size := int(binary.NativeEndian.Uint32(b))
		if size < unix.SizeofNlMsghdr || size > len(b) {
			return false, errDiag
		}
		body := b[unix.SizeofNlMsghdr:size]
		switch binary.NativeEndian.Uint16(b[4:]) {
		case unix.NLMSG_DONE:
			return true, nil
		case unix.NLMSG_ERROR:
			if len(body) < 4 {
				return false, errDiag
			}
			errno := unix.Errno(-int32(binary.NativeEndian.Uint32(body)))
			return false, fmt.Errorf("sock_diag: %w", errno)
		case unix.SOCK_DIAG_BY_FAMILY:
			s, ok := parse(body)
			if !ok {
				return false, errDiag
			}
			each(s)
		}
		b = b[min(len(b), align(size)):]
	}
	return false, nil
}

func align(n int) int { return (n + 3) &^ 3 }

// parse reads a struct inet_diag_msg and the attributes behind it.
func parse(b []byte) (s socket, ok bool) {
	if len(b) < messageSize {
		return s, false
	}
	s.state = b[1]
	s.peer = peer(b[0], b[24:40], binary.BigEndian.Uint16(b[6:]))
	s.cookie = binary.NativeEndian.Uint64(b[44:])
	s.recvq = binary.NativeEndian.Uint32(b[56:])
	s.sendq = binary.NativeEndian.Uint32(b[60:])
	for b = b[messageSize:]; len(b) >= unix.SizeofNlAttr; {
		size := int(binary.NativeEndian.Uint16(b))
		if size < unix.SizeofNlAttr || size > len(b) {
			return s, false
		}
		if info := b[unix.SizeofNlAttr:size]; binary.NativeEndian.Uint16(b[2:]) == diagInfo && len(info) >= infoRetrans+4 {
			s.rtt = binary.NativeEndian.Uint32(info[infoRTT:])
			s.cwnd = binary.NativeEndian.Uint32(info[infoCwnd:])
			s.retrans = binary.NativeEndian.Uint32(info[infoRetrans:])
		}
		b = b[min(len(b), align(size)):]
	}
	return s, true
}

func peer(family uint8, addr []byte, port uint16) netip.AddrPort {
	if family == unix.AF_INET6 {
		return netip.AddrPortFrom(netip.AddrFrom16([16]byte(addr)).Unmap(), port)
	}
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte(addr[:4])), port)
}

// timeout bounds how long a dump may wait for the kernel, which answers at once.
const timeout = time.Second

func prepare(fd int) error {
	tv := unix.NsecToTimeval(timeout.Nanoseconds())
	return os.NewSyscallError("setsockopt", unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &tv))
}
