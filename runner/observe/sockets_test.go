//go:build linux

package observe

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// diagSocket opens a NETLINK_SOCK_DIAG socket of this process's network.
func diagSocket(t testing.TB) int {
	t.Helper()
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.NETLINK_SOCK_DIAG)
	if err != nil {
		t.Fatal(err)
	}
	return fd
}

// server is a raw listener; what it accepts and dials is closed with the test.
type server struct {
	t    testing.TB
	lfd  int
	addr netip.AddrPort
	sa   unix.Sockaddr
}

func listenOn(t testing.TB, ip string, backlog int) *server {
	t.Helper()
	addr := netip.MustParseAddr(ip)
	family, sa := unix.AF_INET, unix.Sockaddr(&unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}})
	if addr.Is6() {
		family, sa = unix.AF_INET6, &unix.SockaddrInet6{Addr: addr.As16()}
	}
	s := &server{t: t, lfd: sure(t)(unix.Socket(family, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0))}
	s.must(unix.Bind(s.lfd, sa))
	s.must(unix.Listen(s.lfd, backlog))
	t.Cleanup(func() { unix.Close(s.lfd) })
	sa, err := unix.Getsockname(s.lfd)
	s.must(err)
	s.sa = sa
	switch sa := sa.(type) {
	case *unix.SockaddrInet4:
		s.addr = netip.AddrPortFrom(addr, uint16(sa.Port))
	case *unix.SockaddrInet6:
		s.addr = netip.AddrPortFrom(addr, uint16(sa.Port))
	}
	return s
}

// sure passes the descriptor of a call that must succeed.
func sure(t testing.TB) func(fd int, err error) int {
	return func(fd int, err error) int {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return fd
	}
}

func (s *server) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

func (s *server) dial() int {
	s.t.Helper()
	family := unix.AF_INET
	if s.addr.Addr().Is6() {
		family = unix.AF_INET6
	}
	fd := sure(s.t)(unix.Socket(family, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0))
	s.must(unix.Connect(fd, s.sa))
	return fd
}

func (s *server) accept() int {
	s.t.Helper()
	fd, _, err := unix.Accept4(s.lfd, unix.SOCK_CLOEXEC)
	s.must(err)
	return fd
}

// pair returns both ends of a connection, closed with the test if still open.
func (s *server) pair() (client, conn int) {
	client = s.dial()
	conn = s.accept()
	s.t.Cleanup(func() { unix.Close(client); unix.Close(conn) })
	return client, conn
}

// until reads the sockets until what they show holds: the kernel moves segments
// in its own time.
func until(t *testing.T, s *Sockets, what string, holds func(SocketStats) bool) SocketStats {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
		stats, err := s.Read()
		if err != nil {
			t.Fatal(err)
		}
		if holds(stats) {
			return stats
		}
		if time.Now().After(end) {
			t.Fatalf("never %s: %+v", what, stats)
		}
	}
}

func readerOf(t testing.TB, s *server) *Sockets {
	fd := diagSocket(t)
	t.Cleanup(func() { unix.Close(fd) })
	return NewSockets(fd, s.addr.Port())
}

func TestQueuesAreExact(t *testing.T) {
	for _, ip := range []string{"127.0.0.1", "::1"} {
		t.Run(ip, func(t *testing.T) {
			s := listenOn(t, ip, 7)
			client, conn := s.pair()
			_, conn2 := s.pair()
			r := readerOf(t, s)
			sure(t)(unix.Write(client, make([]byte, 1234)))
			until(t, r, "1234 bytes in Recv-Q", func(st SocketStats) bool { return st.RecvQ == 1234 })

			// Send-Q is what the peer did not acknowledge: more than both buffers.
			s.must(unix.SetNonblock(conn2, true))
			sent := 0
			for range 10000 {
				n, err := unix.Write(conn2, make([]byte, 64<<10))
				if err != nil {
					break
				}
				sent += n
			}
			outq := func() int { n, _ := unix.IoctlGetInt(conn2, unix.SIOCOUTQ); return n }
			st := until(t, r, "Send-Q as SIOCOUTQ", func(st SocketStats) bool { return outq() > 0 && st.SendQ == int64(outq()) })
			if st.SendQ >= int64(sent) || st.States[unix.BPF_TCP_ESTABLISHED] != 2 || st.Backlog != 7 || st.AcceptQueue != 0 {
				t.Errorf("%d of %d bytes in Send-Q: %+v", st.SendQ, sent, st)
			}
			if st.RTT <= 0 || st.RTT > 10 || st.Cwnd < 1 || st.Measured != 2 {
				t.Errorf("RTT, cwnd: %+v", st)
			}
			sure(t)(unix.Read(conn, make([]byte, 1000)))
			until(t, r, "234 bytes in Recv-Q", func(st SocketStats) bool { return st.RecvQ == 234 })
		})
	}
}

