package load

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"slices"
	"strings"
	"testing"
)

var codecs = []codec{lengthCodec, delimiterCodec, tlvCodec}

func TestDecode(t *testing.T) {
	tlv := func(change func(f []byte)) string {
		f := tlvCodec.append(nil, []byte("hello"))
		change(f)
		return string(f)
	}
	for _, c := range []struct {
		why     string
		codec   codec
		data    string
		payload string
		n       int
		problem bool
		says    string
	}{
		{"half a length", lengthCodec, "\x00\x00\x00", "", 0, false, ""},
		{"half a payload", lengthCodec, "\x00\x00\x00\x05hell", "", 0, false, ""},
		{"one and a half", lengthCodec, "\x00\x00\x00\x05hello\x00", "hello", 9, false, ""},
		{"nothing in it", lengthCodec, "\x00\x00\x00\x00", "", 4, false, ""},
		{"longer than allowed, before it has come", lengthCodec, "\x00\x00\x00\x65", "", 0, false, "101 bytes"},
		{"longer than an int of 32 bits", lengthCodec, "\xff\xff\xff\xff", "", 0, false, "4294967295 bytes"},
		{"an error", lengthCodec, "\x00\x00\x00\x09error: no", "error: no", 13, true, ""},
		{"half a line", delimiterCodec, "hell", "", 0, false, ""},
		{"two lines", delimiterCodec, "hello\nworld\n", "hello", 6, false, ""},
		{"as long as allowed", delimiterCodec, strings.Repeat("a", 100) + "\n", strings.Repeat("a", 100), 101, false, ""},
		{"a line longer than allowed", delimiterCodec, strings.Repeat("a", 101), "", 0, false, "101 bytes"},
		{"an error", delimiterCodec, "error: no\n", "error: no", 10, true, ""},
		{"half a header", tlvCodec, tlv(func([]byte) {})[:9], "", 0, false, ""},
		{"half a payload", tlvCodec, tlv(func([]byte) {})[:14], "", 0, false, ""},
		{"whole", tlvCodec, tlv(func([]byte) {}) + "x", "hello", 15, false, ""},
		{"another version", tlvCodec, tlv(func(f []byte) { f[0] = 2 }), "", 0, false, "version 2"},
		{"an unknown type", tlvCodec, tlv(func(f []byte) { f[1] = 3 }), "", 0, false, "type 3"},
		{"one bit of the payload", tlvCodec, tlv(func(f []byte) { f[12] ^= 1 }), "", 0, false, "checksum"},
		{"one bit of the checksum", tlvCodec, tlv(func(f []byte) { f[7] ^= 1 }), "", 0, false, "checksum"},
		{"a type that the checksum denies", tlvCodec, tlv(func(f []byte) { f[1] = tlvError }), "", 0, false, "checksum"},
		{"longer than allowed, before it has come", tlvCodec, tlv(func(f []byte) { f[3] = 1 })[:10], "", 0, false, "65541 bytes"},
	} {
		t.Run(string(c.codec)+" "+c.why, func(t *testing.T) {
			f, n, err := c.codec.decode([]byte(c.data), 100)
			if c.says != "" {
				if err == nil || !strings.Contains(err.Error(), c.says) {
					t.Errorf("got %v: want %q in it", err, c.says)
				}
				return
			}
			if err != nil || string(f.payload) != c.payload || n != c.n || f.problem != c.problem {
				t.Errorf("%q, %d bytes, problem %v, %v", f.payload, n, f.problem, err)
			}
		})
	}
	if f, n, err := tlvCodec.decode(problemFrame(tlvCodec, "error: no"), 100); err != nil || n != 19 || !f.problem {
		t.Errorf("an error in TLV: %q, %d bytes, problem %v, %v", f.payload, n, f.problem, err)
	}
}

// problemFrame is a frame that tells of an error.
func problemFrame(c codec, text string) []byte {
	f := c.append(nil, []byte(text))
	if c == tlvCodec {
		f[1] = tlvError
		sum := append(slices.Clone(f[:tlvSummed]), text...)
		binary.BigEndian.PutUint32(f[tlvSummed:], crc32.Checksum(sum, castagnoli))
	}
	return f
}

