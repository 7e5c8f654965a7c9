//go:build linux

package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"socketlabs/labs/internal/labtest"
)

// message is one frame of n bytes, none of which is an end of line.
func message(codec string, seed uint64, n int) []byte {
	payload := labtest.Bytes(seed, n)
	for i, b := range payload {
		if b == '\n' {
			payload[i] = ' '
		}
	}
	return frame(codec, payload)
}

// refusal reads the error frame and requires that the connection ends after it.
func refusal(t *testing.T, codec string, c net.Conn) string {
	t.Helper()
	data, err := io.ReadAll(c)
	if err != nil {
		t.Fatalf("after %q: %v", data, err)
	}
	for _, text := range []string{"error: too large", "error: malformed", "error: bad checksum", "error: inflates too much"} {
		at := bytes.Index(data, []byte(text))
		if at >= 0 && bytes.Equal(data, codecs[codec].wrap(nil, strings.TrimSuffix(string(data[at:]), "\n"))) {
			return text
		}
	}
	t.Fatalf("%q is no refusal", data)
	return ""
}

func TestEcho(t *testing.T) {
	for codec := range codecs {
		t.Run(codec, func(t *testing.T) {
			s := labtest.Start(t, "framing", "-codec="+codec, "-cap=1048576")
			c := s.Dial()
			for _, b := range message(codec, 1, 100) { // the smallest piece is one byte
				c.Write([]byte{b})
			}
			labtest.Expect(t, c, message(codec, 1, 100))
			var many []byte
			for i := range 10_000 {
				many = append(many, message(codec, uint64(i), i%50)...)
			}
			labtest.Echo(t, c, many)
			labtest.Echo(t, c, message(codec, 2, 1<<20))
			if n := s.Counter("frames"); n != 10_002 {
				t.Errorf("%d frames, want 10,002", n)
			}
			go func() {
				c.Write(message(codec, 3, 1<<20))
				c.CloseWrite()
			}()
			labtest.Expect(t, c, message(codec, 3, 1<<20)) // FIN means no more requests, not no more answers
			labtest.ExpectEnd(t, c)
			s.HangUp()
			s.Stop()
		})
	}
}

// What a read brings has nothing to do with where frames end.
func TestMergedAndSplit(t *testing.T) {
	for _, c := range []struct {
		frames, size, buf int
		merged, split     int
		why               string
	}{
		{10, 100, 4096, 1, 0, "all of them come with one read"},
		{1, 100, 4096, 0, 0, "one frame, one read"},
		{1, 10_000, 4096, 0, 2, "three reads, two of which end inside"},
		{1, 10_000, 1 << 20, 0, 0, "one read is enough"},
		{10, 1000, 4096, 3, 2, "both at once"},
	} {
		s := labtest.Start(t, "framing", fmt.Sprintf("-buf=%d", c.buf))
		var data []byte
		for i := range c.frames {
			data = append(data, message("length", uint64(i), c.size)...)
		}
		labtest.Echo(t, s.Dial(), data)
		if m := s.Metrics(); int(m["merged"]) != c.merged || int(m["split"]) != c.split {
			t.Errorf("merged %v, split %v: %+v", m["merged"], m["split"], c)
		}
		s.HangUp()
		s.Stop()
	}
}

// What has arrived of a frame waits in the parser until the rest comes, or its
// client goes.
func TestUnfinished(t *testing.T) {
	s := labtest.Start(t, "framing")
	frame := message("length", 1, 1000)
	conn, other := s.Dial(), s.Dial()
	conn.Write(frame[:300])
	other.Write(frame[:500])
	s.Wait("both parts wait", func(m map[string]float64) bool { return m["unfinished"] == 800 })
	conn.Write(frame[300:])
	s.Wait("one is whole", func(m map[string]float64) bool { return m["unfinished"] == 500 })
	other.Close()
	s.Wait("the other has gone", func(m map[string]float64) bool { return m["unfinished"] == 0 })
	conn.Close()
	s.Stop()
}

