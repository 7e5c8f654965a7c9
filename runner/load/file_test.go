//go:build linux

package load

import (
	"encoding/binary"
	"io"
	"net"
	"strings"
	"sync/atomic"
	"testing"

	"socketlabs/labs"
	"socketlabs/labs/telemetry"
)

// fileServer answers with what turn makes of the file's first bytes.
func fileServer(turn func(n int, data []byte) []byte) func(*net.TCPConn, int) {
	whole := fileBytes(1 << 20)
	return func(c *net.TCPConn, _ int) {
		var head [8]byte
		for n := 0; ; n++ {
			if _, err := io.ReadFull(c, head[:]); err != nil {
				return
			}
			if _, err := c.Write(turn(n, whole[:binary.BigEndian.Uint64(head[:])])); err != nil {
				return
			}
		}
	}
}

func TestFileBytes(t *testing.T) {
	b := fileBytes(20)
	if len(b) != 20 || binary.LittleEndian.Uint64(b) != 0x9E3779B97F4A7C15 || binary.LittleEndian.Uint64(b[8:]) != 0x3C6EF372FE94F82A {
		t.Errorf("the file begins with % x", b)
	}
}

func TestFile(t *testing.T) {
	for _, c := range []struct {
		why    string
		load   map[string]any
		verify bool
	}{
		{"small", closed(3, 100, 1, 1), true},
		{"one byte", closed(3, 1, 1, 1), true},
		{"no whole words", closed(2, 4095, 1, 1), true},
		{"large", closed(2, 1<<20, 1, 1), true},
		{"pipelined", closed(2, 100000, 5, 2), true},
		{"discarded", closed(2, 1<<20, 2, 1), false},
		{"a schedule", open(5, 1000, 500, 1), true},
	} {
		t.Run(c.why, func(t *testing.T) {
			t.Parallel()
			addr, _ := serve(t, fileServer(func(_ int, data []byte) []byte { return data }))
			c.load["client"] = "file"
			o := playUntil(t, addr, labs.Spec{Load: c.load, Client: map[string]any{"verify": c.verify}}, "requests", 10)
			if o.err != nil {
				t.Fatal(o.err)
			}
			o.want(t, "requests", 1, many)
			o.want(t, "errors", 0, 0)
			n := o.value("requests") * c.load["size"].(float64)
			o.want(t, "bytes_in", n, many)
			o.want(t, "bytes_out", 8*o.value("requests"), 8*o.value("sent"))
		})
	}
}

func TestWrongFiles(t *testing.T) {
	for _, c := range []struct {
		why   string
		wrong func(data []byte) []byte
		says  string
	}{
		{"one bit", func(d []byte) []byte { d[777] ^= 1; return d }, "not the file's"},
		{"a byte less", func(d []byte) []byte { return d[1:] }, "not the file's"},
		{"a byte more", func(d []byte) []byte { return append(d, 7) }, ""},
		{"zeros", func(d []byte) []byte { return make([]byte, len(d)) }, "not the file's"},
	} {
		t.Run(c.why, func(t *testing.T) {
			t.Parallel()
			var broken atomic.Bool
			addr, _ := serve(t, fileServer(func(n int, data []byte) []byte {
				if n == 5 && broken.CompareAndSwap(false, true) {
					return c.wrong(append([]byte(nil), data...))
				}
				return data
			}))
			load := closed(1, 1000, 1, 1)
			load["client"] = "file"
			o := playUntil(t, addr, labs.Spec{Load: load}, "requests", 8)
			o.want(t, "mismatches", 1, 1)
			o.want(t, "connects", 2, 2)
			o.want(t, "requests", 6, many)
			if logs := o.of(telemetry.KindLog); len(logs) != 1 || !strings.Contains(logs[0].Text, c.says) {
				t.Errorf("it said %+v: want %q", logs, c.says)
			}
		})
	}
}
