//go:build linux

package main_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"socketlabs/labs/internal/labtest"
)

const MiB = 1 << 20

// whole is the lab's file.
var whole = func() []byte {
	out := make([]byte, 0, 16*MiB)
	for i := range uint64(2 * MiB) {
		out = binary.LittleEndian.AppendUint64(out, (i+1)*0x9E3779B97F4A7C15)
	}
	return out
}()

func request(n int) []byte { return binary.BigEndian.AppendUint64(nil, uint64(n)) }

// download asks for n bytes and requires that they are the file's.
func download(t *testing.T, c net.Conn, n int) {
	t.Helper()
	c.Write(request(n))
	labtest.Expect(t, c, whole[:n])
}

func end(s *labtest.Server) {
	s.HangUp()
	s.Wait("the last connection to be closed", func(m map[string]float64) bool { return m["open"] == 0 })
	s.Stop()
}

func TestCopies(t *testing.T) {
	const n = 16 * MiB
	for _, c := range []struct {
		knobs string
		calls int
		why   string
	}{
		{"-copy=readwrite -chunk=4096", 2 * n / 4096, "a read and a write for each 4 KiB"},
		{"-copy=readwrite -chunk=1048576", 2 * n / MiB, "and for each MiB"},
		{"-copy=writev -chunk=65536", n/4096 + n/65536, "a read for each page, a write for sixteen of them"},
		{"-copy=splice -chunk=65536", 2 * n / 65536, "into the pipe and out"},
		{"-copy=sendfile -chunk=1048576", n / MiB, "once"},
		{"-copy=zerocopy -chunk=65536", 0, "it depends on the completions"},
		{"-copy=zerocopy -chunk=4096", 0, "more is lent than the kernel remembers"},
	} {
		t.Run(c.knobs, func(t *testing.T) {
			s := labtest.Start(t, "sendfile", strings.Fields(c.knobs)...)
			before := len(s.Files())
			conn := s.Dial()
			download(t, conn, n)
			m := s.Metrics()
			if c.calls > 0 && (int(m["calls"]) < c.calls || int(m["calls"]) > c.calls+c.calls/50) {
				t.Errorf("%v calls, want %d: %s", m["calls"], c.calls, c.why)
			}
			if strings.Contains(c.knobs, "zerocopy") {
				s.Wait("a completion for each call", func(m map[string]float64) bool { return m["completions"] > 0 })
				if m := s.Metrics(); m["copied"] != m["completions"] {
					t.Errorf("%v of %v completions say that the bytes were copied: loopback copies them all", m["copied"], m["completions"])
				}
			}
			total := n
			for _, n := range []int{0, 1, 7, 4095, 4096, 4097, 65537, MiB + 3} {
				download(t, conn, n)
				total += n
			}
			for _, b := range request(10_000) {
				conn.Write([]byte{b})
				time.Sleep(time.Millisecond)
			}
			labtest.Expect(t, conn, whole[:10_000])
			conn.Write(append(request(100_000), request(50_000)...)) // pipelined, and then FIN
			conn.CloseWrite()
			labtest.Expect(t, conn, whole[:100_000])
			labtest.Expect(t, conn, whole[:50_000])
			labtest.ExpectEnd(t, conn)
			if m := s.Metrics(); int(m["bytes"]) != total+160_000 || m["requests"] != 12 {
				t.Errorf("%v bytes for %v requests, want %d", m["bytes"], m["requests"], total+160_000)
			}
			s.Wait("the end", func(m map[string]float64) bool { return m["open"] == 0 })
			if n := len(s.Files()); n > before+2 { // the runtime's own, at most
				t.Errorf("%d descriptors before, %d after", before, n)
			}
			end(s)
		})
	}
}

func TestReaderDoesNotRead(t *testing.T) {
	for _, way := range []string{"readwrite", "writev", "splice", "sendfile", "zerocopy"} {
		t.Run(way, func(t *testing.T) {
			s := labtest.Start(t, "sendfile", "-copy="+way, "-write-timeout=300ms")
			before := s.RSS()
			slow, other := s.Dial(), s.Dial()
			slow.SetReadBuffer(32 << 10)
			slow.Write(append(request(16*MiB), request(16*MiB)...))
			download(t, other, 1000)
			s.Wait("its timeout", func(m map[string]float64) bool { return m["timeouts"] == 1 && m["open"] == 1 })
			if grown := s.RSS() - before; grown > 8*MiB {
				t.Errorf("the server grew by %d bytes", grown)
			}
			download(t, other, 1000)
			end(s)
		})
	}
}