func TestRefused(t *testing.T) {
	object := []byte(`{"id":7,"text":"seven"}`)
	flipped := frame("tlv", []byte("payload"))
	flipped[len(flipped)-1] ^= 1
	for _, c := range []struct {
		knobs   string
		sent    []byte
		counter string
		why     string
	}{
		{"-cap=100", frame("length", make([]byte, 101)), "too_large", "one byte more than the cap"},
		{"", []byte{255, 255, 255, 255}, "too_large", "4 GiB: the header is enough to refuse it"},
		{"", append(message("length", 1, 50), 255, 255, 255, 255), "too_large", "after a good frame"},
		{"-codec=delimiter -cap=100", bytes.Repeat([]byte("x"), 200), "too_large", "a line without end"},
		{"-codec=delimiter -cap=100", append(bytes.Repeat([]byte("x"), 101), '\n'), "too_large", "a line with one, too late"},
		{"-codec=tlv", []byte{1, 1, 255, 255, 255, 255, 0, 0, 0, 0}, "too_large", "4 GiB again"},
		{"-codec=tlv", labtest.Bytes(1, 64), "malformed", "garbage has another version"},
		{"-codec=tlv", []byte{1, 9, 0, 0, 0, 0, 0, 0, 0, 0}, "malformed", "a type that nobody knows"},
		{"-codec=tlv", flipped, "bad_checksum", "one bit"},
		{"-schema", frame("length", append(slices.Clone(object), ' ', 'x')), "malformed", "no JSON"},
		{"-schema -codec=delimiter", []byte(`{"id":7}` + "\n"), "malformed", "a key is missing"},
		{"-compressed", frame("length", []byte("plain")), "malformed", "not compressed"},
		{"-compressed", frame("length", append(deflate(object), 0)), "malformed", "something follows the last block"},
		{"-compressed -schema", frame("length", deflate([]byte(`{"id":-7,"text":""}`))), "malformed", "the schema is of what it holds"},
		{"-compressed", frame("length", deflate(make([]byte, 64<<10))), "bombs", "hundreds of times its size"},
		{"-compressed -ratio=2000 -inflated=1000", frame("length", deflate(make([]byte, 1001))), "bombs", "one byte too many"},
	} {
		t.Run(c.why, func(t *testing.T) {
			codec := "length"
			for name := range codecs {
				if strings.Contains(c.knobs, name) {
					codec = name
				}
			}
			s := labtest.Start(t, "framing", strings.Fields(c.knobs)...)
			conn := s.Dial()
			conn.Write(c.sent)
			if strings.HasPrefix(c.why, "after") {
				labtest.Expect(t, conn, message("length", 1, 50))
			}
			refusal(t, codec, conn)
			m := s.Metrics()
			for _, name := range []string{"too_large", "malformed", "bad_checksum", "bombs", "truncated"} {
				want := 0.0
				if name == c.counter {
					want = 1
				}
				if m[name] != want {
					t.Errorf("%s is %v, want %v", name, m[name], want)
				}
			}
			s.HangUp()
			s.Stop()
		})
	}
}

func TestTaken(t *testing.T) {
	object := []byte(`{"id":7,"text":"seven"}`)
	for _, c := range []struct {
		knobs string
		sent  []byte
		why   string
	}{
		{"-cap=100", frame("length", make([]byte, 100)), "as much as the cap"},
		{"-cap=100 -codec=delimiter", append(bytes.Repeat([]byte("x"), 100), '\n'), "as much as the cap"},
		{"-schema", frame("length", object), "what the schema asks for"},
		{"-compressed -schema -codec=tlv", frame("tlv", deflate(object)), "all at once"},
		{"-compressed -inflated=1000 -ratio=2000", frame("length", deflate(make([]byte, 1000))), "as much as it may hold"},
		{"", frame("length", deflate(make([]byte, 1<<20))), "a bomb is bytes to who does not look into it"},
	} {
		s := labtest.Start(t, "framing", strings.Fields(c.knobs)...)
		labtest.Echo(t, s.Dial(), c.sent)
		s.HangUp()
		if s.Stop(); s.Counter("frames") != 1 {
			t.Errorf("not a frame: %s", c.why)
		}
	}
}

// An announcement costs its sender four bytes; it must not cost the server more.
func TestReserved(t *testing.T) {
	const clients, announced = 8, 32 << 20
	for _, c := range []struct {
		knobs    string
		reserved int
		why      string
	}{
		{"-cap=64KiB", 0, "refused by its header"},
		{"-cap=16MiB", 0, "refused by its header, however large the cap"},
		{"-trust", clients * (announced + lengthHeader), "allocated by its header"},
	} {
		t.Run(c.knobs, func(t *testing.T) {
			s := labtest.Start(t, "framing", c.knobs)
			labtest.Echo(t, s.Dial(), message("length", 1, 1000))
			before := s.RSS()
			for range clients {
				s.Dial().Write(binary.BigEndian.AppendUint32(nil, announced))
			}
			s.Wait("the announcements", func(m map[string]float64) bool {
				return int(m["reserved_bytes"]) == c.reserved && (c.reserved > 0 || m["too_large"] == clients)
			})
			grown := s.RSS() - before
			for end := time.Now().Add(labtest.Patience); grown < int64(c.reserved)*9/10 && time.Now().Before(end); grown = s.RSS() - before {
				time.Sleep(time.Millisecond) // it is counted before the kernel gave the last of it
			}
			if c.reserved == 0 && grown > 8<<20 || grown < int64(c.reserved)*9/10 {
				t.Errorf("the server grew by %d bytes: %s", grown, c.why)
			}
			s.HangUp()
			s.Wait("their end", func(m map[string]float64) bool { return m["open"] == 0 && m["reserved_bytes"] == 0 })
			s.Stop()
		})
	}
}