// FuzzFrames: whatever a server sends is cut in the same way in whatever pieces
// it comes, no payload is longer than allowed, no more than that is kept, and
// what was decoded encodes to the bytes that came.
func FuzzFrames(f *testing.F) {
	for i, c := range codecs {
		f.Add(uint8(i), uint8(1), append(c.append(nil, []byte("hello")), c.append(nil, []byte(`{"id":0,"text":"x"}`))...))
		f.Add(uint8(i), uint8(7), problemFrame(c, "error: too long"))
	}
	f.Add(uint8(0), uint8(3), []byte{0xff, 0xff, 0xff, 0xff, 0})
	f.Fuzz(func(t *testing.T, which, step uint8, data []byte) {
		c, most := codecs[int(which)%len(codecs)], 1000
		cut := func(step int) (list []frame, err error) {
			var in inbox
			for rest := data; len(rest) > 0 && err == nil; {
				k := min(step, len(rest))
				err = in.each(rest[:k], func(data []byte) (int, error) {
					f, n, err := c.decode(data, most)
					if n > 0 {
						if len(f.payload) > most || n > len(data) {
							t.Errorf("%d bytes of payload, %d of %d decoded", len(f.payload), n, len(data))
						}
						if again := c.append(nil, f.payload); !f.problem && !bytes.Equal(again, data[:n]) {
							t.Errorf("%q was decoded and encodes to %q", data[:n], again)
						}
						f.payload = bytes.Clone(f.payload)
						list = append(list, f)
					}
					return n, err
				})
				rest = rest[k:]
				if len(in.data) > most+tlvHeader+step {
					t.Errorf("%d bytes are kept", len(in.data))
				}
			}
			return list, err
		}
		whole, err1 := cut(len(data) + 1)
		pieces, err2 := cut(int(step) + 1)
		if !slices.EqualFunc(whole, pieces, func(a, b frame) bool { return bytes.Equal(a.payload, b.payload) && a.problem == b.problem }) || (err1 == nil) != (err2 == nil) {
			t.Errorf("at once %d frames and %v, in pieces %d and %v", len(whole), err1, len(pieces), err2)
		}
	})
}

// FuzzAnswers is the same for the toy RPC.
func FuzzAnswers(f *testing.F) {
	f.Add(uint8(1), append(appendAnswer(nil, 1, statusOK, []byte("hello")), appendAnswer(nil, 2, statusBusy, []byte{0, 0, 0, 5})...))
	f.Add(uint8(0), appendAnswer(nil, 0, statusGoaway, nil))
	f.Add(uint8(9), appendAnswer(nil, 7, 9, []byte("what is that")))
	f.Add(uint8(200), []byte{0, 0, 0, 1, 0, 0, 0xff, 0xff, 0xff, 0xff})
	f.Fuzz(func(t *testing.T, step uint8, data []byte) {
		const most = 1000
		cut := func(step int) (list []byte, err error) {
			var in inbox
			for rest := data; len(rest) > 0 && err == nil; {
				k := min(step, len(rest))
				err = in.each(rest[:k], func(data []byte) (int, error) {
					a, n, err := decodeAnswer(data, most)
					if n > 0 {
						if len(a.payload) > most || n != answerHeader+len(a.payload) || a.status == statusGoaway && a.id != 0 || a.status == statusBusy && len(a.payload) != 4 {
							t.Errorf("%+v of %d bytes", a, n)
						}
						list = appendAnswer(list, a.id, a.status, a.payload)
					}
					return n, err
				})
				rest = rest[k:]
			}
			return list, err
		}
		whole, err1 := cut(len(data) + 1)
		pieces, err2 := cut(int(step) + 1)
		if !bytes.Equal(whole, pieces) || (err1 == nil) != (err2 == nil) || !bytes.HasPrefix(data, whole) {
			t.Errorf("at once %q and %v, in pieces %q and %v", whole, err1, pieces, err2)
		}
	})
}

// appendAnswer adds an answer to dst.
func appendAnswer(dst []byte, id uint32, s status, payload []byte) []byte {
	dst = binary.BigEndian.AppendUint32(dst, id)
	dst = binary.BigEndian.AppendUint16(dst, uint16(s))
	dst = binary.BigEndian.AppendUint32(dst, uint32(len(payload)))
	return append(dst, payload...)
}
