//go:build linux

package load

import (
	"crypto/tls"
	"errors"
	"fmt"
	"time"

	"socketlabs/labs"
)

// settings are labs.LoadSettings, and those of every client.
type settings struct {
	client                          string
	open                            bool
	connections, size, burst, depth int
	rate                            float64 // requests per second
	renew, sources, beside          int
	omits                           bool // what is due while an answer is missing is never asked
	shape                           string
	peak                            float64 // requests per second
	steps                           int

	frameSettings
	callSettings
	verify bool // file
}

type frameSettings struct {
	codec               codec
	json, compress      bool
	tlsVersion          uint16 // 0: none
	resume, certificate bool
}

type callSettings struct {
	method                method
	work, budget, backoff time.Duration
	heavy, share          float64
	retries               int
	jitter, unsafe        bool
}

func (p Plan) settings() (*settings, error) {
	if p.Load == nil {
		return nil, nil
	}
	v, err := checked(labs.LoadSettings(), p.Load)
	if err != nil {
		return nil, fmt.Errorf("plan: load.%w", err)
	}
	client, _ := labs.ClientNamed(v["client"])
	with, err := checked(client.Settings, p.Client)
	if err != nil {
		return nil, fmt.Errorf("plan: client.%w", err)
	}
	s := &settings{
		client: client.Name,
		open:   v["model"] == "open", connections: whole(v["connections"]), size: whole(v["size"]),
		burst: whole(v["burst"]), depth: whole(v["depth"]), rate: v["rate"].(float64),
		renew: whole(v["renew"]), sources: whole(v["sources"]), beside: whole(v["beside"]),
		shape: v["shape"].(string), peak: v["peak"].(float64), steps: whole(v["steps"]),
	}
	s.depth = max(s.depth, s.burst)
	switch client.Name {
	case "frames":
		s.frameSettings, err = frameSettingsOf(with)
	case "rpc":
		s.callSettings = callSettingsOf(with)
	case "file":
		s.verify = with["verify"].(bool)
	}
	return s, err
}

func frameSettingsOf(with map[string]any) (frameSettings, error) {
	s := frameSettings{
		codec: codec(with["codec"].(string)), json: with["payload"] == "json", compress: with["compress"].(bool),
		resume: with["resume"].(bool), certificate: with["certificate"].(bool),
	}
	switch with["tls"] {
	case "1.2":
		s.tlsVersion = tls.VersionTLS12
	case "1.3":
		s.tlsVersion = tls.VersionTLS13
	}
	if s.compress && s.codec == delimiterCodec {
		return s, errors.New("plan: client.compress: a deflated payload may contain the delimiter: take another codec")
	}
	return s, nil
}

func callSettingsOf(with map[string]any) callSettings {
	return callSettings{
		method: methods[with["method"].(string)],
		work:   seconds(with["work"].(float64)), budget: seconds(with["budget"].(float64)), backoff: seconds(with["backoff"].(float64)),
		heavy: with["heavy"].(float64), share: with["retry-share"].(float64), retries: whole(with["retries"]),
		jitter: with["jitter"].(bool), unsafe: with["unsafe"].(bool),
	}
}

// closed are the settings of the closed-loop client beside an open load; nil:
// there is none. Each of its connections has the pace of one of the load's.
func (s *settings) closed() *settings {
	if s == nil || !s.open || s.beside == 0 {
		return nil
	}
	c := *s
	share := float64(s.beside) / float64(s.connections)
	c.connections, c.rate, c.peak = s.beside, s.rate*share, s.peak*share
	c.depth, c.omits = s.burst, true
	return &c
}