// A partial frame grows with what arrives, below the cap too.
func TestPartialFrames(t *testing.T) {
	s := labtest.Start(t, "framing", "-cap=16MiB")
	before := s.RSS()
	for range 50 {
		c := s.Dial()
		c.Write(binary.BigEndian.AppendUint32(nil, 16<<20))
		c.Write(labtest.Bytes(1, 1000))
		labtest.Arrived(t, c)
	}
	s.Wait("the pieces", func(m map[string]float64) bool { return m["split"] >= 50 })
	if grown := s.RSS() - before; grown > 8<<20 {
		t.Errorf("%d bytes for 50,000 that have arrived", grown)
	}
	s.HangUp()
	s.Wait("their end", func(m map[string]float64) bool { return m["truncated"] == 50 })
	s.Stop()
}

// The bomb is stopped where the limit is, not when it is over.
func TestBomb(t *testing.T) {
	bomb := frame("length", deflate(make([]byte, 4<<20)))
	for _, c := range []struct {
		knobs string
		most  int
	}{
		{"-ratio=100 -inflated=256MiB", 100 * (len(bomb) - lengthHeader)},
		{"-ratio=2000 -inflated=1MiB", 1 << 20},
	} {
		s := labtest.Start(t, "framing", append(strings.Fields(c.knobs), "-compressed")...)
		conn := s.Dial()
		conn.Write(bomb)
		if text := refusal(t, "length", conn); text != "error: inflates too much" {
			t.Errorf("%s", text)
		}
		if n := s.Counter("inflated_bytes"); n == 0 || n > c.most+1 {
			t.Errorf("%d bytes were inflated with %s", n, c.knobs)
		}
		s.HangUp()
		s.Stop()
	}
}

// Who does not read gets no more answers, and costs no more memory.
func TestSlowReader(t *testing.T) {
	s := labtest.Start(t, "framing")
	before := s.RSS()
	c := s.Dial()
	c.SetReadBuffer(64 << 10)
	data := bytes.Repeat(message("length", 1, 60_000), 500)
	sent := make(chan error, 1)
	go func() {
		_, err := c.Write(data)
		sent <- err
	}()
	s.Stuck()
	if grown := s.RSS() - before; grown > int64(len(data))*2/3 {
		t.Errorf("the server grew by %d bytes for %d that are not read", grown, len(data))
	}
	labtest.Expect(t, c, data)
	if err := <-sent; err != nil {
		t.Error(err)
	}
	s.HangUp()
	s.Stop()
}

// All that has arrived is answered; half a frame is nothing to answer.
func TestSIGTERM(t *testing.T) {
	s := labtest.Start(t, "framing")
	whole, half := s.Dial(), s.Dial()
	data := bytes.Repeat(message("length", 1, 50), 500)
	whole.Write(data)
	half.Write(message("length", 1, 50)[:20])
	labtest.Arrived(t, whole)
	labtest.Arrived(t, half)
	s.Stop()
	labtest.Expect(t, whole, data)
	labtest.ExpectEnd(t, whole)
	labtest.ExpectEnd(t, half)
	if n := s.Counter("truncated"); n != 1 {
		t.Errorf("%d truncated frames, want 1", n)
	}
}

// Hostile clients are refused, and a good one beside them notices nothing.
func TestBesideHostileClients(t *testing.T) {
	s := labtest.Start(t, "framing", "-codec=tlv")
	good := s.Dial()
	for i := range 100 {
		bad := s.Dial()
		bad.Write(labtest.Bytes(uint64(i), 10_000))
		labtest.Echo(t, good, message("tlv", uint64(i), 200))
	}
	s.Wait("refusals", func(m map[string]float64) bool { return m["malformed"] == 100 })
	began := time.Now()
	s.HangUp()
	s.Stop()
	if d := time.Since(began); d > labtest.Patience/2 {
		t.Errorf("the end took %s", d)
	}
}