func TestResets(t *testing.T) {
	for _, way := range []string{"readwrite", "splice", "sendfile", "zerocopy"} {
		t.Run(way, func(t *testing.T) {
			s := labtest.Start(t, "sendfile", "-copy="+way)
			for range 10 {
				c := s.Dial()
				c.Write(request(16 * MiB))
				io.ReadFull(c, make([]byte, MiB))
				labtest.Reset(c)
			}
			s.Wait("10 resets", func(m map[string]float64) bool { return m["resets"]+m["broken_pipes"] == 10 && m["open"] == 0 })
			download(t, s.Dial(), 1000)
			end(s)
		})
	}
}

func TestTooMuch(t *testing.T) {
	s := labtest.Start(t, "sendfile")
	c := s.Dial()
	c.Write(request(16*MiB + 1))
	labtest.ExpectEnd(t, c)
	if n := s.Counter("bad_requests"); n != 1 {
		t.Errorf("lab.bad_requests is %d", n)
	}
	end(s)
}

func TestStop(t *testing.T) {
	for _, way := range []string{"readwrite", "splice", "sendfile", "zerocopy"} {
		t.Run(way, func(t *testing.T) {
			s := labtest.Start(t, "sendfile", "-copy="+way)
			c, silent := s.Dial(), s.Dial()
			c.SetReadBuffer(64 << 10)
			c.Write(request(16 * MiB))
			s.Wait("its first bytes", func(m map[string]float64) bool { return m["bytes"] > 0 && m["open"] == 2 })
			got := make(chan []byte)
			go func() {
				time.Sleep(200 * time.Millisecond)
				data, _ := io.ReadAll(c)
				got <- data
			}()
			s.Stop()
			if data := <-got; !bytes.Equal(data, whole) {
				t.Errorf("%d bytes of %d", len(data), len(whole))
			}
			labtest.ExpectEnd(t, silent)
		})
	}
}

func TestNoDescriptors(t *testing.T) {
	s := labtest.Start(t, "sendfile", "-copy=splice")
	s.Metrics()
	lift := s.LimitFiles(2) // the connection, and half of its pipe
	labtest.ExpectEnd(t, s.Dial())
	if s.Counter("emfile") == 0 {
		t.Error("lab.emfile is 0")
	}
	lift()
	download(t, s.Dial(), 1000)
	end(s)
}

// The same bytes, and what each way costs the sender.
func TestCPU(t *testing.T) {
	run := func(knobs string) time.Duration {
		s := labtest.Start(t, "sendfile", strings.Fields(knobs)...)
		c := s.Dial()
		c.Write(request(16 * MiB))
		io.CopyN(io.Discard, c, 16*MiB)
		before := cpu(t, s)
		for range 10 {
			c.Write(request(16 * MiB))
			io.CopyN(io.Discard, c, 16*MiB)
		}
		used := cpu(t, s) - before
		end(s)
		return used
	}
	copied, sent := run("-copy=readwrite -chunk=4096"), run("-copy=sendfile -chunk=1048576")
	if sent > copied*7/10 {
		t.Errorf("CPU: %s with sendfile, %s with read and write", sent, copied)
	}
}

// cpu is what the process has used.
func cpu(t *testing.T, s *labtest.Server) time.Duration {
	t.Helper()
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/schedstat", s.PID))
	if err != nil {
		t.Fatal(err)
	}
	ns, err := strconv.ParseInt(strings.Fields(string(stat))[0], 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	for _, tid := range s.Threads() {
		if tid == s.PID {
			continue
		}
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/schedstat", s.PID, tid))
		if err != nil {
			continue // it has just ended
		}
		of, _ := strconv.ParseInt(strings.Fields(string(stat))[0], 10, 64)
		ns += of
	}
	return time.Duration(ns)
}
