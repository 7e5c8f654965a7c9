//go:build linux

package load

import (
	"bytes"
	"compress/flate"
	"encoding/json"
	"io"
	"net"
	"strings"
	"sync/atomic"
	"testing"

	"socketlabs/labs"
	"socketlabs/labs/telemetry"
)

// frameLoad is a load of frames.
func frameLoad(load, with map[string]any, seconds float64) labs.Spec {
	load["client"] = "frames"
	return labs.Spec{Load: load, Client: with, Seconds: seconds}
}

func TestFrames(t *testing.T) {
	for _, c := range []struct {
		why  string
		load map[string]any
		with map[string]any
	}{
		{"length", closed(3, 64, 1, 1), map[string]any{"codec": "length"}},
		{"delimiter", closed(3, 64, 1, 1), map[string]any{"codec": "delimiter"}},
		{"tlv", closed(3, 64, 1, 1), map[string]any{"codec": "tlv"}},
		{"json", closed(3, 100, 1, 1), map[string]any{"payload": "json"}},
		{"json in lines", closed(3, 100, 1, 1), map[string]any{"payload": "json", "codec": "delimiter"}},
		{"json that has no room for text", closed(3, 1, 1, 1), map[string]any{"payload": "json"}},
		{"deflated", closed(3, 1000, 1, 1), map[string]any{"compress": true, "codec": "tlv"}},
		{"deflated json", closed(3, 1000, 1, 1), map[string]any{"compress": true, "payload": "json"}},
		{"one byte", closed(3, 1, 1, 1), map[string]any{"codec": "tlv"}},
		{"pipelined in bursts", closed(3, 100, 16, 3), map[string]any{"codec": "tlv"}},
		{"larger than all socket buffers", closed(1, 16<<20, 1, 1), nil},
		{"long lines", closed(2, 1<<20, 4, 2), map[string]any{"codec": "delimiter"}},
		{"a schedule", open(10, 64, 1000, 1), map[string]any{"codec": "tlv"}},
		{"TLS 1.2", closed(3, 64, 1, 1), map[string]any{"tls": 1.2}},
		{"TLS 1.3", closed(3, 64, 4, 2), map[string]any{"tls": "1.3", "codec": "tlv"}},
		{"TLS with more than a record", closed(2, 1<<20, 4, 2), map[string]any{"tls": "1.3", "codec": "delimiter"}},
	} {
		t.Run(c.why, func(t *testing.T) {
			t.Parallel()
			peer := echo(same)
			if c.with["tls"] != nil {
				peer = sealedPeer(serverTLS(t))
			}
			addr, _ := serve(t, peer)
			enough := 10.0
			if c.load["size"].(float64) >= 1<<20 {
				enough = 2
			}
			o := playUntil(t, addr, frameLoad(c.load, c.with, 0), "requests", enough)
			if o.err != nil {
				t.Fatal(o.err)
			}
			o.want(t, "requests", enough, many)
			o.want(t, "errors", 0, 0)
			o.want(t, "lost", 0, 0)
			o.want(t, "connects", c.load["connections"].(float64), c.load["connections"].(float64))
			if left := o.value("sent") - o.value("requests") - o.value("inflight"); left != 0 {
				t.Errorf("%g requests are neither answered nor in flight", left)
			}
			if n := o.last.Hists["load.connect"].Count; float64(n) != o.value("connects") {
				t.Errorf("load.connect has %d entries", n)
			}
		})
	}
}

// frameServer answers every frame with what turn makes of its payload. After an
// error frame it reads no more, as all servers do.
func frameServer(c codec, turn func(n int, payload []byte) []byte) func(*net.TCPConn, int) {
	return func(conn *net.TCPConn, _ int) {
		var in inbox
		n := 0
		for buf := make([]byte, 64<<10); ; {
			k, err := conn.Read(buf)
			if err != nil {
				return
			}
			if in.each(buf[:k], func(data []byte) (int, error) {
				f, size, err := c.decode(data, 1<<20)
				if size > 0 {
					answer := turn(n, f.payload)
					n++
					if _, err = conn.Write(answer); bytes.Contains(answer, errorPrefix) {
						err = io.EOF
					}
				}
				return size, err
			}) != nil {
				return
			}
		}
	}
}

