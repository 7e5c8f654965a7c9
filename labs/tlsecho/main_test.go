//go:build linux

package main

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"socketlabs/labs/internal/labtest"
	"socketlabs/labs/internal/sock"
)

// start runs the lab with a folder for temporary files of its own.
func start(t *testing.T, args ...string) *labtest.Server {
	t.Helper()
	t.Setenv("TMPDIR", t.TempDir())
	return labtest.Start(t, "tlsecho", args...)
}

// folders are the certificates' folders that exist.
func folders() []string {
	list, _ := filepath.Glob(filepath.Join(os.TempDir(), "tlsecho-*"))
	return list
}

// client knows the authority by its public seed alone.
func client() *tls.Config {
	sum := sha256.Sum256([]byte("socket labs: everybody knows this key"))
	key := ed25519.NewKeyFromSeed(sum[:]).Public()
	return &tls.Config{ServerName: "127.0.0.1", InsecureSkipVerify: true, VerifyConnection: func(s tls.ConnectionState) error {
		leaf := s.PeerCertificates[0]
		if err := errors.Join(leaf.VerifyHostname("127.0.0.1"), leaf.VerifyHostname("lab")); err != nil {
			return err
		}
		if now := time.Now(); now.Before(leaf.NotBefore) || now.After(leaf.NotAfter) {
			return errors.New("expired")
		}
		ca := &x509.Certificate{PublicKey: key, PublicKeyAlgorithm: x509.Ed25519}
		return ca.CheckSignature(leaf.SignatureAlgorithm, leaf.RawTBSCertificate, leaf.Signature)
	}}
}

// dial returns a connection whose handshake is over.
func dial(t *testing.T, s *labtest.Server, config *tls.Config) *tls.Conn {
	t.Helper()
	c := tls.Client(s.Dial(), config)
	if err := c.Handshake(); err != nil {
		t.Fatal(err)
	}
	return c
}

func serialOf(c *tls.Conn) int64 {
	return c.ConnectionState().PeerCertificates[0].SerialNumber.Int64()
}

func message(seed uint64, n int) []byte { return sock.AppendFrame(nil, labtest.Bytes(seed, n)) }

func TestEcho(t *testing.T) {
	for _, c := range []struct {
		knobs   string
		version uint16
	}{
		{"-key=ecdsa", tls.VersionTLS12}, {"-key=ecdsa -min-version=1.3", tls.VersionTLS13}, {"-key=rsa", tls.VersionTLS12}, {"-key=rsa -buf=64", tls.VersionTLS13},
	} {
		t.Run(fmt.Sprintf("%s %x", c.knobs, c.version), func(t *testing.T) {
			s := start(t, strings.Fields(c.knobs)...)
			config := client()
			config.MinVersion, config.MaxVersion = c.version, c.version
			conn := dial(t, s, config)
			for _, b := range message(1, 100) {
				conn.Write([]byte{b})
			}
			labtest.Expect(t, conn, message(1, 100))
			var many []byte
			for i := range 2000 {
				many = append(many, message(uint64(i), i%50)...)
			}
			labtest.Echo(t, conn, many)
			go func() {
				for range 20 {
					conn.Write(message(2, 64<<10))
				}
				conn.CloseWrite()
			}()
			labtest.Expect(t, conn, bytes.Repeat(message(2, 64<<10), 20))
			labtest.ExpectEnd(t, conn)
			m := s.Metrics()
			if m["frames"] != 2021 || m["handshakes"] != 1 || m["handshake_errors"] != 0 {
				t.Errorf("%v", m)
			}
			s.HangUp()
			s.Stop()
		})
	}
}

func TestRefused(t *testing.T) {
	s := start(t, "-min-version=1.3")
	good := dial(t, s, client())
	old := client()
	old.MaxVersion = tls.VersionTLS12
	if err := tls.Client(s.Dial(), old).Handshake(); err == nil || !strings.Contains(err.Error(), "protocol version") {
		t.Errorf("TLS 1.2: %v", err)
	}
	plain := s.Dial()
	plain.Write(labtest.Bytes(1, 1000))
	if _, err := io.ReadAll(plain); err != nil {
		t.Errorf("garbage: %v", err)
	}
	large := dial(t, s, client())
	large.Write(append(message(1, 10), 255, 255, 255, 255))
	want := append(message(1, 10), sock.AppendFrame(nil, []byte("error: too large: 4294967295 bytes, at most 65536"))...)
	if got, err := io.ReadAll(large); err != nil || !bytes.Equal(got, want) {
		t.Errorf("%q, %v", got, err)
	}
	labtest.Echo(t, good, message(1, 100))
	if m := s.Metrics(); m["handshakes"] != 2 || m["handshake_errors"] != 2 || m["too_large"] != 1 {
		t.Errorf("%v", m)
	}
	s.HangUp()
	s.Stop()
}

