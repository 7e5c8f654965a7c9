//go:build linux

package trace

import (
	"encoding/binary"
	"testing"

	"golang.org/x/sys/unix"
)

// What strace(1) prints of the same arguments.
func TestArguments(t *testing.T) {
	for _, c := range []struct {
		nr   uint64
		args []uint64
		want string
	}{
		{unix.SYS_READ, []uint64{7, 0xc000, 512}, "7, …, 512"},
		{unix.SYS_SOCKET, []uint64{unix.AF_INET, unix.SOCK_STREAM | unix.SOCK_NONBLOCK | unix.SOCK_CLOEXEC, 0}, "AF_INET, SOCK_STREAM|SOCK_NONBLOCK|SOCK_CLOEXEC, 0"},
		{unix.SYS_ACCEPT4, []uint64{3, 0, 0, unix.SOCK_CLOEXEC}, "3, NULL, NULL, SOCK_CLOEXEC"},
		{unix.SYS_SHUTDOWN, []uint64{5, unix.SHUT_WR}, "5, SHUT_WR"},
		{unix.SYS_SETSOCKOPT, []uint64{5, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1, 4}, "5, IPPROTO_TCP, TCP_NODELAY, …, 4"},
		{unix.SYS_EPOLL_PWAIT, []uint64{4, 1, 256, 1<<32 - 1}, "4, …, 256, -1"},
		{unix.SYS_SENDTO, []uint64{4, 1, 9, unix.MSG_NOSIGNAL, 0, 0}, "4, …, 9, MSG_NOSIGNAL, NULL, 0"},
		{1 << 30, make([]uint64, 6), ""}, // a call that is not known has no shape
	} {
		call, _ := named(c.nr)
		if got := entered(call, c.args, memory{}).Args; got != c.want {
			t.Errorf("%s: %q, want %q", call.name, got, c.want)
		}
	}
}

func TestEveryShapeFits(t *testing.T) {
	for _, table := range []map[uint64]call{common, older} {
		for _, c := range table {
			if len(c.shape) > 6 {
				t.Errorf("%s: a call has six arguments at most", c.name)
			}
			entered(c, make([]uint64, 6), memory{}) // nothing is read at address 0
		}
	}
}

func TestReported(t *testing.T) {
	b := make([]byte, 2*epollSize+3) // what is cut off is no entry
	binary.NativeEndian.PutUint32(b, unix.EPOLLIN|unix.EPOLLRDHUP)
	binary.NativeEndian.PutUint32(b[epollData:], 7)
	binary.NativeEndian.PutUint32(b[epollSize:], unix.EPOLLET|1<<20)
	binary.NativeEndian.PutUint32(b[epollSize+epollData:], 9)
	got := reported(b)
	if len(got) != 2 || got[0] != (Ready{7, "EPOLLIN|EPOLLRDHUP"}) || got[1] != (Ready{9, "EPOLLET|0x100000"}) {
		t.Errorf("%v", got)
	}
}

func TestAddress(t *testing.T) {
	four := []byte{0, 0, 0x1f, 0x90, 127, 0, 0, 1, 0, 0}
	binary.NativeEndian.PutUint16(four, unix.AF_INET)
	six := make([]byte, 28)
	binary.NativeEndian.PutUint16(six, unix.AF_INET6)
	six[3], six[23] = 80, 1
	for _, c := range []struct {
		b    []byte
		want string
	}{{four, "127.0.0.1:8080"}, {six, "[::1]:80"}, {four[:4], "family 2"}, {nil, "…"}} {
		if got := address(c.b); got != c.want {
			t.Errorf("%x: %s, want %s", c.b, got, c.want)
		}
	}
}

// A segment as RFC 9293 draws it, in an IPv4 packet (RFC 791).
func TestSegment(t *testing.T) {
	p := &packets{port: 9000, first: map[uint32]uint32{}}
	packet := func(from, to uint16, seq, ack uint32, flags byte, data int) []byte {
		b := make([]byte, 40)
		b[0], b[9] = 0x45, unix.IPPROTO_TCP
		binary.BigEndian.PutUint16(b[2:], uint16(40+data))
		binary.BigEndian.PutUint16(b[20:], from)
		binary.BigEndian.PutUint16(b[22:], to)
		binary.BigEndian.PutUint32(b[24:], seq)
		binary.BigEndian.PutUint32(b[28:], ack)
		b[32], b[33] = 5<<4, flags
		return b
	}
	for i, c := range []struct {
		b    []byte
		ok   bool
		want Packet
	}{
		{packet(40000, 9000, 1000, 0, 2, 0), true, Packet{From: Client, Port: 40000, Flag: "SYN"}},
		{packet(9000, 40000, 5000, 1001, 18, 0), true, Packet{From: Server, Port: 40000, Ack: 1, Flag: "SYN|ACK"}},
		{packet(40000, 9000, 1001, 5001, 24, 2000), true, Packet{From: Client, Port: 40000, Seq: 1, Ack: 1, Len: 2000, Flag: "PSH|ACK"}},
		{packet(40000, 80, 1, 1, 16, 0), false, Packet{}},    // not ours
		{packet(1, 9000, 1, 1, 16, 0)[:39], false, Packet{}}, // cut off
	} {
		if got, ok := p.segment(c.b); ok != c.ok || got != c.want {
			t.Errorf("%d: %v %+v, want %+v", i, ok, got, c.want)
		}
	}
}

func FuzzSegment(f *testing.F) {
	f.Add(make([]byte, 60))
	f.Fuzz(func(t *testing.T, b []byte) {
		(&packets{first: map[uint32]uint32{}}).segment(b)
		address(b)
		reported(b)
		polled(b)
	})
}
