//go:build linux

package load

import (
	"bytes"
	"encoding/binary"
	"errors"
	"time"

	"golang.org/x/sys/unix"
)

// file asks for the first bytes of the server's file. A request is how many, in
// eight bytes, big-endian; the answer is nothing but them.
type file struct {
	inOrder
	out bytes.Buffer
	got int // bytes of the answer that comes
}

func newFile(c *client) *file {
	f := &file{inOrder: newInOrder(c)}
	if !c.crowd.verify { // tcp(7): the kernel drops what it would have copied
		c.recvFlags = unix.MSG_TRUNC
	}
	return f
}

// fileBytes returns the first n bytes of the file: word i is i+1 times the
// golden ratio's bits, so that no two words are the same.
func fileBytes(n int) []byte {
	b := make([]byte, 0, n+7)
	for i := uint64(1); len(b) < n; i++ {
		b = binary.LittleEndian.AppendUint64(b, i*0x9E3779B97F4A7C15)
	}
	return b[:n]
}

func (f *file) begin() {
	f.out.Reset()
	f.got = 0
}

func (f *file) ask(due, now time.Duration) {
	for range f.client.crowd.burst {
		f.out.Write(binary.BigEndian.AppendUint64(nil, uint64(f.client.crowd.size)))
	}
	f.inOrder.ask(due, now)
}

func (f *file) rest() []byte { return f.out.Bytes() }

func (f *file) wrote(n int) { f.out.Next(n) }

func (f *file) take(data []byte) error {
	w := f.client.crowd
	for len(data) > 0 {
		if f.waiting == 0 {
			return errors.New("bytes came that nobody asked for")
		}
		n := min(len(data), w.size-f.got)
		if w.verify && !bytes.Equal(data[:n], w.file[f.got:f.got+n]) {
			return errors.New("the answer's bytes are not the file's")
		}
		data = data[n:]
		if f.got += n; f.got == w.size {
			f.got = 0
			f.settle(1, true)
		}
	}
	return nil
}