func TestResumption(t *testing.T) {
	for _, c := range []struct {
		knob    string
		version uint16
		resumed int
	}{
		{"-resumption=true", tls.VersionTLS12, 4}, {"-resumption=true", tls.VersionTLS13, 4},
		{"-resumption=false", tls.VersionTLS12, 0}, {"-resumption=false", tls.VersionTLS13, 0},
	} {
		s := start(t, c.knob)
		config := client()
		config.MaxVersion, config.ClientSessionCache = c.version, tls.NewLRUClientSessionCache(1)
		for i := range 5 {
			conn := dial(t, s, config)
			labtest.Echo(t, conn, message(uint64(i), 10)) // TLS 1.3 brings its ticket with the first answer
			conn.Close()
		}
		if m := s.Metrics(); int(m["resumed"]) != c.resumed || m["handshakes"] != 5 {
			t.Errorf("%v resumed of %v with %s, TLS %x; want %d of 5", m["resumed"], m["handshakes"], c.knob, c.version, c.resumed)
		}
		s.HangUp()
		s.Stop()
	}
}

// pair returns a certificate signed by the authority, or by itself, with its key.
func pair(t *testing.T, number int64, trusted bool, usage x509.ExtKeyUsage) (cert tls.Certificate, text []byte) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{
		SerialNumber: big.NewInt(number), DNSNames: []string{"lab"}, IPAddresses: []net.IP{{127, 0, 0, 1}},
		NotBefore: time.Now().Add(-time.Minute), NotAfter: time.Now().Add(time.Hour), ExtKeyUsage: []x509.ExtKeyUsage{usage},
	}
	var der []byte
	if trusted {
		der, err = x509.CreateCertificate(rand.Reader, c, caCert, key.Public(), caKey)
	} else {
		der, err = x509.CreateCertificate(rand.Reader, c, c, key.Public(), key)
	}
	secret, keyErr := x509.MarshalPKCS8PrivateKey(key)
	if err = errors.Join(err, keyErr); err != nil {
		t.Fatal(err)
	}
	text = append(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret})...)
	if cert, err = tls.X509KeyPair(text, text); err != nil {
		t.Fatal(err)
	}
	return cert, text
}

func TestClientCertificates(t *testing.T) {
	for _, c := range []struct {
		knob           string
		shown, trusted bool
		served         bool
		why            string
	}{
		{"-client-certs=none", false, false, true, "nobody asks"},
		{"-client-certs=require", false, false, false, "none is shown"},
		{"-client-certs=require", true, false, false, "signed by itself"},
		{"-client-certs=require", true, true, true, "signed by the authority"},
	} {
		for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
			s := start(t, c.knob)
			config := client()
			config.MaxVersion = version
			if c.shown {
				cert, _ := pair(t, 5, c.trusted, x509.ExtKeyUsageClientAuth)
				config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &cert, nil }
			}
			conn := tls.Client(s.Dial(), config)
			conn.Write(message(1, 10)) // a client of TLS 1.3 is refused when it believes to be done
			_, err := io.ReadFull(conn, make([]byte, 14))
			if (err == nil) != c.served || err != nil && !strings.Contains(err.Error(), "remote error: tls") {
				t.Errorf("TLS %x: %v: %s", version, err, c.why)
			}
			if n := s.Counter("handshake_errors"); (n == 0) != c.served {
				t.Errorf("%d failed handshakes: %s", n, c.why)
			}
			s.HangUp()
			s.Stop()
		}
	}
}