// TestFrameContent looks at what is sent from the server's side.
func TestFrameContent(t *testing.T) {
	t.Parallel()
	var ids, wrong, long atomic.Int64
	addr, _ := serve(t, frameServer(lengthCodec, func(n int, payload []byte) []byte {
		var v struct {
			ID   int    `json:"id"`
			Text string `json:"text"`
		}
		if json.Unmarshal(payload, &v) != nil || v.ID != n || len(payload) != 200 || v.Text == "" || bytes.ContainsRune(payload, '\n') {
			wrong.Add(1)
		}
		if again, _ := json.Marshal(v); string(again) != string(payload) {
			long.Add(1)
		}
		ids.Add(1)
		return lengthCodec.append(nil, payload)
	}))
	o := playUntil(t, addr, frameLoad(closed(1, 200, 1, 1), map[string]any{"payload": "json"}, 0), "requests", 10)
	o.want(t, "errors", 0, 0)
	if ids.Load() < 10 || wrong.Load() > 0 || long.Load() > 0 {
		t.Errorf("%d frames, %d wrong, %d not in the shortest form", ids.Load(), wrong.Load(), long.Load())
	}
}

// TestDeflatedAnew: what counts of a compressed answer is what it inflates to.
func TestDeflatedAnew(t *testing.T) {
	t.Parallel()
	var shorter, all atomic.Int64
	addr, _ := serve(t, frameServer(lengthCodec, func(_ int, payload []byte) []byte {
		plain, err := io.ReadAll(flate.NewReader(bytes.NewReader(payload)))
		if err != nil {
			t.Error(err)
		}
		all.Add(1)
		if len(payload) < len(plain)/2 {
			shorter.Add(1)
		}
		var b bytes.Buffer
		w, _ := flate.NewWriter(&b, flate.NoCompression)
		w.Write(plain)
		w.Close()
		return lengthCodec.append(nil, b.Bytes())
	}))
	o := playUntil(t, addr, frameLoad(closed(2, 2000, 1, 1), map[string]any{"compress": true}, 0), "requests", 10)
	o.want(t, "requests", 10, many)
	o.want(t, "errors", 0, 0)
	if shorter.Load() < all.Load() {
		t.Errorf("%d of %d payloads deflated to less than half", shorter.Load(), all.Load())
	}
}

// TestWrongFrames has a server that does one thing wrong, once.
func TestWrongFrames(t *testing.T) {
	turned := func(change func(payload []byte) []byte) func(codec, []byte) []byte {
		return func(c codec, payload []byte) []byte { return c.append(nil, change(bytes.Clone(payload))) }
	}
	twice := func(c codec, payload []byte) []byte {
		f := c.append(nil, payload)
		return append(f, f...)
	}
	for _, c := range []struct {
		why   string
		with  map[string]any
		wrong func(codec, []byte) []byte
		says  string
	}{
		{"one bit", nil, turned(func(p []byte) []byte { p[3] ^= 4; return p }), "not what was sent"},
		{"one bit of json", map[string]any{"payload": "json"}, turned(func(p []byte) []byte { p[30] ^= 4; return p }), "not what was sent"},
		{"a byte less", nil, turned(func(p []byte) []byte { return p[1:] }), "not what was sent"},
		{"a byte more", nil, turned(func(p []byte) []byte { return append(p, 'x') }), "not what was sent"},
		{"an answer twice", nil, twice, "a frame came"},
		{"more than anybody asked for", nil, turned(func(p []byte) []byte { return make([]byte, 64+room+1) }), "the most"},
		{"a bomb", map[string]any{"compress": true}, turned(func([]byte) []byte {
			var b bytes.Buffer
			w, _ := flate.NewWriter(&b, flate.BestCompression)
			w.Write(make([]byte, 1<<20))
			w.Close()
			return b.Bytes()
		}), "not what was sent"},
		{"nothing that inflates", map[string]any{"compress": true}, turned(func(p []byte) []byte { return []byte{0xff, 0xff} }), "does not inflate"},
	} {
		for _, k := range codecs {
			if c.with["compress"] == true && k == delimiterCodec {
				continue
			}
			t.Run(c.why+" "+string(k), func(t *testing.T) {
				t.Parallel()
				var broken atomic.Bool
				addr, _ := serve(t, frameServer(k, func(n int, payload []byte) []byte {
					if n == 5 && broken.CompareAndSwap(false, true) {
						return c.wrong(k, payload)
					}
					return k.append(nil, payload)
				}))
				with := map[string]any{"codec": string(k)}
				for name, v := range c.with {
					with[name] = v
				}
				o := playUntil(t, addr, frameLoad(closed(1, 64, 1, 1), with, 0), "requests", 8)
				o.want(t, "mismatches", 1, 1)
				o.want(t, "errors", 1, 1)
				o.want(t, "connects", 2, 2)
				o.want(t, "requests", 6, many) // and it goes on
				if logs := o.of(telemetry.KindLog); len(logs) != 1 || !strings.Contains(logs[0].Text, c.says) {
					t.Errorf("it said %+v: want %q", logs, c.says)
				}
			})
		}
	}
}

