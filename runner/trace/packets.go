//go:build linux

package trace

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// maxPackets bounds what is captured.
const maxPackets = 4000

// packets is a capture on lo, packet(7): what tcpdump(8) would show.
type packets struct {
	fd    int
	port  uint16
	first map[uint32]uint32 // first sequence number of a direction, by its ports
	work  sync.WaitGroup
	stop  chan struct{}
}

// sighted is a packet with the time at which the kernel had it.
type sighted struct {
	at     time.Duration
	packet Packet
}

// capture opens a capture. The error says why there is none.
func capture(plan Plan) (*packets, error) {
	addr, err := netip.ParseAddrPort(plan.Addr)
	if err != nil {
		return nil, err
	}
	if !plan.Capture {
		return nil, errors.New("packets are captured in a network of its own only")
	}
	const all = unix.ETH_P_ALL<<8&0xff00 | unix.ETH_P_ALL>>8 // in the network's order
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, int(all))
	if err != nil {
		return nil, fmt.Errorf("AF_PACKET: %w", err)
	}
	p := &packets{fd: fd, port: addr.Port(), first: map[uint32]uint32{}, stop: make(chan struct{})}
	err1 := unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_TIMESTAMPNS, 1)
	err2 := unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &unix.Timeval{Usec: 20_000})
	if err := errors.Join(err1, err2); err != nil {
		unix.Close(fd)
		return nil, os.NewSyscallError("setsockopt", err)
	}
	return p, nil
}

// begin tells of packets from now on; zero is when the schedule begins.
func (p *packets) begin(zero time.Duration, say func(Line)) {
	p.work.Go(func() {
		defer unix.Close(p.fd)
		for n := 0; n < maxPackets; {
			s, ok := p.next()
			if ok {
				n++
				s.packet.T = (s.at - zero).Seconds()
				say(Line{Packet: &s.packet})
				continue
			}
			select {
			case <-p.stop:
				return
			default:
			}
		}
	})
}

// end waits until what was on the way has been told.
func (p *packets) end() {
	close(p.stop)
	p.work.Wait()
}

// next takes one segment of our connections; false when there was none for a while.
func (p *packets) next() (sighted, bool) {
	data, control := make([]byte, 128), make([]byte, 128)
	for {
		n, cn, _, from, err := unix.Recvmsg(p.fd, data, control, 0)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return sighted{}, false
		}
		// lo shows each packet twice: as it leaves and as it arrives.
		if ll, ok := from.(*unix.SockaddrLinklayer); !ok || ll.Pkttype == unix.PACKET_OUTGOING {
			continue
		}
		if packet, ok := p.segment(data[:n]); ok {
			return sighted{stamp(control[:cn]), packet}, true
		}
	}
}

// stamp is the kernel's time of a packet on CLOCK_MONOTONIC.
func stamp(control []byte) time.Duration {
	now := monotonic()
	messages, err := unix.ParseSocketControlMessage(control)
	if err != nil {
		return now
	}
	for _, m := range messages {
		if m.Header.Type == unix.SCM_TIMESTAMPNS && len(m.Data) >= 16 {
			at := time.Unix(int64(binary.NativeEndian.Uint64(m.Data)), int64(binary.NativeEndian.Uint64(m.Data[8:])))
			return now - time.Since(at)
		}
	}
	return now
}

// segment reads a TCP segment over IPv4 (RFC 791, RFC 9293) to or from our port.
func (p *packets) segment(b []byte) (Packet, bool) {
	if len(b) < 40 || b[0]>>4 != 4 || b[9] != unix.IPPROTO_TCP {
		return Packet{}, false
	}
	header, total := int(b[0]&0xf)*4, int(binary.BigEndian.Uint16(b[2:]))
	if len(b) < header+20 {
		return Packet{}, false
	}
	tcp := b[header:]
	from, to := binary.BigEndian.Uint16(tcp), binary.BigEndian.Uint16(tcp[2:])
	out := Packet{From: Client, Port: int(from), Win: int(binary.BigEndian.Uint16(tcp[14:])), Flag: segmentFlags(tcp[13])}
	switch p.port {
	case to:
	case from:
		out.From, out.Port = Server, int(to)
	default:
		return Packet{}, false
	}
	out.Len = max(0, total-header-int(tcp[12]>>4)*4)
	seq, ack := binary.BigEndian.Uint32(tcp[4:]), binary.BigEndian.Uint32(tcp[8:])
	out.Seq = seq - p.begun(from, to, seq, tcp[13]&2 != 0)
	if tcp[13]&16 != 0 {
		out.Ack = ack - p.begun(to, from, ack, false)
	}
	return out, true
}

// begun returns the first sequence number of a direction; a SYN begins a new one.
func (p *packets) begun(from, to uint16, seq uint32, syn bool) uint32 {
	key := uint32(from)<<16 | uint32(to)
	if _, ok := p.first[key]; !ok || syn {
		p.first[key] = seq
	}
	return p.first[key]
}

func segmentFlags(b byte) string {
	var words []string
	for i, name := range []string{"FIN", "SYN", "RST", "PSH", "ACK", "URG"} {
		if b>>i&1 != 0 {
			words = append(words, name)
		}
	}
	return strings.Join(words, "|")
}
