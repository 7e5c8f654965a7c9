//go:build linux

package main

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"log"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
)

// seed is the secret of the lab's own certificate authority: public, so that any
// client can know whom to trust, and nobody should trust it with anything else.
const seed = "socket labs: everybody knows this key"

var (
	caKey  = ed25519.NewKeyFromSeed(hash(seed))
	caCert = authority()
	serial int64
)

func hash(text string) []byte {
	sum := sha256.Sum256([]byte(text))
	return sum[:]
}

// authority is the CA's own certificate.
func authority() *x509.Certificate {
	c := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Socket Labs CA"},
		NotBefore: time.Unix(0, 0), NotAfter: time.Unix(1<<33, 0),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, c, c, caKey.Public(), caKey)
	if err != nil {
		log.Panic(err) // nothing in it depends on anything
	}
	c, _ = x509.ParseCertificate(der)
	return c
}

// folder holds the server's certificate and key in one file, as long as the lab
// runs. Its lock tells a later lab whether this one is still there.
type folder struct {
	path string
	lock *os.File
}

// openFolder removes what killed labs left, and makes a new folder.
func openFolder() (*folder, error) {
	left, _ := filepath.Glob(filepath.Join(os.TempDir(), "tlsecho-*"))
	for _, path := range left {
		if f, err := locked(path, unix.LOCK_EX|unix.LOCK_NB); err == nil {
			f.close()
		}
	}
	for {
		path, err := os.MkdirTemp("", "tlsecho-")
		if err != nil {
			return nil, err
		}
		f, err := locked(path, unix.LOCK_EX)
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return nil, err
		}
		if err == nil {
			if _, err := os.Lstat(path); err == nil {
				return f, nil
			}
			f.close()
		} // another lab took it for a leftover before it was locked
	}
}

func locked(path string, how int) (*folder, error) {
	lock, err := os.OpenFile(path, os.O_RDONLY|unix.O_DIRECTORY|unix.O_NOFOLLOW, 0)
	if err != nil {
		return nil, err
	}
	if err := unix.Flock(int(lock.Fd()), how); err != nil {
		lock.Close()
		return nil, os.NewSyscallError("flock", err)
	}
	return &folder{path, lock}, nil
}

func (f *folder) close() {
	os.RemoveAll(f.path)
	f.lock.Close()
}

func (f *folder) file() string { return filepath.Join(f.path, "server.pem") }

// issue has the CA sign a new certificate for a new key, and puts it into the
// file by rename(2): whoever reads has the old pair or the new one.
func (f *folder) issue() error {
	serial++
	now := time.Now()
	c := &x509.Certificate{
		SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: "lab"},
		DNSNames: []string{"lab"}, IPAddresses: []net.IP{{127, 0, 0, 1}},
		NotBefore: now.Add(-time.Minute), NotAfter: now.Add(*lifetime),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	key, err := newKey()
	if err != nil {
		return err
	}
	der, err := x509.CreateCertificate(rand.Reader, c, caCert, key.Public(), caKey)
	if err != nil {
		return err
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	var text bytes.Buffer
	pem.Encode(&text, &pem.Block{Type: "CERTIFICATE", Bytes: der})
	pem.Encode(&text, &pem.Block{Type: "PRIVATE KEY", Bytes: secret})
	if err := os.WriteFile(f.file()+".new", text.Bytes(), 0o600); err != nil {
		return err
	}
	return os.Rename(f.file()+".new", f.file())
}

func newKey() (crypto.Signer, error) {
	if *keyType == "rsa" {
		return rsa.GenerateKey(rand.Reader, 2048)
	}
	return ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
}
