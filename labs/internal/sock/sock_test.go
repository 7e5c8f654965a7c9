//go:build linux

package sock

import (
	"io"
	"net"
	"net/netip"
	"testing"

	"golang.org/x/sys/unix"
)

func FuzzParseAddr(f *testing.F) {
	for _, text := range []string{"127.0.0.1:9000", "[::1]:0", "[::ffff:127.0.0.1]:1", "[fe80::1%lo]:1", "localhost:9000", ":9000", "127.0.0.1:65536", ""} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		addr, err := ParseAddr(text)
		if err != nil {
			return
		}
		if again, err := ParseAddr(addr.String()); err != nil || again != addr {
			t.Errorf("%q is %v, which is %v, %v", text, addr, again, err)
		}
		if ip := addr.Addr(); ip.Zone() != "" || ip.Is4In6() {
			t.Errorf("%q is %v: bind can not be told that", text, addr)
		}
	})
}

// listener returns a listener, a quit descriptor and the address.
func listener(t *testing.T) (lfd, quit int, addr string) {
	t.Helper()
	lfd, err := Listen(netip.MustParseAddrPort("127.0.0.1:0"), 16)
	if err != nil {
		t.Fatal(err)
	}
	quit, err = unix.Eventfd(0, unix.EFD_CLOEXEC)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Close(lfd); unix.Close(quit) })
	at, err := Addr(lfd)
	if err != nil {
		t.Fatal(err)
	}
	return lfd, quit, at.String()
}

func dial(t *testing.T, addr string) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func TestWaitTakesTheQueueFirst(t *testing.T) {
	lfd, quit, addr := listener(t)
	dial(t, addr)
	unix.Write(quit, []byte{1, 0, 0, 0, 0, 0, 0, 0})
	if err := Wait(lfd, quit); err != nil {
		t.Fatalf("%v, with a connection in the queue", err)
	}
	cfd, _, err := unix.Accept(lfd)
	if err != nil {
		t.Fatal(err)
	}
	unix.Close(cfd)
	if err := Wait(lfd, quit); err != io.EOF {
		t.Errorf("%v with an empty queue, want io.EOF", err)
	}
	if err := Wait(-1, quit); err != io.EOF {
		t.Errorf("%v without a listener, want io.EOF", err)
	}
}

func TestRefuse(t *testing.T) {
	lfd, _, addr := listener(t)
	s := Reserve()
	defer s.Close()
	c := dial(t, addr)
	before := s.fd
	s.Refuse(lfd)
	if n, err := c.Read(make([]byte, 1)); n != 0 || err != io.EOF {
		t.Errorf("the refused client reads %d, %v", n, err)
	}
	if s.fd != before {
		t.Errorf("the spare was %d and is %d", before, s.fd)
	}
}

func TestAcceptedInherit(t *testing.T) {
	lfd, _, addr := listener(t)
	dial(t, addr)
	cfd, _, err := unix.Accept(lfd)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(cfd)
	if on, err := unix.GetsockoptInt(cfd, unix.IPPROTO_TCP, unix.TCP_NODELAY); on == 0 || err != nil {
		t.Errorf("TCP_NODELAY is %d, %v", on, err)
	}
	want, _ := unix.GetsockoptString(lfd, unix.IPPROTO_TCP, unix.TCP_CONGESTION)
	if got, err := unix.GetsockoptString(cfd, unix.IPPROTO_TCP, unix.TCP_CONGESTION); got != want || got != "cubic" && got != "reno" {
		t.Errorf("congestion control %q of a listener with %q, %v", got, want, err)
	}
}

func TestListenSaysWhere(t *testing.T) {
	_, _, addr := listener(t)
	_, err := Listen(netip.MustParseAddrPort(addr), 16)
	if want := "bind " + addr + ": address already in use"; err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
}

// A socket that is only bound keeps the port and gets no connection.
func TestBind(t *testing.T) {
	kept, err := Bind(netip.MustParseAddrPort("127.0.0.1:0"))
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(kept)
	addr, err := Addr(kept)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := net.Dial("tcp", addr.String()); err == nil {
		t.Error("a socket that does not listen gets a connection")
	}
	lfd, err := Bind(addr)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(lfd)
	if err := unix.Listen(lfd, 16); err != nil {
		t.Fatal(err)
	}
	for range 20 { // none of them goes to the other one
		dial(t, addr.String()).Close()
		cfd, _, err := unix.Accept(lfd)
		if err != nil {
			t.Fatal(err)
		}
		unix.Close(cfd)
	}
}
