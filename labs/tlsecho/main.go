//go:build linux

// Tlsecho is the framing lab's echo of length-prefixed frames under TLS. Its
// connections are package net's, a goroutine for each: the lesson is TLS, and
// crypto/tls wants a connection that blocks. What it costs is a handshake, and a
// certificate that runs out.
package main

import (
	"crypto/tls"
	"errors"
	"flag"
	"io"
	"net"
	"net/netip"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"socketlabs/labs/internal/lab"
	"socketlabs/labs/internal/sock"
	"socketlabs/labs/telemetry"
)

var (
	minVersion  = flag.String("min-version", "1.2", "oldest TLS that is spoken [1.2|1.3]")
	resumption  = flag.Bool("resumption", true, "give tickets, and take them instead of a full handshake")
	keyType     = flag.String("key", "ecdsa", "key of the certificate: P-256 or RSA 2048 [ecdsa|rsa]")
	clientCerts = flag.String("client-certs", "none", "what a client must show [none|require]")
	lifetime    = flag.Duration("lifetime", 24*time.Hour, "how long a certificate is valid [1s..720h]")
	watching    = flag.Bool("watch", true, "take a new certificate when its file changes, not only at SIGHUP")
	most        = flag.Int("cap", 64<<10, "largest payload [16..16777216 bytes]")
	bufSize     = flag.Int("buf", 4096, "bytes per read [64..1048576 bytes]")
	backlog     = flag.Int("backlog", 1024, "connections that may wait to be accepted [0..65535]")
)

// m is every number this lab exports; a field's name is its metric's name.
var m struct {
	Accepts, AcceptErrors, Emfile, Frames, Bytes, TooLarge telemetry.Counter
	Resets, BrokenPipes, Malformed                         telemetry.Counter
	Handshakes, Resumed, HandshakeErrors                   telemetry.Counter
	Rotations, RotationErrors                              telemetry.Counter
	Open, Generation, ExpirySeconds                        telemetry.Gauge
}

const (
	handshakeTime = 5 * time.Second
	lastHandshake = 500 * time.Millisecond // of it, once SIGTERM has come
	lastRequest   = 200 * time.Millisecond // for who had no time to ask before
	lingerTime    = 500 * time.Millisecond // for the client to read why it is refused
)

// conns are the connections being served.
var conns = struct {
	sync.Mutex // guards the others
	shaken     map[*net.TCPConn]bool
	stopping   bool
}{shaken: map[*net.TCPConn]bool{}}

var (
	listener int // its descriptor
	serving  sync.WaitGroup
	spare    = sock.Reserve()
)

func main() { lab.Main(serve, &m) }

func serve(addr netip.AddrPort, quit int) error {
	certificates, err := openFolder()
	if err != nil {
		return err
	}
	end, err := certificates.begin()
	if err != nil {
		certificates.close()
		return err
	}
	end = sync.OnceFunc(end)
	defer end()
	f, l, err := listen(addr)
	if err != nil {
		return err
	}
	config := configure()
	for sock.Wait(listener, quit) == nil {
		if err := accept(l, config); err != nil {
			return err
		}
	}
	end() // and nothing is left behind, even if the drain is cut short
	stop(f, l)
	return nil
}

// listen makes the listener. Package net copies the descriptor; f is the original.
func listen(addr netip.AddrPort) (f *os.File, l *net.TCPListener, err error) {
	if listener, err = sock.Listen(addr, *backlog); err != nil {
		return nil, nil, err
	}
	f = os.NewFile(uintptr(listener), "listener")
	copied, err := net.FileListener(f)
	if err != nil {
		return nil, nil, err
	}
	lab.Listening(listener)
	return f, copied.(*net.TCPListener), nil
}

