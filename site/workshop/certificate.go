package workshop

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"net"
	"os"
	"strings"
	"time"
)

// CertificateFile holds a self-made certificate and its key, in the data folder.
const CertificateFile = "workshop.pem"

// A certificate is good for a year, and made anew when it has less than two weeks.
const (
	goodFor    = 365 * 24 * time.Hour
	renewUnder = 14 * 24 * time.Hour
)

// Certificate returns the self-made certificate of a file, made anew when there is none
// yet, when it ends soon, or when it is not good for all of the hosts: names and
// addresses. Browsers warn of it; Fingerprint is what people compare.
func Certificate(path string, hosts []string) (tls.Certificate, error) {
	kept, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return tls.Certificate{}, fmt.Errorf("certificate: %w", err)
	}
	if c, err := tls.X509KeyPair(kept, kept); err == nil && covers(c.Leaf, hosts) {
		return c, nil
	}
	fresh, err := selfMade(hosts)
	if err == nil {
		err = os.WriteFile(path, fresh, 0o600)
	}
	if err == nil {
		err = os.Chmod(path, 0o600) // it may have been there
	}
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("certificate: %w", err)
	}
	return tls.X509KeyPair(fresh, fresh)
}

func covers(c *x509.Certificate, hosts []string) bool {
	for _, h := range hosts {
		if c.VerifyHostname(h) != nil {
			return false
		}
	}
	return time.Now().Add(renewUnder).Before(c.NotAfter)
}

// selfMade is a certificate for these hosts with its key, as PEM: ECDSA on P-256.
func selfMade(hosts []string) ([]byte, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return nil, err
	}
	now := time.Now()
	c := &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: "Socket Labs workshop"},
		NotBefore: now.Add(-time.Hour), NotAfter: now.Add(goodFor), // a laptop's clock may be late
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}, BasicConstraintsValid: true,
	}
	for _, h := range hosts {
		if ip := net.ParseIP(h); ip != nil {
			c.IPAddresses = append(c.IPAddresses, ip)
		} else {
			c.DNSNames = append(c.DNSNames, h)
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, c, c, &key.PublicKey, key)
	if err != nil {
		return nil, err
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	pem.Encode(&b, &pem.Block{Type: "CERTIFICATE", Bytes: der}) // to memory
	pem.Encode(&b, &pem.Block{Type: "PRIVATE KEY", Bytes: private})
	return b.Bytes(), nil
}

// Fingerprint is a certificate's SHA-256 as browsers show it.
func Fingerprint(c tls.Certificate) string {
	if len(c.Certificate) == 0 {
		return ""
	}
	sum := sha256.Sum256(c.Certificate[0])
	return strings.ReplaceAll(fmt.Sprintf("% X", sum[:]), " ", ":")
}
