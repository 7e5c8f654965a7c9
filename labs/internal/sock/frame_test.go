package sock

import (
	"bytes"
	"testing"
)

func FuzzNextFrame(f *testing.F) {
	f.Add([]byte{0, 0, 0, 0}, 0)
	f.Add([]byte{0, 0, 0, 1, 'a', 0, 0}, 1)
	f.Add([]byte{0, 0, 1, 0, 'a'}, 16)
	f.Add([]byte{255, 255, 255, 255}, 1<<20)
	f.Fuzz(func(t *testing.T, data []byte, max int) {
		max &= 1<<24 - 1
		payload, n, err := NextFrame(data, max)
		if n > len(data) || len(payload) > max || err != nil && n > 0 {
			t.Fatalf("%d of %d bytes, a payload of %d with at most %d, %v", n, len(data), len(payload), max, err)
		}
		if n > 0 && !bytes.Equal(AppendFrame(nil, payload), data[:n]) {
			t.Errorf("%q does not become % x again", payload, data[:n])
		}
	})
}
