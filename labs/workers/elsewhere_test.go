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

// With -sync-every a call is answered before its record is on the disk, which is
// told, and one sync is for many calls. The last of them are synced before the end.
func TestSyncBehind(t *testing.T) {
	const calls = 200
	s := labtest.Start(t, "workers", "-work=disk", "-sync-every=1s", "-queue=1024")
	c := s.Dial()
	for id := range uint32(calls) {
		c.Write(call(rpc.Work, id, work(0)))
	}
	for range calls {
		if got := read(t, c); got.status != rpc.OK {
			t.Fatalf("%+v", got)
		}
	}
	s.Wait("the calls to be on the disk", func(m map[string]float64) bool { return m["unsynced"] == 0 && m["syncs"] > 0 })
	if m := s.Metrics(); m["worked"] != calls || m["syncs"] > calls/10 {
		t.Errorf("%v syncs for %v calls", m["syncs"], m["worked"])
	}
	end(s)
}