// knock makes handshakes until it is told to stop; none may fail.
func knock(t *testing.T, s *labtest.Server) (stop func()) {
	done, all := make(chan struct{}), sync.WaitGroup{}
	for range 2 {
		all.Go(func() {
			for seed := uint64(0); ; seed++ {
				select {
				case <-done:
					return
				default:
				}
				c, err := tls.DialWithDialer(&net.Dialer{Timeout: labtest.Patience}, "tcp", s.Addr, client())
				if err != nil {
					t.Errorf("handshake %d: %v", seed, err)
					return
				}
				got := make([]byte, 14)
				c.Write(message(seed, 10))
				if _, err := io.ReadFull(c, got); err != nil || !bytes.Equal(got, message(seed, 10)) {
					t.Errorf("connection %d: %v", seed, err)
				}
				c.Close()
			}
		})
	}
	return func() {
		close(done)
		all.Wait()
	}
}

func TestRotationBySignal(t *testing.T) {
	s := start(t, "-watch=false")
	first := dial(t, s, client())
	stop := knock(t, s)
	for rotations := 1; rotations <= 4; rotations++ {
		s.Signal(unix.SIGHUP)
		s.Wait("the next certificate", func(m map[string]float64) bool { return int(m["rotations"]) == rotations })
	}
	stop()
	if n := serialOf(dial(t, s, client())); n != 5 || serialOf(first) != 1 {
		t.Errorf("serial number %d after four rotations of the first, %d before", n, serialOf(first))
	}
	labtest.Echo(t, first, message(1, 100)) // who was there before notices nothing
	if m := s.Metrics(); m["handshake_errors"] != 0 || m["generation"] != 5 || m["handshakes"] < 20 {
		t.Errorf("%v", m)
	}
	s.HangUp()
	s.Stop()
}

func TestRotationByFile(t *testing.T) {
	s := start(t)
	file := filepath.Join(folders()[0], "server.pem")
	first := dial(t, s, client())
	stop := knock(t, s)
	for i := range 3 {
		_, text := pair(t, int64(100+i), true, x509.ExtKeyUsageServerAuth)
		if i == 2 { // in place: what is half there is not taken
			os.WriteFile(file, text, 0o600)
		} else if err := errors.Join(os.WriteFile(file+".mine", text, 0o600), os.Rename(file+".mine", file)); err != nil {
			t.Fatal(err)
		}
		s.Wait("the next certificate", func(m map[string]float64) bool { return int(m["rotations"]) == i+1 })
	}
	stop()
	if n := serialOf(dial(t, s, client())); n != 102 {
		t.Errorf("the certificate has serial number %d, the file 102", n)
	}
	labtest.Echo(t, first, message(1, 100))
	if m := s.Metrics(); m["handshake_errors"] != 0 || m["rotation_errors"] != 0 {
		t.Errorf("%v", m)
	}
	s.HangUp()
	s.Stop()
}

func TestRotationOfRubbish(t *testing.T) {
	s := start(t)
	file := filepath.Join(folders()[0], "server.pem")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	_, other := pair(t, 100, true, x509.ExtKeyUsageServerAuth)
	private := []byte("-----BEGIN PRIVATE")
	key := bytes.Index(other, private)
	for i, bad := range [][]byte{nil, text[:len(text)/2], slices.Concat(text[:bytes.Index(text, private)], other[key:])} {
		os.WriteFile(file, bad, 0o600)
		s.Wait("a refusal", func(m map[string]float64) bool { return int(m["rotation_errors"]) == i+1 })
	}
	if n := serialOf(dial(t, s, client())); n != 1 {
		t.Errorf("serial number %d: the first one was to stay", n)
	}
	s.HangUp()
	s.Signal(unix.SIGTERM)
	if code := s.ExitCode(); code != 0 {
		t.Errorf("exit code %d", code)
	}
}

func TestUnwatched(t *testing.T) {
	s := start(t, "-watch=false")
	_, text := pair(t, 100, true, x509.ExtKeyUsageServerAuth)
	os.WriteFile(filepath.Join(folders()[0], "server.pem"), text, 0o600)
	time.Sleep(300 * time.Millisecond)
	if n := s.Counter("rotations"); n != 0 {
		t.Errorf("%d rotations without watching", n)
	}
	s.Signal(unix.SIGHUP)
	s.Wait("the signal to be heard", func(m map[string]float64) bool { return m["rotations"] == 1 })
	if n := serialOf(dial(t, s, client())); n != 100 {
		t.Errorf("serial number %d: the file was to be taken", n)
	}
	s.HangUp()
	s.Stop()
}

