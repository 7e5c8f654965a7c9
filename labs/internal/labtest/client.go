//go:build linux

package labtest

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// Bytes returns n bytes that repeat nowhere, the same for the same seed: an
// answer with bytes lost, doubled or of somebody else does not match.
func Bytes(seed uint64, n int) []byte {
	var key [32]byte
	key[0], key[1], key[2] = byte(seed), byte(seed>>8), byte(seed>>16)
	data := make([]byte, n)
	rand.NewChaCha8(key).Read(data)
	return data
}

// Echo sends data and requires that the same comes back, while it is being sent.
func Echo(t testing.TB, c net.Conn, data []byte) {
	t.Helper()
	sent := make(chan error, 1)
	go func() {
		_, err := c.Write(data)
		sent <- err
	}()
	Expect(t, c, data)
	if err := <-sent; err != nil {
		t.Fatal(err)
	}
}

// Expect requires that data comes.
func Expect(t testing.TB, c net.Conn, data []byte) {
	t.Helper()
	got := make([]byte, len(data))
	n, err := io.ReadFull(c, got)
	if err != nil {
		t.Fatalf("after %d of %d bytes: %v", n, len(data), err)
	}
	if !bytes.Equal(got, data) {
		at := 0
		for got[at] == data[at] {
			at++
		}
		t.Fatalf("byte %d of %d is wrong", at, len(data))
	}
}

// ExpectEnd requires that the server closes and sends nothing before that.
func ExpectEnd(t testing.TB, c net.Conn) {
	t.Helper()
	n, err := c.Read(make([]byte, 1))
	if n != 0 || !errors.Is(err, io.EOF) && !errors.Is(err, unix.ECONNRESET) {
		t.Fatalf("read %d bytes, %v: want the end", n, err)
	}
}

// ExpectSilence requires that nothing comes for a while.
func ExpectSilence(t testing.TB, c net.Conn, d time.Duration) {
	t.Helper()
	c.SetReadDeadline(time.Now().Add(d))
	n, err := c.Read(make([]byte, 1))
	var timeout net.Error
	if n != 0 || !errors.As(err, &timeout) || !timeout.Timeout() {
		t.Fatalf("read %d bytes, %v: want silence", n, err)
	}
	c.SetReadDeadline(time.Now().Add(Patience))
}

// Reset closes with RST instead of FIN.
func Reset(c *net.TCPConn) {
	c.SetLinger(0)
	c.Close()
}

// Arrived waits until all that c has sent is acknowledged: it is in the
// server's receive queue, accepted or not.
func Arrived(t testing.TB, c *net.TCPConn) {
	t.Helper()
	if !arrived(c, Patience) {
		t.Fatal("what was sent does not arrive")
	}
}

// arrived says whether all that c has sent is acknowledged within d.
func arrived(c *net.TCPConn, d time.Duration) bool {
	raw, err := c.SyscallConn()
	if err != nil {
		return false
	}
	for end := time.Now().Add(d); time.Now().Before(end); time.Sleep(time.Millisecond) {
		left := -1
		err := raw.Control(func(fd uintptr) { left, _ = unix.IoctlGetInt(int(fd), unix.SIOCOUTQ) })
		if left == 0 || err != nil {
			return left == 0
		}
	}
	return false
}