func TestAcceptQueue(t *testing.T) {
	s := listenOn(t, "127.0.0.1", 5)
	r := readerOf(t, s)
	for range 3 {
		fd := s.dial()
		t.Cleanup(func() { unix.Close(fd) })
	}
	until(t, r, "3 that wait for accept", func(st SocketStats) bool { return st.AcceptQueue == 3 && st.Backlog == 5 })
	unix.Close(s.accept())
	until(t, r, "2 that wait for accept", func(st SocketStats) bool { return st.AcceptQueue == 2 })
}

// Each way to end a connection, from the server's side of it (RFC 9293, 3.3.2).
func TestStates(t *testing.T) {
	for _, c := range []struct {
		state int
		name  string
		end   func(client, conn int)
		why   string
	}{
		{unix.BPF_TCP_CLOSE_WAIT, "CLOSE-WAIT", func(client, conn int) { unix.Close(client) }, "the client closed, the server did not"},
		{unix.BPF_TCP_FIN_WAIT2, "FIN-WAIT-2", func(client, conn int) { unix.Shutdown(conn, unix.SHUT_WR) }, "the server closed its side, the client did not"},
		{unix.BPF_TCP_TIME_WAIT, "TIME-WAIT", func(client, conn int) { unix.Close(conn); awaitEOF(client); unix.Close(client) }, "the server closed first"},
		{unix.BPF_TCP_FIN_WAIT1, "FIN-WAIT-1", func(client, conn int) {
			deafen(t, client)
			unix.Shutdown(conn, unix.SHUT_WR)
		}, "nobody acknowledges the FIN"},
		{unix.BPF_TCP_LAST_ACK, "LAST-ACK", func(client, conn int) {
			unix.Shutdown(client, unix.SHUT_WR)
			awaitEOF(conn)
			deafen(t, client)
			unix.Shutdown(conn, unix.SHUT_WR)
		}, "both closed, the last FIN is not acknowledged"},
		{unix.BPF_TCP_CLOSING, "CLOSING", func(client, conn int) {
			deafen(t, client)
			unix.Shutdown(conn, unix.SHUT_WR)
			unix.Shutdown(client, unix.SHUT_WR)
		}, "the FINs crossed"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := listenOn(t, "127.0.0.1", 5)
			r := readerOf(t, s)
			client := s.dial()
			conn := s.accept()
			defer unix.Close(conn)
			defer unix.Close(client)
			c.end(client, conn)
			until(t, r, c.name+": "+c.why, func(st SocketStats) bool { return st.States[c.state] == 1 })
			if table := r.Table(5); len(table) != 2 || table[0].State != "LISTEN" || table[1].State != c.name {
				t.Errorf("table %+v, want the listener and %s", table, c.name)
			}
		})
	}
}

func awaitEOF(fd int) { unix.Read(fd, make([]byte, 1)) }

// deafen drops every segment that comes to a socket: classic BPF "ret 0".
func deafen(t testing.TB, fd int) {
	filter := []unix.SockFilter{{Code: unix.BPF_RET | unix.BPF_K}}
	if err := unix.SetsockoptSockFprog(fd, unix.SOL_SOCKET, unix.SO_ATTACH_FILTER, &unix.SockFprog{Len: 1, Filter: &filter[0]}); err != nil {
		t.Fatal(err)
	}
}

