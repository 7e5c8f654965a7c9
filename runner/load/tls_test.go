//go:build linux

package load

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"math/big"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"socketlabs/labs/telemetry"
)

// authority is the key that everybody knows, and a certificate of it.
func authority(t testing.TB) (ed25519.PrivateKey, *x509.Certificate) {
	seed := sha256.Sum256([]byte("socket labs: everybody knows this key"))
	key := ed25519.NewKeyFromSeed(seed[:])
	text, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "whatever it is called"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), KeyUsage: x509.KeyUsageCertSign,
	}, &x509.Certificate{Subject: pkix.Name{CommonName: "whatever it is called"}}, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	ca, err := x509.ParseCertificate(text)
	if err != nil {
		t.Fatal(err)
	}
	return key, ca
}

// serverTLS is what a server's TLS is like; change changes its certificate.
func serverTLS(t testing.TB, change ...func(*x509.Certificate)) *tls.Config {
	t.Helper()
	key, ca := authority(t)
	return serverOf(t, key, ca, change...)
}

func serverOf(t testing.TB, key ed25519.PrivateKey, ca *x509.Certificate, change ...func(*x509.Certificate)) *tls.Config {
	t.Helper()
	own, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	leaf := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "lab"}, DNSNames: []string{"lab"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	for _, f := range change {
		f(leaf)
	}
	text, err := x509.CreateCertificate(rand.Reader, leaf, ca, own.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(ca)
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{text}, PrivateKey: own}}, ClientCAs: pool}
}

// sealedPeer echoes under TLS.
func sealedPeer(config *tls.Config) func(*net.TCPConn, int) {
	return func(c *net.TCPConn, _ int) {
		s := tls.Server(c, config)
		defer s.Close()
		for buf := make([]byte, 64<<10); ; {
			n, err := s.Read(buf)
			if err != nil {
				return
			}
			if _, err := s.Write(buf[:n]); err != nil {
				return
			}
		}
	}
}

// TestHandshakes counts them, with connections that are renewed.
func TestHandshakes(t *testing.T) {
	for _, c := range []struct {
		why     string
		with    map[string]any
		resumed bool
	}{
		{"1.2", map[string]any{"tls": "1.2"}, false},
		{"1.3", map[string]any{"tls": "1.3"}, false},
		{"1.2 resumed", map[string]any{"tls": "1.2", "resume": true}, true},
		{"1.3 resumed", map[string]any{"tls": "1.3", "resume": true}, true},
	} {
		t.Run(c.why, func(t *testing.T) {
			t.Parallel()
			var unclean atomic.Int64
			config := serverTLS(t)
			config.SetSessionTicketKeys([][32]byte{{1}})
			peer := func(conn *net.TCPConn, number int) {
				s := tls.Server(conn, config)
				defer s.Close()
				for buf := make([]byte, 4096); ; {
					n, err := s.Read(buf)
					if n > 0 {
						s.Write(buf[:n])
					}
					if err != nil {
						if errors.Is(err, net.ErrClosed) || err.Error() == "unexpected EOF" {
							unclean.Add(1)
						}
						return
					}
				}
			}
			addr, _ := serve(t, peer)
			load := closed(2, 64, 1, 1)
			load["renew"] = 5.0
			o := playUntil(t, addr, frameLoad(load, c.with, 0), "handshakes", 8)
			if o.err != nil {
				t.Fatal(o.err)
			}
			o.want(t, "errors", 0, 0)
			o.want(t, "lost", 0, 0)
			n := o.value("handshakes")
			o.want(t, "handshakes", 6, many)
			o.want(t, "connects", n, n)
			o.want(t, "connecting", 0, 2)
			if c.resumed {
				o.want(t, "resumed", n-4, n-1) // two at once are without a session at first
			} else {
				o.want(t, "resumed", 0, 0)
			}
			if unclean.Load() > 2 { // the end of the run
				t.Errorf("%d connections ended without close_notify", unclean.Load())
			}
		})
	}
}

// TestServerCertificates: a certificate that is not what it should be ends the
// connection before anything is sent.
func TestServerCertificates(t *testing.T) {
	_, stranger, _ := ed25519.GenerateKey(rand.Reader)
	_, ca := authority(t)
	for _, c := range []struct {
		why    string
		config *tls.Config
		says   string
	}{
		{"expired", serverTLS(t, func(c *x509.Certificate) { c.NotAfter = time.Now().Add(-time.Minute) }), "valid from"},
		{"of another address", serverTLS(t, func(c *x509.Certificate) { c.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 2)} }), "127.0.0.2"},
		{"of a stranger", serverOf(t, stranger, &x509.Certificate{Subject: ca.Subject}), "verification"},
	} {
		for _, version := range []string{"1.2", "1.3"} {
			t.Run(c.why+" "+version, func(t *testing.T) {
				t.Parallel()
				addr, _ := serve(t, sealedPeer(c.config))
				o := playUntil(t, addr, frameLoad(closed(1, 64, 1, 1), map[string]any{"tls": version}, 0), "errno.other", 2)
				o.want(t, "requests", 0, 0)
				o.want(t, "handshakes", 0, 0)
				o.want(t, "errno.other", 2, 3)
				if logs := o.of(telemetry.KindLog); len(logs) == 0 || !strings.Contains(logs[0].Text, c.says) {
					t.Errorf("it said %+v: want %q", logs, c.says)
				}
			})
		}
	}
}

// TestClientCertificate: a server that requires one knows its authority by a
// name that the client learns from it.
func TestClientCertificate(t *testing.T) {
	for _, version := range []string{"1.2", "1.3"} {
		for _, has := range []bool{true, false} {
			t.Run(version, func(t *testing.T) {
				t.Parallel()
				config := serverTLS(t)
				config.ClientAuth = tls.RequireAndVerifyClientCert
				addr, _ := serve(t, sealedPeer(config))
				enough := map[bool]string{true: "requests", false: "errors"}[has]
				o := playUntil(t, addr, frameLoad(closed(1, 64, 1, 1), map[string]any{"tls": version, "certificate": has}, 0), enough, 2)
				if has {
					o.want(t, "requests", 1, many)
					o.want(t, "errors", 0, 0)
				} else {
					o.want(t, "requests", 0, 0)
					o.want(t, "errors", 1, many)
				}
			})
		}
	}
}

// TestSilentHandshake: a server that says nothing does not hold a client for ever.
func TestSilentHandshake(t *testing.T) {
	t.Parallel()
	addr, _ := serve(t, func(c *net.TCPConn, _ int) { swallow(c) })
	o := play(t, addr, frameLoad(closed(3, 64, 1, 1), map[string]any{"tls": "1.3"}, 3.5))
	o.want(t, "errno.etimedout", 3, 3)
	o.want(t, "connects", 0, 0)
	o.want(t, "connecting", 3, 3)
	o.want(t, "lost", 0, 0)
}

// TestTheWrongProtocol: a server without TLS is no reason to stop or to hang.
func TestTheWrongProtocol(t *testing.T) {
	t.Parallel()
	addr, _ := serve(t, echo(same))
	o := playUntil(t, addr, frameLoad(closed(2, 64, 1, 1), map[string]any{"tls": "1.2"}, 0), "errno.other", 2)
	o.want(t, "errno.other", 2, 4)
	o.want(t, "requests", 0, 0)
}
