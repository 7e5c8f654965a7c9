//go:build linux

package main

import (
	"bytes"
	"math/rand/v2"
	"testing"
)

// The ring against a queue that only grows: what goes in comes out, in order,
// across the seam wherever that lies.
func TestRing(t *testing.T) {
	*bufSize = 64
	var r ring
	var want []byte
	random := rand.New(rand.NewPCG(1, 2))
	seams := 0
	for i := range 100_000 {
		if room := buffers**bufSize - r.n; random.IntN(2) == 0 && room > 0 {
			data := make([]byte, 1+random.IntN(room))
			for j := range data {
				data[j] = byte(i + j)
			}
			r.put(data)
			want = append(want, data...)
		} else if r.n > 0 {
			chunk := r.first()
			if len(chunk) < r.n {
				seams++
			}
			n := 1 + random.IntN(len(chunk))
			if !bytes.Equal(chunk[:n], want[:n]) {
				t.Fatalf("step %d: wrong bytes", i)
			}
			r.drop(n)
			want = want[n:]
		}
		if r.n != len(want) || int(m.Pending.Value()) != r.n {
			t.Fatalf("step %d: %d bytes, pending %d; want %d", i, r.n, m.Pending.Value(), len(want))
		}
		if (r.buf == nil) != (r.n == 0) {
			t.Fatalf("step %d: %d bytes and memory %t", i, r.n, r.buf != nil)
		}
	}
	if seams < 1000 {
		t.Errorf("only %d times across the seam: this shows little", seams)
	}
	for r.n > 0 {
		r.drop(len(r.first()))
	}
	if n := m.Allocs.Value(); n != 1 {
		t.Errorf("%d buffers for one ring", n)
	}
}
