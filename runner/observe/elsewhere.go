//go:build !linux

package observe

import (
	"errors"
	"net/netip"
	"os"
	"runtime"

	"socketlabs/labs/telemetry"
)

// Where there is no Linux nothing is observed: the runner builds, so that
// recordings can be seen, and refuses before it comes here.
var errElsewhere = errors.New("sockets and processes are observed on Linux only")

// Fingerprint returns what is known of this machine.
func Fingerprint() telemetry.Host {
	h := telemetry.Host{Cores: runtime.NumCPU(), Go: runtime.Version(), OS: runtime.GOOS}
	h.Name, _ = os.Hostname()
	return h
}

// Observer observes nothing.
type Observer struct{}

func New(int, int, netip.AddrPort) (*Observer, error)  { return nil, errElsewhere }
func (o *Observer) Close()                             {}
func (o *Observer) Sample(t float64) []telemetry.Event { return nil }
func (o *Observer) Table(t float64) telemetry.Event    { return telemetry.Event{} }

// Sockets reads none.
type Sockets struct{}

// SocketStats are of no sockets.
type SocketStats struct{}

func NewSockets(int, uint16) *Sockets         { return &Sockets{} }
func (s *Sockets) Read() (SocketStats, error) { return SocketStats{}, errElsewhere }
func (s SocketStats) Listens() bool           { return false }
