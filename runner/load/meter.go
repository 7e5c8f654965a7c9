//go:build linux

package load

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"socketlabs/labs/telemetry"
)

// meter is every number that the load generator reports. Only its thread writes it.
type meter struct {
	response, service, late, heavy, connect telemetry.Histogram

	requests, sent, bytesIn, bytesOut, mismatches uint64
	busy, failed, expired, retries, lost, goaways uint64
	handshakes, resumed                           uint64
	errno                                         [len(telemetry.Errnos)]uint64
	connects                                      uint64
	open, inflight, misbehaving                   int

	faultSent, faultReceived, faultClosed uint64

	said    int                           // lines of log
	told    [len(telemetry.Errnos)]uint64 // what of errno was said in words
	toldAt  time.Duration
	reached bool  // some connection was opened once
	refused error // why the last one could not be opened, when it did not just take too long
}

// unreached counts a connection that could not be opened.
func (m *meter) unreached(err error) {
	m.fail(err)
	if err != unix.ETIMEDOUT {
		m.refused = err
	}
}

// fail counts an error of a connection; io.EOF is the end of its stream.
func (m *meter) fail(err error) { m.errno[errnoIndex(err)]++ }

func errnoIndex(err error) int {
	name := "" // what has no number: an alert of TLS
	if errno := unix.Errno(0); errors.As(err, &errno) {
		name = strings.ToLower(unix.ErrnoName(errno))
	} else if err == io.EOF {
		name = "eof"
	}
	for i, n := range telemetry.Errnos {
		if n == name {
			return i
		}
	}
	return len(telemetry.Errnos) - 1
}

// values returns every metric of the catalogue that is no histogram.
func (m *meter) values(backlog int64, oldest time.Duration, connecting int) map[string]float64 {
	v := map[string]float64{
		"load.requests":       float64(m.requests),
		"load.sent":           float64(m.sent),
		"load.bytes_in":       float64(m.bytesIn),
		"load.bytes_out":      float64(m.bytesOut),
		"load.mismatches":     float64(m.mismatches),
		"load.refused":        float64(m.busy),
		"load.failed":         float64(m.failed),
		"load.expired":        float64(m.expired),
		"load.retries":        float64(m.retries),
		"load.lost":           float64(m.lost),
		"load.goaways":        float64(m.goaways),
		"load.handshakes":     float64(m.handshakes),
		"load.resumed":        float64(m.resumed),
		"load.connecting":     float64(connecting),
		"load.connects":       float64(m.connects),
		"load.open":           float64(m.open),
		"load.inflight":       float64(m.inflight),
		"load.backlog":        float64(backlog),
		"load.oldest":         oldest.Seconds(),
		"load.misbehaving":    float64(m.misbehaving),
		"load.cpu":            cpu().Seconds(),
		"load.fault_sent":     float64(m.faultSent),
		"load.fault_received": float64(m.faultReceived),
		"load.fault_closed":   float64(m.faultClosed),
	}
	wrong := m.mismatches
	for i, name := range telemetry.Errnos {
		v["load.errno."+name] = float64(m.errno[i])
		wrong += m.errno[i]
	}
	v["load.errors"] = float64(wrong)
	return v
}

func (m *meter) hists() map[string]telemetry.Histogram {
	return map[string]telemetry.Histogram{
		"load": m.response.Clone(), "load.service": m.service.Clone(), "load.late": m.late.Clone(),
		"load.heavy": m.heavy.Clone(), "load.connect": m.connect.Clone(),
	}
}

// trouble says in words which errors came since it was last asked; empty when
// there are none, or when it said something less than a second ago.
func (m *meter) trouble(now time.Duration) string {
	if m.errno == m.told || m.toldAt > 0 && now-m.toldAt < time.Second {
		return ""
	}
	var parts []string
	for i, name := range telemetry.Errnos {
		if n := m.errno[i] - m.told[i]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, name))
		}
	}
	m.told, m.toldAt = m.errno, now
	return "connections that failed: " + strings.Join(parts, ", ")
}

// cpu is the CPU time of this process.
func cpu() time.Duration {
	var ts unix.Timespec
	unix.ClockGettime(unix.CLOCK_PROCESS_CPUTIME_ID, &ts) // fails for no valid clock
	return time.Duration(ts.Nano())
}