// accept takes one connection, and serves it on a goroutine of its own. It is
// called when there is one: accept4 at the limit of descriptors fails without, too.
func accept(l *net.TCPListener, config *tls.Config) error {
	l.SetDeadline(time.Now().Add(time.Second)) // it may have left
	tcp, err := l.AcceptTCP()
	var errno unix.Errno
	switch {
	case err == nil:
		m.Accepts.Inc()
		enter(tcp)
		serving.Go(func() { handle(tcp, config) })
	case errors.Is(err, os.ErrDeadlineExceeded):
	case !errors.As(err, &errno):
		return err
	case sock.Died(errno):
		m.AcceptErrors.Inc()
	case sock.Exhausted(errno):
		m.Emfile.Inc()
		spare.Refuse(listener)
	default:
		return err
	}
	return nil
}

// handle is one connection.
func handle(tcp *net.TCPConn, config *tls.Config) {
	defer leave(tcp)
	c := tls.Server(tcp, config)
	if err := c.Handshake(); err != nil {
		m.HandshakeErrors.Inc()
		finish(tcp)
		return
	}
	m.Handshakes.Inc()
	if c.ConnectionState().DidResume {
		m.Resumed.Inc()
	}
	shook(tcp)
	switch err := drain(c); {
	case err == nil: // refused
		c.CloseWrite()
		finish(tcp)
	case errors.Is(err, unix.ECONNRESET):
		m.Resets.Inc()
	case errors.Is(err, unix.EPIPE):
		m.BrokenPipes.Inc()
	case err == io.EOF, errors.Is(err, os.ErrDeadlineExceeded):
		c.Close()
	default: // an alert, or what is no record
		m.Malformed.Inc()
	}
}

// drain reads and answers until the client ends, or has to be refused.
func drain(c *tls.Conn) error {
	var in []byte
	for buf := make([]byte, *bufSize); ; {
		n, end := c.Read(buf) // the last bytes and the end may come together
		in = append(in, buf[:n]...)
		whole, refused := cut(in)
		if err := send(c, in[:whole]); err != nil {
			return err
		}
		if refused != nil {
			m.TooLarge.Inc()
			return send(c, sock.AppendFrame(nil, []byte("error: "+refused.Error())))
		}
		if end != nil {
			return end
		}
		in = append(in[:0], in[whole:]...)
	}
}

// cut returns how many bytes of data are whole frames.
func cut(data []byte) (whole int, err error) {
	for {
		_, n, err := sock.NextFrame(data[whole:], *most)
		if n == 0 {
			return whole, err
		}
		m.Frames.Inc()
		whole += n
	}
}

func send(c *tls.Conn, data []byte) error {
	if len(data) == 0 {
		return nil
	}
	n, err := c.Write(data)
	m.Bytes.Add(n)
	return err
}

// enter lists the connection. Who does not finish the handshake may not stay.
func enter(tcp *net.TCPConn) {
	conns.Lock()
	defer conns.Unlock()
	conns.shaken[tcp] = false
	m.Open.Inc()
	tcp.SetDeadline(time.Now().Add(handshakeTime))
}

// shook says that the handshake is over.
func shook(tcp *net.TCPConn) {
	conns.Lock()
	defer conns.Unlock()
	conns.shaken[tcp] = true
	tcp.SetDeadline(time.Time{})
	if conns.stopping {
		tcp.SetReadDeadline(time.Now().Add(lastRequest))
	}
}

// finish ends what the client must still read: FIN, and no RST before it has left.
func finish(tcp *net.TCPConn) {
	tcp.CloseWrite()
	tcp.SetReadDeadline(time.Now().Add(lingerTime))
	io.Copy(io.Discard, tcp)
}

// leave closes it.
func leave(tcp *net.TCPConn) {
	conns.Lock()
	defer conns.Unlock()
	delete(conns.shaken, tcp)
	m.Open.Dec()
	tcp.Close()
}

// stop closes the door, and ends every connection as if its FIN had come;
// handshakes that are under way have a moment.
func stop(f *os.File, l *net.TCPListener) {
	l.Close()
	f.Close()
	conns.Lock()
	conns.stopping = true
	for tcp, shaken := range conns.shaken {
		if shaken {
			tcp.CloseRead()
		} else {
			tcp.SetDeadline(time.Now().Add(lastHandshake))
		}
	}
	conns.Unlock()
	serving.Wait()
}