// A handshake whose last ACK the listener's queue has no room for stays in
// SYN_RECV; so does one whose SYN-ACK the client does not hear.
func TestSynRecv(t *testing.T) {
	s := listenOn(t, "127.0.0.1", 5)
	r := readerOf(t, s)
	fd := sure(t)(unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0))
	defer unix.Close(fd)
	deafen(t, fd)
	if err := unix.Connect(fd, s.sa); err != unix.EINPROGRESS {
		t.Fatal(err)
	}
	until(t, r, "a request that waits for its ACK", func(st SocketStats) bool { return st.States[unix.BPF_TCP_SYN_RECV] == 1 })
}

func TestRetransmitsOutliveTheirSockets(t *testing.T) {
	s := listenOn(t, "127.0.0.1", 5)
	r := readerOf(t, s)
	var before uint64
	for range 2 {
		client := s.dial()
		conn := s.accept()
		deafen(t, client)
		sure(t)(unix.Write(conn, []byte("nobody hears this")))
		seen := until(t, r, "segments sent again", func(st SocketStats) bool { return st.Retransmits > before })
		for _, fd := range []int{client, conn} { // with RST: nothing stays
			unix.SetsockoptLinger(fd, unix.SOL_SOCKET, unix.SO_LINGER, &unix.Linger{Onoff: 1})
			unix.Close(fd)
		}
		after := until(t, r, "only the listener", func(SocketStats) bool { return r.Len() == 1 })
		if after.Retransmits < seen.Retransmits {
			t.Errorf("%d sent again, then %d: they were forgotten", seen.Retransmits, after.Retransmits)
		}
		before = after.Retransmits
	}
	if len(r.counts) != 0 {
		t.Errorf("%d sockets that are gone are remembered", len(r.counts))
	}
}

// Who closes first keeps TIME_WAIT: it is told for either side.
func TestPeersInTimeWait(t *testing.T) {
	s, other := listenOn(t, "127.0.0.1", 50), listenOn(t, "127.0.0.1", 50)
	r := readerOf(t, s)
	end := func(s *server, clientFirst bool) {
		fds := []int{s.dial(), s.accept()}
		if !clientFirst {
			fds[0], fds[1] = fds[1], fds[0]
		}
		unix.Shutdown(fds[0], unix.SHUT_WR)
		unix.Read(fds[1], make([]byte, 1)) // FIN
		unix.Close(fds[1])
		unix.Close(fds[0])
	}
	for i := range 9 {
		end(s, true)
		end(other, true)
		if i < 4 {
			end(s, false)
		}
	}
	st := until(t, r, "all of them", func(st SocketStats) bool {
		return st.Peers && st.PeerTimeWait == 9 && st.States[unix.BPF_TCP_TIME_WAIT] == 4
	})
	if r.Len() != 5 {
		t.Errorf("%d sockets, want 4 and the listener: %+v", r.Len(), st)
	}
}

// What waits in the clients' sockets is told as well, and of nobody else's.
func TestQueuesOfTheOtherEnds(t *testing.T) {
	s, other := listenOn(t, "127.0.0.1", 5), listenOn(t, "127.0.0.1", 5)
	client, conn := s.pair()
	_, stranger := other.pair()
	r := readerOf(t, s)
	sure(t)(unix.Write(conn, make([]byte, 5000)))
	sure(t)(unix.Write(stranger, make([]byte, 700)))
	until(t, r, "5000 bytes that the client has not read", func(st SocketStats) bool {
		return st.Peers && st.ClientRecvQ == 5000 && st.ClientSendQ == 0 && st.PeerTimeWait == 0
	})
	s.must(unix.SetNonblock(client, true))
	sent := 0
	for { // more than the server's window takes
		n, err := unix.Write(client, make([]byte, 1<<20))
		if err != nil {
			break
		}
		sent += n
	}
	until(t, r, "what the server's window did not take is in the client's Send-Q", func(st SocketStats) bool {
		return st.Peers && st.ClientSendQ > 0 && st.ClientSendQ+st.RecvQ == int64(sent)
	})
}

