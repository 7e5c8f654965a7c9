package main

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/skip2/go-qrcode"
	"github.com/spf13/pflag"

	"socketlabs/labs"
	"socketlabs/runner"
	"socketlabs/site"
	"socketlabs/site/workshop"
)

// classFlags are those of a workshop.
type classFlags struct {
	name        string
	seats, keep int
	cert, key   string
	selfSigned  bool
	host        string
	caps        []string // NAME=MAX
}

func (f *classFlags) add(flags *pflag.FlagSet) {
	flags.StringVar(&f.name, "workshop", "", "serve a workshop of this name: people join by a code; the same name goes on with the same class")
	flags.IntVar(&f.seats, "seats", 60, "people in the workshop at once")
	flags.IntVar(&f.keep, "keep-days", 14, "days that the workshop is kept after somebody joined last")
	flags.StringVar(&f.cert, "tls-cert", "", "certificate of the workshop, a PEM file, with --tls-key")
	flags.StringVar(&f.key, "tls-key", "", "its key, a PEM file")
	flags.BoolVar(&f.selfSigned, "self-signed", false, "encrypt the workshop with a certificate made for it, whose fingerprint is shown")
	flags.StringVar(&f.host, "host", "", "name or address by which people reach the workshop, when it is not one of this machine's own: name or name:port")
	flags.StringArrayVar(&f.caps, "cap", nil, "most that learners may turn something up to beyond what a lesson asks, NAME=MAX: load.connections=200, knob.threads=8, seconds=10 (of a block) or total=60 (of a comparison); repeat it for more")
}

// check says what does not go together.
func (f *classFlags) check() error {
	switch {
	case f.name == "" && (f.cert != "" || f.key != "" || f.selfSigned || f.host != "" || len(f.caps) > 0):
		return errors.New("--tls-cert, --tls-key, --self-signed, --host and --cap belong to a workshop: name one with --workshop")
	case (f.cert == "") != (f.key == ""):
		return errors.New("--tls-cert and --tls-key go together")
	case f.cert != "" && f.selfSigned:
		return errors.New("--self-signed makes a certificate of its own: leave out either it or --tls-cert")
	}
	return nil
}

// limits are the runner's: as many runs may wait as there are people, and of those
// that may share the machine one more than it has cores are measured at once.
func (f *classFlags) limits(class *workshop.Class) runner.Limits {
	if class == nil {
		return runner.Limits{}
	}
	return runner.Limits{Waiting: class.Settings().Seats + 8, Shared: runtime.NumCPU() + 1}
}

// open opens the class, and encrypts what the listener accepts when that is asked for.
func (f *classFlags) open(config *site.Config, ln net.Listener) (net.Listener, error) {
	if err := os.MkdirAll(config.Data, 0o755); err != nil {
		return ln, err
	}
	all, err := labs.Read(config.Root)
	if err != nil {
		return ln, err
	}
	caps, err := site.ReadCaps(all, f.caps)
	if err != nil {
		return ln, err
	}
	hosts := f.hosts(ln.Addr())
	scheme := "http"
	if f.cert != "" || f.selfSigned {
		c, err := f.certificate(config.Data, hosts)
		if err != nil {
			return ln, err
		}
		if f.selfSigned {
			config.Fingerprint = workshop.Fingerprint(c)
		}
		scheme, ln = "https", tls.NewListener(ln, &tls.Config{Certificates: []tls.Certificate{c}, MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"}})
	}
	_, port, err := net.SplitHostPort(ln.Addr().String())
	if err != nil {
		return ln, err
	}
	at := net.JoinHostPort(hosts[0], port)
	if f.host != "" {
		at = f.host
		if _, _, err := net.SplitHostPort(at); err != nil {
			at = net.JoinHostPort(strings.Trim(f.host, "[]"), port)
		}
		config.AllowHosts = append(config.AllowHosts, at)
	}
	config.Public = scheme + "://" + at
	config.Class, err = workshop.Open(filepath.Join(config.Data, workshop.File), workshop.Settings{Name: f.name, Seats: f.seats, Keep: f.keep, Caps: caps})
	return ln, err
}

func (f *classFlags) certificate(data string, hosts []string) (tls.Certificate, error) {
	if f.selfSigned {
		return workshop.Certificate(filepath.Join(data, workshop.CertificateFile), hosts)
	}
	c, err := tls.LoadX509KeyPair(f.cert, f.key)
	if err != nil {
		return c, fmt.Errorf("--tls-cert, --tls-key: %w", err)
	}
	return c, nil
}

// hosts are the names and addresses by which the workshop is reached, the best to
// print first.
func (f *classFlags) hosts(addr net.Addr) []string {
	var hosts []string
	if f.host != "" {
		name, _, err := net.SplitHostPort(f.host)
		if err != nil {
			name = strings.Trim(f.host, "[]")
		}
		hosts = append(hosts, name)
	}
	at, err := netip.ParseAddrPort(addr.String())
	if err == nil && at.Addr().IsUnspecified() {
		hosts = append(hosts, ownAddresses()...)
	} else if err == nil {
		hosts = append(hosts, at.Addr().String())
	}
	return append(hosts, "127.0.0.1", "localhost", "::1")
}

// ownAddresses are this machine's that others can reach, IPv4 first: they are shorter.
func ownAddresses() []string {
	all, _ := net.InterfaceAddrs() // none is an answer too
	var four, six []string
	for _, a := range all {
		p, err := netip.ParsePrefix(a.String())
		if ip := p.Addr(); err != nil || !ip.IsGlobalUnicast() {
			continue
		} else if ip.Is4() {
			four = append(four, ip.String())
		} else {
			six = append(six, ip.String())
		}
	}
	return append(four, six...)
}

// reachable is the listener's address as this machine's own browser reaches it.
func reachable(addr net.Addr) string {
	at, err := netip.ParseAddrPort(addr.String())
	if err != nil || !at.Addr().IsUnspecified() {
		return addr.String()
	}
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), at.Port()).String()
}

