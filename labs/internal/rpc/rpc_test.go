package rpc

import (
	"bytes"
	"encoding/binary"
	"testing"
	"time"
)

// request builds one as a client does.
func request(m Method, id, budget uint32, body []byte) []byte {
	out := binary.BigEndian.AppendUint16(nil, Version)
	out = binary.BigEndian.AppendUint16(out, uint16(m))
	out = binary.BigEndian.AppendUint32(out, id)
	out = binary.BigEndian.AppendUint32(out, budget)
	out = binary.BigEndian.AppendUint32(out, uint32(len(body)))
	return append(out, body...)
}

func TestNext(t *testing.T) {
	whole := request(Work, 7, 250, []byte{0, 0, 0x27, 0x10, 'x'})
	for n := range len(whole) {
		if _, took, err := Next(whole[:n]); took != 0 || err != nil {
			t.Fatalf("%d of %d bytes: took %d, %v", n, len(whole), took, err)
		}
	}
	r, n, err := Next(append(whole, 1, 2, 3))
	if err != nil || n != len(whole) || r.Method != Work || r.ID != 7 || r.Budget != 250*time.Millisecond || string(r.Body[4:]) != "x" {
		t.Errorf("%+v, %d bytes, %v", r, n, err)
	}
	if d := WorkTime(r.Body); d != 10*time.Millisecond {
		t.Errorf("work of %s", d)
	}
	long := request(Echo, 1, 0, nil)
	binary.BigEndian.PutUint32(long[12:], MaxBody+1)
	if _, _, err := Next(long); err == nil {
		t.Error("a body beyond the cap is taken")
	}
	if _, _, err := Next(make([]byte, RequestHeader)); err == nil {
		t.Error("version 0 is taken")
	}
}

func TestAppend(t *testing.T) {
	got := AppendBusy([]byte("before"), 0x01020304, 1500*time.Millisecond)
	if want := append([]byte("before"), 1, 2, 3, 4, 0, 3, 0, 0, 0, 4, 0, 0, 0x05, 0xdc); !bytes.Equal(got, want) {
		t.Errorf("% x, want % x", got, want)
	}
}

func TestClient(t *testing.T) {
	r := Request{Method: Add, ID: 1 << 30, Budget: 1500 * time.Microsecond, Body: []byte("body")}
	if got := AppendRequest(nil, r); !bytes.Equal(got, request(Add, 1<<30, 2, []byte("body"))) {
		t.Errorf("% x", got)
	}
	both := AppendBusy(Append(nil, 9, OK, []byte("answer")), 10, time.Second)
	for cut := range both {
		for at := 0; at < cut; {
			_, n := NextResponse(both[at:cut])
			if n == 0 {
				break
			}
			at += n
		}
	}
	a, n := NextResponse(both)
	b, rest := NextResponse(both[n:])
	if a.ID != 9 || a.Status != OK || string(a.Body) != "answer" || b.ID != 10 || b.Status != Busy || n+rest != len(both) {
		t.Errorf("%+v, %+v, %d of %d bytes", a, b, n+rest, len(both))
	}
	if d := WorkTime(WorkBody(20 * time.Millisecond)); d != 20*time.Millisecond {
		t.Errorf("work of %s", d)
	}
}

func FuzzNext(f *testing.F) {
	f.Add(request(Echo, 1, 0, []byte("body")))
	f.Add(request(Add, 1<<31, 1, nil)[:9])
	f.Fuzz(func(t *testing.T, data []byte) {
		r, n, err := Next(data)
		if n < 0 || n > len(data) || err != nil && n != 0 || n > 0 && len(r.Body) != n-RequestHeader {
			t.Fatalf("%d of %d bytes, a body of %d, %v", n, len(data), len(r.Body), err)
		}
		WorkTime(r.Body)
	})
}
