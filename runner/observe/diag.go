//go:build linux

package observe

import (
	"encoding/binary"
	"errors"
	"net/netip"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Layouts of linux/inet_diag.h, in bytes.
const (
	diagByFamily = 20 // SOCK_DIAG_BY_FAMILY
	headerSize   = unix.SizeofNlMsghdr
	requestSize  = headerSize + 56 // struct inet_diag_req_v2
	messageSize  = 72              // struct inet_diag_msg
	tcpInfo      = 2               // INET_DIAG_INFO
	allStates    = 1<<13 - 1       // of TCP_ESTABLISHED to TCP_NEW_SYN_RECV
)

// Fields of struct tcp_info, linux/tcp.h.
const (
	offsetRTT     = int(unsafe.Offsetof(unix.TCPInfo{}.Rtt)) // microseconds
	offsetCwnd    = int(unsafe.Offsetof(unix.TCPInfo{}.Snd_cwnd))
	offsetRetrans = int(unsafe.Offsetof(unix.TCPInfo{}.Total_retrans))
	offsetNotSent = int(unsafe.Offsetof(unix.TCPInfo{}.Notsent_bytes))
	offsetRwnd    = int(unsafe.Offsetof(unix.TCPInfo{}.Rwnd_limited)) // microseconds
)

var (
	native   = binary.NativeEndian
	errShort = errors.New("observe: sock_diag: a message is cut short")
)

// socket is one line of a dump.
type socket struct {
	peer         netip.AddrPort
	state        uint8
	recvq, sendq uint32
	cookie       uint64 // of this socket and no other, ever
	info         bool   // whether the fields below are known
	rtt          uint32 // microseconds
	cwnd         uint32
	retrans      uint32 // segments sent again, since the socket began
	notsent      uint32 // bytes of sendq that wait for a window
	rwnd         uint64 // microseconds that the peer's window held it up, since it began
}

// diag asks for dumps over a NETLINK_SOCK_DIAG socket.
type diag struct {
	fd      int
	seq     uint32
	request [requestSize]byte
	buf     []byte
}

func newDiag(fd int) *diag { return &diag{fd: fd, buf: make([]byte, 64<<10)} }

// dump appends the TCP sockets of a family on a local port. The kernel selects
// them: a dump is about 400 bytes a socket.
func (d *diag) dump(family uint8, port uint16, list []socket) ([]socket, error) {
	d.prepare(family, port, 0, 1<<(tcpInfo-1))
	return d.answer(list)
}

// peers appends the sockets of a family whose remote port it is, without their
// struct tcp_info: about 100 bytes a socket.
func (d *diag) peers(family uint8, port uint16, list []socket) ([]socket, error) {
	d.prepare(family, 0, port, 0)
	return d.answer(list)
}

// answer sends the request and appends what comes back.
func (d *diag) answer(list []socket) ([]socket, error) {
	if _, err := unix.Write(d.fd, d.request[:]); err != nil {
		return list, os.NewSyscallError("send sock_diag", err)
	}
	for {
		n, err := unix.Read(d.fd, d.buf)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return list, os.NewSyscallError("recv sock_diag", err)
		}
		var done bool
		list, done, err = parse(d.buf[:n], d.seq, list)
		if done || err != nil {
			return list, err
		}
	}
}

func (d *diag) prepare(family uint8, local, remote uint16, extensions byte) {
	d.seq++
	q := d.request[:]
	native.PutUint32(q, requestSize)
	native.PutUint16(q[4:], diagByFamily)
	native.PutUint16(q[6:], unix.NLM_F_REQUEST|unix.NLM_F_DUMP)
	native.PutUint32(q[8:], d.seq)
	q[16], q[17], q[18] = family, unix.IPPROTO_TCP, extensions
	native.PutUint32(q[20:], allStates)
	binary.BigEndian.PutUint16(q[24:], local) // id.idiag_sport; 0: any
	binary.BigEndian.PutUint16(q[26:], remote)
}

// parse takes the messages of one packet that answer request seq; done says that
// the dump has ended. It is given nothing but the kernel's bytes, and trusts none.
func parse(b []byte, seq uint32, list []socket) (out []socket, done bool, err error) {
	for len(b) >= headerSize {
		size := int(native.Uint32(b))
		if size < headerSize || size > len(b) {
			return list, true, errShort
		}
		body := b[headerSize:size]
		if native.Uint32(b[8:]) == seq { // not what an interrupted dump has left
			switch native.Uint16(b[4:]) {
			case unix.NLMSG_DONE:
				return list, true, nil
			case unix.NLMSG_ERROR:
				return list, true, refused(body)
			case diagByFamily:
				s, err := parseSocket(body)
				if err != nil {
					return list, true, err
				}
				list = append(list, s)
			}
		}
		b = b[min(align(size), len(b)):]
	}
	return list, false, nil
}

func align(n int) int { return (n + 3) &^ 3 }

// refused is what an NLMSG_ERROR says: a negative errno.
func refused(body []byte) error {
	if len(body) < 4 {
		return errShort
	}
	return os.NewSyscallError("sock_diag", unix.Errno(-int32(native.Uint32(body))))
}

// parseSocket parses a struct inet_diag_msg and the attributes after it.
func parseSocket(b []byte) (socket, error) {
	if len(b) < messageSize {
		return socket{}, errShort
	}
	s := socket{
		state: b[1], cookie: native.Uint64(b[44:]),
		recvq: native.Uint32(b[56:]), sendq: native.Uint32(b[60:]),
	}
	addr := netip.AddrFrom4([4]byte(b[24:28]))
	if b[0] == unix.AF_INET6 {
		addr = netip.AddrFrom16([16]byte(b[24:40])).Unmap()
	}
	s.peer = netip.AddrPortFrom(addr, binary.BigEndian.Uint16(b[6:]))
	for b = b[messageSize:]; len(b) >= unix.SizeofNlAttr; {
		size := int(native.Uint16(b))
		if size < unix.SizeofNlAttr || size > len(b) {
			return s, errShort
		}
		if native.Uint16(b[2:]) == tcpInfo {
			s.takeInfo(b[unix.SizeofNlAttr:size])
		}
		b = b[min(align(size), len(b)):]
	}
	return s, nil
}

// takeInfo takes what is wanted of a struct tcp_info; older kernels' are shorter.
func (s *socket) takeInfo(b []byte) {
	if len(b) < offsetRetrans+4 {
		return
	}
	s.info = true
	s.rtt = native.Uint32(b[offsetRTT:])
	s.cwnd = native.Uint32(b[offsetCwnd:])
	s.retrans = native.Uint32(b[offsetRetrans:])
	if len(b) >= offsetNotSent+4 {
		s.notsent = native.Uint32(b[offsetNotSent:])
	}
	if len(b) >= offsetRwnd+8 {
		s.rwnd = native.Uint64(b[offsetRwnd:])
	}
}