// A peer that does not read holds up whoever sends: in the queue and in time.
func TestHeldUpByTheWindow(t *testing.T) {
	s := listenOn(t, "127.0.0.1", 5)
	client := sure(t)(unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0))
	defer unix.Close(client)
	unix.SetsockoptInt(client, unix.SOL_SOCKET, unix.SO_RCVBUF, 8<<10) // the server's congestion window is larger
	s.must(unix.Connect(client, s.sa))
	conn := s.accept()
	defer unix.Close(conn)
	r := readerOf(t, s)
	if st, err := r.Read(); err != nil || st.RwndLimited != 0 || st.NotSent != 0 {
		t.Fatalf("before: %+v %v", st, err)
	}
	s.must(unix.SetNonblock(conn, true))
	n := sure(t)(unix.Write(conn, make([]byte, 1<<20)))
	begin := time.Now()
	st := until(t, r, "held up for 0.3 s", func(st SocketStats) bool { return st.RwndLimited > 0.3 })
	if took := time.Since(begin).Seconds(); st.RwndLimited > took+0.05 {
		t.Errorf("held up for %.3f s of %.3f s", st.RwndLimited, took)
	}
	if st.NotSent <= 0 || st.NotSent > st.SendQ || st.SendQ > int64(n) {
		t.Errorf("%d of %d queued bytes are not sent; %d were written", st.NotSent, st.SendQ, n)
	}
	for _, fd := range []int{client, conn} {
		unix.SetsockoptLinger(fd, unix.SOL_SOCKET, unix.SO_LINGER, &unix.Linger{Onoff: 1})
		unix.Close(fd)
	}
	after := until(t, r, "only the listener", func(SocketStats) bool { return r.Len() == 1 })
	if after.RwndLimited < st.RwndLimited || after.NotSent != 0 {
		t.Errorf("%+v, then %+v: a counter never gets smaller", st, after)
	}
}

// Only the server's side of connections to our port: not the clients' ends, which
// have it as their remote port, not other servers'.
func TestOnlyThePort(t *testing.T) {
	s, other := listenOn(t, "127.0.0.1", 50), listenOn(t, "127.0.0.1", 50)
	for range 10 {
		s.pair()
		other.pair()
		other.pair()
	}
	r := readerOf(t, s)
	until(t, r, "10 connections", func(st SocketStats) bool { return st.States[unix.BPF_TCP_ESTABLISHED] == 10 })
	if r.Len() != 11 {
		t.Errorf("%d sockets, want 10 and the listener", r.Len())
	}
}

// A listener of [::] has IPv4 connections too, and one of another family may
// come later.
func TestFamilies(t *testing.T) {
	s := listenOn(t, "::", 5)
	v4 := &server{t: t, lfd: s.lfd, addr: netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), s.addr.Port())}
	v4.sa = &unix.SockaddrInet4{Port: int(s.addr.Port()), Addr: [4]byte{127, 0, 0, 1}}
	v4.pair()
	r := readerOf(t, s)
	for range 2 * lookAround {
		if st, err := r.Read(); err != nil || st.States[unix.BPF_TCP_ESTABLISHED] != 1 {
			t.Fatalf("%+v %v", st, err)
		}
		if len(r.families) != 1 || r.families[0] != unix.AF_INET6 {
			t.Fatalf("families with a listener: %v", r.families)
		}
	}
	if peer := r.Table(5)[1].Peer; !strings.HasPrefix(peer, "127.0.0.1:") {
		t.Errorf("peer %s", peer)
	}
}

