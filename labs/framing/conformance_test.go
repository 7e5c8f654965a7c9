//go:build linux

package main

import (
	"encoding/hex"
	"testing"

	"socketlabs/labs/internal/labtest"
)

func TestConformance(t *testing.T) {
	for _, codec := range labtest.Modes("length", "tlv", "delimiter") {
		t.Run(codec, func(t *testing.T) {
			t.Parallel()
			p := labtest.Protocol{Ask: func(_ uint32, payload []byte) []byte {
				if codec == "delimiter" { // no end of line in it
					payload = []byte(hex.EncodeToString(payload))
				}
				return frame(codec, payload)
			}}
			p.Answer = p.Ask
			labtest.ConformanceOf(t, p, "framing", "-codec="+codec)
		})
	}
}
