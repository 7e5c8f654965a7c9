//go:build linux

package load

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"iter"
	"math/big"
	"net"
	"time"

	"golang.org/x/sys/unix"
)

// seal is TLS on one connection. Package crypto/tls wants a connection that
// blocks, and the loop's do not: so the conversation runs as a coroutine, which
// is resumed when bytes have come and yields when it wants more. It never runs
// beside the loop.
type seal struct {
	net.Conn // none: what crypto/tls needs of one is below
	conn     *tls.Conn
	in       []byte       // came, and conn has not read it
	out      bytes.Buffer // conn has written, and it is not sent
	shaken   bool         // the handshake is over
	err      error        // why the conversation has ended

	yield func(plain []byte) bool
	// next resumes the conversation. It returns what was decrypted, nil when the
	// conversation wants more bytes, and false when it has ended.
	next func() (plain []byte, ok bool)
	stop func()
}

// newSeal returns a conversation that has not begun; it decrypts into buf.
func newSeal(config *tls.Config, buf []byte) *seal {
	s := &seal{}
	s.conn = tls.Client(s, config)
	s.next, s.stop = iter.Pull(func(yield func([]byte) bool) {
		s.yield = yield
		s.err = s.converse(buf)
	})
	return s
}

func (s *seal) converse(buf []byte) error {
	if err := s.conn.Handshake(); err != nil {
		return err
	}
	s.shaken = true
	for {
		n, err := s.conn.Read(buf)
		if err != nil {
			return err
		}
		if n > 0 && !s.yield(buf[:n]) {
			return net.ErrClosed
		}
	}
}

// Read, Write and SetWriteDeadline are for crypto/tls.
func (s *seal) Read(p []byte) (int, error) {
	for len(s.in) == 0 {
		if !s.yield(nil) {
			return 0, net.ErrClosed
		}
	}
	n := copy(p, s.in)
	s.in = s.in[n:]
	return n, nil
}

func (s *seal) Write(p []byte) (int, error)      { return s.out.Write(p) }
func (s *seal) SetWriteDeadline(time.Time) error { return nil }

// shake begins the handshake.
func (c *client) shake() {
	c.seal = newSeal(c.crowd.tls, c.crowd.plain)
	c.loop.connecting++ // still: so that not too many do at once
	c.timer.fire = func() { c.lose(unix.ETIMEDOUT) }
	c.loop.timers.start(&c.timer, c.dialed+connectTime)
	c.unseal(nil)
	c.flush()
}

// unseal goes on with the conversation, after bytes have come.
func (c *client) unseal(data []byte) {
	s := c.seal
	s.in = data
	for c.seal == s { // what was decrypted may end it
		plain, ok := s.next()
		if s.shaken && !c.usable {
			if c.shook(); c.seal != s {
				return
			}
		}
		switch {
		case !ok:
			c.lose(s.err)
			return
		case plain == nil:
			return
		case !c.take(plain):
			return
		}
	}
}

// shook is called when the handshake is over.
func (c *client) shook() {
	m := c.meter()
	c.loop.timers.stop(&c.timer)
	c.loop.connecting--
	m.handshakes++
	if c.seal.conn.ConnectionState().DidResume {
		m.resumed++
	}
	c.enter()
}

// sealed returns what is to be sent, encrypted: more of it when all has left.
func (c *client) sealed() []byte {
	s := c.seal
	if s.out.Len() == 0 && c.usable {
		if data := c.talk.rest(); len(data) > 0 {
			s.conn.Write(data) // to memory: it does not fail
			c.talk.wrote(len(data))
		}
	}
	return s.out.Bytes()
}

// farewell tells the server that no more comes (close_notify), if there is room.
func (c *client) farewell() {
	if c.seal.conn.CloseWrite() == nil {
		c.send(c.seal.out.Bytes()) // what has no room now is not worth waiting for
	}
}

// newTLS returns the configuration of all connections.
func newTLS(s settings) (*tls.Config, error) {
	seed := sha256.Sum256([]byte("socket labs: everybody knows this key"))
	ca := ed25519.NewKeyFromSeed(seed[:])
	c := &tls.Config{
		MinVersion: s.tlsVersion, MaxVersion: s.tlsVersion, ServerName: "lab",
		// Only the key of the authority is agreed upon, not its certificate: so
		// verifyServer does what package crypto/tls would have done.
		InsecureSkipVerify: true,
		VerifyConnection: func(state tls.ConnectionState) error {
			return verifyServer(state.PeerCertificates, ca.Public())
		},
	}
	if s.resume {
		c.ClientSessionCache = tls.NewLRUClientSessionCache(1)
	}
	if s.certificate {
		public, private, err := ed25519.GenerateKey(rand.Reader)
		if err != nil {
			return nil, err
		}
		c.GetClientCertificate = func(asked *tls.CertificateRequestInfo) (*tls.Certificate, error) {
			return clientCertificate(asked.AcceptableCAs, public, private, ca)
		}
	}
	return c, nil
}

func verifyServer(chain []*x509.Certificate, authority any) error {
	if len(chain) == 0 {
		return errors.New("the server has no certificate")
	}
	leaf, now := chain[0], time.Now()
	if now.Before(leaf.NotBefore) || now.After(leaf.NotAfter) {
		return fmt.Errorf("the server's certificate is valid from %v to %v", leaf.NotBefore, leaf.NotAfter)
	}
	if err := leaf.VerifyHostname("127.0.0.1"); err != nil {
		return err
	}
	signer := &x509.Certificate{PublicKey: authority, PublicKeyAlgorithm: x509.Ed25519}
	return signer.CheckSignature(leaf.SignatureAlgorithm, leaf.RawTBSCertificate, leaf.Signature)
}

// clientCertificate returns a certificate signed by the authority that the
// server asks for, by whatever name it knows it.
func clientCertificate(names [][]byte, public ed25519.PublicKey, private, ca ed25519.PrivateKey) (*tls.Certificate, error) {
	authority := &x509.Certificate{Subject: pkix.Name{CommonName: "socket labs"}}
	if len(names) > 0 {
		authority.RawSubject = names[0]
	}
	text, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: "client"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}, authority, public, ca)
	if err != nil {
		return nil, err
	}
	return &tls.Certificate{Certificate: [][]byte{text}, PrivateKey: private}, nil
}