func TestTableShowsTheFullest(t *testing.T) {
	s := listenOn(t, "127.0.0.1", 5)
	for i := range 5 {
		client, _ := s.pair()
		sure(t)(unix.Write(client, make([]byte, 100*(i+1))))
	}
	r := readerOf(t, s)
	until(t, r, "1500 bytes in Recv-Q", func(st SocketStats) bool { return st.RecvQ == 1500 })
	var got []string
	for _, row := range r.Table(4) {
		got = append(got, fmt.Sprint(row.State, " ", row.RecvQ))
	}
	if want := "LISTEN 0, ESTAB 500, ESTAB 400, ESTAB 300"; strings.Join(got, ", ") != want {
		t.Errorf("%s, want %s", strings.Join(got, ", "), want)
	}
	if row := r.Table(1)[0]; row.Peer != "*" || row.SendQ != 5 {
		t.Errorf("the listener: %+v", row)
	}
}

func TestNotADiagSocket(t *testing.T) {
	fd := sure(t)(unix.Socket(unix.AF_UNIX, unix.SOCK_DGRAM, 0))
	defer unix.Close(fd)
	if _, err := NewSockets(fd, 1).Read(); err == nil {
		t.Error("no error")
	}
}

// FuzzParse gives the parser any bytes, and its own sequence number.
func FuzzParse(f *testing.F) {
	f.Add([]byte{}, uint32(1))
	f.Add(message(unix.NLMSG_DONE, 1, nil), uint32(1))
	f.Add(message(unix.NLMSG_ERROR, 1, []byte{0xfe, 0xff, 0xff, 0xff}), uint32(1))
	body := make([]byte, messageSize+4+232)
	binary.NativeEndian.PutUint16(body[messageSize:], 4+232)
	binary.NativeEndian.PutUint16(body[messageSize+2:], tcpInfo)
	f.Add(message(diagByFamily, 1, body), uint32(1))
	f.Fuzz(func(t *testing.T, b []byte, seq uint32) {
		list, done, err := parse(b, seq, nil)
		if err != nil && !done {
			t.Error("an error that does not end the dump")
		}
		if len(list)*(headerSize+messageSize) > len(b) {
			t.Errorf("%d sockets in %d bytes", len(list), len(b))
		}
		s := Sockets{list: list, counts: map[uint64]counts{}}
		s.count()
		s.sum()
		s.Table(5)
	})
}

func message(kind uint16, seq uint32, body []byte) []byte {
	b := make([]byte, headerSize, headerSize+len(body))
	binary.NativeEndian.PutUint32(b, uint32(headerSize+len(body)))
	binary.NativeEndian.PutUint16(b[4:], kind)
	binary.NativeEndian.PutUint32(b[8:], seq)
	return append(b, body...)
}

func TestParseRefusals(t *testing.T) {
	for _, c := range []struct {
		name string
		data []byte
		want string
	}{
		{"an errno", message(unix.NLMSG_ERROR, 1, []byte{0xff, 0xff, 0xff, 0xff}), "operation not permitted"},
		{"an error without errno", message(unix.NLMSG_ERROR, 1, nil), "cut short"},
		{"a short socket", message(diagByFamily, 1, make([]byte, messageSize-1)), "cut short"},
		{"an attribute past the end", message(diagByFamily, 1, append(make([]byte, messageSize), 9, 0, 2, 0)), "cut short"},
		{"a length past the end", []byte{200, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0}, "cut short"},
	} {
		if binary.NativeEndian.Uint16([]byte{1, 0}) != 1 {
			t.Skip("the bytes above are little-endian")
		}
		_, _, err := parse(c.data, 1, nil)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
	if list, done, err := parse(message(diagByFamily, 7, make([]byte, messageSize)), 1, nil); len(list) != 0 || done || err != nil {
		t.Errorf("another dump's answer was taken: %v %v %v", list, done, err)
	}
}

// child starts this binary in one of the roles of TestMain and ends it with the
// test.
func child(t testing.TB, role string, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command("/proc/self/exe", append([]string{"act", role}, args...)...)
	cmd.Stderr = os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	stdin, err := cmd.StdinPipe() // its end ends the child, if this process is killed
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stdin.Close(); cmd.Process.Kill(); cmd.Wait() })
	if n, _ := out.Read(make([]byte, 8)); n == 0 {
		t.Fatalf("%s did not say that it is ready", role)
	}
	return cmd
}
