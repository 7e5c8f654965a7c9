//go:build linux

package main

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"log"
	"os"
	"os/signal"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// current is the certificate of all handshakes that begin now.
var current atomic.Pointer[tls.Certificate]

// configure says what TLS this lab speaks. A handshake asks for the certificate
// when it needs it, so that a new one is in force from the next handshake on.
func configure() *tls.Config {
	c := &tls.Config{
		MinVersion: tls.VersionTLS12, SessionTicketsDisabled: !*resumption,
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return current.Load(), nil },
	}
	if *minVersion == "1.3" {
		c.MinVersion = tls.VersionTLS13
	}
	if *clientCerts == "require" {
		c.ClientAuth, c.ClientCAs = tls.RequireAndVerifyClientCert, x509.NewCertPool()
		c.ClientCAs.AddCert(caCert)
	}
	return c
}

// load takes the file's certificate for all handshakes from now on. It says
// whether it is another one than before; what can not be used is not taken.
func (f *folder) load() (changed bool, err error) {
	text, err := os.ReadFile(f.file())
	if err != nil {
		return false, err
	}
	pair, err := tls.X509KeyPair(text, text)
	if err != nil {
		return false, err
	}
	old := current.Load()
	if old != nil && bytes.Equal(old.Leaf.Raw, pair.Leaf.Raw) {
		return false, nil
	}
	if time.Now().After(pair.Leaf.NotAfter) {
		return false, errors.New("it has expired")
	}
	current.Store(&pair)
	m.Generation.Inc()
	if old != nil {
		m.Rotations.Inc()
	}
	return true, nil
}

// begin makes the first certificate, and keeps it fresh until end is called,
// which removes the folder.
func (f *folder) begin() (end func(), err error) {
	err = f.issue()
	if err == nil {
		_, err = f.load()
	}
	if err != nil {
		return nil, err
	}
	events, err := f.watch()
	if err != nil {
		return nil, err
	}
	hup, changed, stop := make(chan os.Signal, 1), make(chan struct{}, 1), make(chan struct{})
	signal.Notify(hup, unix.SIGHUP)
	var all sync.WaitGroup
	all.Go(func() { hear(events, changed) })
	all.Go(func() { f.tend(hup, changed, stop) })
	return func() {
		events.Close()
		close(stop)
		all.Wait()
		f.close()
	}, nil
}

// tend loads the certificate when its file has changed, and at SIGHUP. When the
// signal finds the old one there, the CA issues another: nobody else would.
func (f *folder) tend(hup <-chan os.Signal, changed, stop <-chan struct{}) {
	clock := time.NewTicker(200 * time.Millisecond)
	defer clock.Stop()
	for {
		m.ExpirySeconds.Set(int(time.Until(current.Load().Leaf.NotAfter).Seconds()))
		select {
		case <-stop:
			return
		case <-clock.C:
		case <-changed:
			f.reload(false)
		case <-hup:
			f.reload(true)
		}
	}
}

func (f *folder) reload(must bool) {
	changed, err := f.load()
	if err == nil && !changed && must {
		if err = f.issue(); err == nil {
			_, err = f.load()
		}
	}
	if err != nil {
		m.RotationErrors.Inc()
		log.Printf("the certificate stays the old one: %v", err)
	}
}

// watch has inotify(7) tell when a file of the folder was written, or put in place.
func (f *folder) watch() (events *os.File, err error) {
	fd, err := unix.InotifyInit1(unix.IN_CLOEXEC | unix.IN_NONBLOCK)
	if err != nil {
		return nil, os.NewSyscallError("inotify_init1", err)
	}
	if *watching {
		_, err = unix.InotifyAddWatch(fd, f.path, unix.IN_CLOSE_WRITE|unix.IN_MOVED_TO)
	}
	return os.NewFile(uintptr(fd), "inotify"), os.NewSyscallError("inotify_add_watch", err)
}

// hear passes events on until their file is closed.
func hear(events *os.File, changed chan<- struct{}) {
	for buf := make([]byte, 4096); ; {
		if _, err := events.Read(buf); err != nil {
			return
		}
		select {
		case changed <- struct{}{}:
		default: // one is enough
		}
	}
}