// invite prints how people join, and what is exposed to whom.
func (f *classFlags) invite(w io.Writer, config site.Config, addr net.Addr, lang string) error {
	door := config.Class.Door()
	link := site.JoinLink(config.Public, lang, door)
	code, err := qrcode.New(link, qrcode.Low)
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "Workshop %q\n\n", door.Name)
	fmt.Fprintln(w, forTerminal(code.ToSmallString(false), terminal(w) && os.Getenv("NO_COLOR") == ""))
	fmt.Fprintf(w, "Join:       %s\n", link)
	fmt.Fprintf(w, "Code:       %s at %s/join\n", door.Code, config.Public)
	if door.Closed {
		fmt.Fprintln(w, "Door:       closed; the instructor's page opens it")
	}
	if config.Fingerprint != "" {
		fmt.Fprintf(w, "Certificate of our own making, SHA-256 %s\n", config.Fingerprint)
	}
	fmt.Fprintf(w, "Caps:       %s; what a lesson itself asks is always allowed (--cap)\n", config.Class.Settings().Caps)
	at, err := netip.ParseAddrPort(addr.String())
	if err == nil && at.Addr().IsLoopback() {
		fmt.Fprintln(w, "Only this machine can reach it. For others: --addr 0.0.0.0:7022")
		return nil
	}
	fmt.Fprintf(w, "Exposed:    %s, to everybody who can reach it\n", addr)
	fmt.Fprintf(w, "  with the code: read lessons, run their experiments within caps, see and stop one's own runs (%d of %d seats taken)\n", door.Taken, door.Seats)
	fmt.Fprintln(w, "  with the instructor's link: all that the owner can do, but editing code, which is this machine's alone")
	if strings.HasPrefix(config.Public, "http:") {
		fmt.Fprintln(w, "  Plain HTTP: whoever listens in this network can read names, codes and the instructor's link. --self-signed encrypts.")
	}
	return nil
}

// forTerminal is a QR code for a terminal: light on dark whatever the terminal's colours are,
// where it has any.
func forTerminal(code string, colour bool) string {
	if !colour {
		return code
	}
	var b strings.Builder
	for line := range strings.Lines(code) {
		fmt.Fprintf(&b, "\x1b[97;40m%s\x1b[0m\n", strings.TrimSuffix(line, "\n"))
	}
	return b.String()
}

// expireClasses deletes workshops whose days are over, also when none is served, and
// the recordings of who was in them.
func expireClasses(data string, r *runner.Runner) error {
	path := filepath.Join(data, workshop.File)
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	people, err := workshop.Expire(path)
	if err != nil {
		return err
	}
	runs, err := r.Runs()
	for _, run := range runs {
		if run.By != "" && run.Imported == nil && !people[run.By] && run.Phase.Over() {
			err = errors.Join(err, r.Remove(run.ID))
		}
	}
	return err
}
