package runner

import (
	"log/slog"

	"socketlabs/labs/telemetry"
	"socketlabs/runner/observe"
	"socketlabs/runner/shim"
)

// host returns this machine's fingerprint. How runs are held is found out by
// holding one of nothing.
func host(log *slog.Logger) (telemetry.Host, error) {
	h := observe.Fingerprint()
	s, err := shim.Open(shim.Options{RunID: "probe"})
	if err != nil {
		return h, err
	}
	if why := s.Why(); why != "" {
		log.Warn("isolation", "how", s.Isolation(), "why", why)
	}
	h.Isolation = s.Isolation()
	return h, s.Close()
}