// TestErrorFrames: an error frame is an answer, and the end of its connection no
// failure; what else was in flight is lost.
func TestErrorFrames(t *testing.T) {
	for _, k := range codecs {
		t.Run(string(k), func(t *testing.T) {
			t.Parallel()
			addr, _ := serve(t, func(conn *net.TCPConn, number int) {
				frameServer(k, func(n int, payload []byte) []byte {
					if n == 3 {
						return problemFrame(k, "error: that is enough")
					}
					return k.append(nil, payload)
				})(conn, number)
				conn.CloseWrite()
				swallow(conn)
			})
			o := playUntil(t, addr, frameLoad(closed(1, 64, 2, 1), map[string]any{"codec": string(k)}, 0), "failed", 3)
			n := o.value("failed")
			o.want(t, "failed", 3, 4)
			o.want(t, "requests", 3*n, 3*n+3)
			o.want(t, "lost", 0, n) // what was in flight: nothing is sent on a connection that is to end
			o.want(t, "errors", 0, 0)
		})
	}
}

// TestRefusal: a server may refuse a connection before anything was asked.
func TestRefusal(t *testing.T) {
	t.Parallel()
	addr, _ := serve(t, func(c *net.TCPConn, number int) {
		if number < 3 {
			c.Write(problemFrame(tlvCodec, "error: too many connections"))
			return
		}
		echo(same)(c, number)
	})
	o := playUntil(t, addr, frameLoad(open(1, 64, 100, 1), map[string]any{"codec": "tlv"}, 0), "requests", 50)
	o.want(t, "failed", 3, 3)
	o.want(t, "connects", 4, 4)
	o.want(t, "mismatches", 0, 0)
	o.want(t, "requests", 50, many)
}

// TestLost counts what was sent on connections that end.
func TestLost(t *testing.T) {
	for _, client := range []string{"echo", "frames", "file"} {
		t.Run(client, func(t *testing.T) {
			t.Parallel()
			addr, _ := serve(t, func(c *net.TCPConn, number int) {
				c.Read(make([]byte, 4096))
			})
			load := closed(2, 64, 3, 3)
			load["client"] = client
			o := playUntil(t, addr, labs.Spec{Load: load}, "lost", 12)
			o.want(t, "requests", 0, 0)
			o.want(t, "lost", o.value("sent")-o.value("inflight"), o.value("sent")-o.value("inflight"))
			o.want(t, "lost", 12, many)
			o.want(t, "errno.eof", o.value("lost")/3, o.value("lost")/3)
		})
	}
}

func TestNotLost(t *testing.T) {
	t.Parallel()
	addr, _ := serve(t, func(c *net.TCPConn, _ int) { swallow(c) })
	o := play(t, addr, labs.Spec{Load: closed(2, 64, 3, 3), Seconds: 0.3})
	o.want(t, "inflight", 6, 6)
	o.want(t, "lost", 0, 0) // that the run ends is nobody's loss
}