func TestExpiry(t *testing.T) {
	s := start(t, "-lifetime=100s")
	if n := s.Counter("expiry_seconds"); n < 60 || n > 100 {
		t.Errorf("%d seconds are left of 100", n)
	}
	s.Stop()
	s = start(t, "-lifetime=1s")
	s.Wait("its end", func(m map[string]float64) bool { return m["expiry_seconds"] < 0 })
	if err := tls.Client(s.Dial(), client()).Handshake(); err == nil || err.Error() != "expired" {
		t.Errorf("handshake with an expired certificate: %v", err)
	}
	s.HangUp()
	s.Stop()
}

func TestLeavesNothing(t *testing.T) {
	s := start(t)
	if list := folders(); len(list) != 1 {
		t.Fatalf("%v", list)
	}
	other := labtest.Start(t, "tlsecho")
	if list := folders(); len(list) != 2 {
		t.Fatalf("%v: two labs have a folder each", list)
	}
	s.Stop()
	other.Signal(unix.SIGKILL)
	other.ExitCode()
	if list := folders(); len(list) != 1 {
		t.Fatalf("%v: nobody can clean up after SIGKILL", list)
	}
	last := labtest.Start(t, "tlsecho")
	if list := folders(); len(list) != 1 {
		t.Errorf("%v: the next lab was to sweep", list)
	}
	last.Stop()
	if list := folders(); len(list) != 0 {
		t.Errorf("%v are left", list)
	}
}

// All that has arrived is answered, and who is in the middle of a handshake, or
// in the accept queue, may ask once.
func TestSIGTERM(t *testing.T) {
	s := start(t)
	var conns []*tls.Conn
	for i := range 10 {
		c := dial(t, s, client())
		raw := c.NetConn().(*net.TCPConn)
		c.Write(bytes.Repeat(message(uint64(i), 100), 50))
		labtest.Arrived(t, raw)
		conns = append(conns, c)
	}
	dial(t, s, client()) // and is silent
	s.Dial()             // and does not even begin
	s.Signal(unix.SIGSTOP)
	late := tls.Client(s.Dial(), client())
	asked := make(chan error, 1)
	go func() {
		_, err := late.Write(message(99, 100))
		asked <- err
	}()
	time.Sleep(50 * time.Millisecond)
	s.Signal(unix.SIGTERM)
	s.Signal(unix.SIGCONT)
	labtest.Expect(t, late, message(99, 100))
	if err := <-asked; err != nil {
		t.Error(err)
	}
	for i, c := range conns {
		labtest.Expect(t, c, bytes.Repeat(message(uint64(i), 100), 50))
		labtest.ExpectEnd(t, c)
	}
	if code := s.ExitCode(); code != 0 {
		t.Errorf("exit code %d", code)
	}
}

// Who does not read gets no more answers, and costs no more memory.
func TestSlowReader(t *testing.T) {
	s := start(t)
	c := dial(t, s, client())
	before := s.RSS()
	data := bytes.Repeat(message(1, 60_000), 500)
	go c.Write(data)
	s.Stuck()
	if grown := s.RSS() - before; grown > int64(len(data))*2/3 {
		t.Errorf("the server grew by %d bytes for %d that are not read", grown, len(data))
	}
	labtest.Expect(t, c, data)
	s.HangUp()
	s.Stop()
}

func TestEndings(t *testing.T) {
	s := start(t)
	s.Metrics()
	files := len(s.Files())
	for i := range 100 {
		c := s.Dial()
		switch i % 4 {
		case 0: // at once
			c.Close()
		case 1: // in the middle of the handshake
			c.Write([]byte{22, 3, 1, 1, 0, 1})
			labtest.Reset(c)
		case 2: // in the middle of a frame
			tls.Client(c, client()).Write(message(1, 100)[:50])
			c.Close()
		default:
			conn := tls.Client(c, client())
			labtest.Echo(t, conn, message(1, 100))
			labtest.Reset(c)
		}
	}
	s.Wait("their end", func(m map[string]float64) bool { return m["accepts"] == 100 && m["open"] == 0 })
	if n := len(s.Files()); n > files+1 { // epoll of the Go runtime
		t.Errorf("%d descriptors before, %d after", files, n)
	}
	lift := s.LimitFiles(0)
	for range 10 {
		labtest.ExpectEnd(t, s.Dial())
	}
	if n := s.Counter("emfile"); n != 10 {
		t.Errorf("lab.emfile is %d after 10 clients: does accept spin?", n)
	}
	lift()
	labtest.Echo(t, dial(t, s, client()), message(1, 1000))
	s.HangUp()
	s.Stop()
}
