package load

import (
	"bytes"
	"math/rand/v2"
)

// most is how many bytes one call reads or writes at most.
const most = 256 << 10

// period is after how many bytes the pattern repeats. It is prime, so that no
// number of lost buffers of a power of two, and no number of lost requests of
// one size, looks like no loss.
const period = 1<<20 - 3

// pattern is pseudo-random bytes, the first of them repeated at the end, so that
// any most bytes in a row are one slice.
type pattern []byte

func newPattern() pattern {
	p := make(pattern, period+most)
	rand.NewChaCha8([32]byte{}).Read(p[:period])
	copy(p[period:], p)
	return p
}

// at returns n bytes from place on; n is at most most.
func (p pattern) at(place int64, n int) []byte {
	i := int(place % period)
	return p[i : i+n]
}

// append adds n bytes from place on to dst.
func (p pattern) append(dst []byte, place int64, n int) []byte {
	for n > 0 {
		k := min(n, most)
		dst = append(dst, p.at(place, k)...)
		place, n = place+int64(k), n-k
	}
	return dst
}

// stream is what one connection sends and expects back: the same part of the
// pattern, which begins elsewhere for each connection and each time it is opened.
type stream struct {
	base      int64
	owed      int64 // bytes to send since the connection was opened
	sent, got int64 // of them
}

// begin starts a new stream for connection number c.
func (s *stream) begin(c int) {
	turn := s.base/period + 1 // of the same connection
	*s = stream{base: turn*period + (int64(c)*104729+turn*15485863)%period}
}

// rest returns the next bytes to send, as many as one call takes.
func (s *stream) rest(p pattern) []byte {
	return p.at(s.base+s.sent, int(min(s.owed-s.sent, most)))
}

// accept takes bytes that came back and says whether they are what was sent.
func (s *stream) accept(p pattern, data []byte) bool {
	ok := s.got+int64(len(data)) <= s.sent && bytes.Equal(data, p.at(s.base+s.got, len(data)))
	s.got += int64(len(data))
	return ok
}
