//go:build linux

package main_test

import (
	"testing"
	"time"

	"socketlabs/labs/internal/labtest"
	"socketlabs/labs/internal/rpc"
)

// A disk and another server are waited for as long as is asked, and that is
// counted; without threads too.
func TestWorkElsewhere(t *testing.T) {
	const asked = 5 * time.Millisecond
	for _, test := range []struct{ kind, calls, wait string }{{"disk", "syncs", "disk_wait"}, {"upstream", "upstream_calls", "upstream_wait"}} {
		for _, threads := range []string{"-threads=0", "-threads=2"} {
			t.Run(test.kind+threads, func(t *testing.T) {
				s := labtest.Start(t, "workers", "-work="+test.kind, threads)
				c := s.Dial()
				for id := range uint32(4) {
					c.Write(call(rpc.Work, id, work(asked)))
					expect(t, c, answer{id, rpc.OK, string(work(asked))})
				}
				s.Wait("the waiting to be counted", func(m map[string]float64) bool {
					return m[test.calls] >= 4 && m[test.wait] >= 4*0.8*float64(asked.Microseconds()) && m["worked"] == 4
				})
				end(s)
			})
		}
	}
}
