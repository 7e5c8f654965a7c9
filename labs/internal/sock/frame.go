package sock

import (
	"encoding/binary"
	"fmt"
)

// FrameHeader is how many bytes of length stand before a frame's payload, big-endian.
const FrameHeader = 4

// NextFrame cuts the first frame off data and returns its payload, a part of
// data, and how many bytes it takes; 0 bytes and no error: the rest has not
// arrived. A payload of more than max bytes is refused by its header, and the
// stream can not be read on.
func NextFrame(data []byte, max int) (payload []byte, n int, err error) {
	if len(data) < FrameHeader {
		return nil, 0, nil
	}
	length := binary.BigEndian.Uint32(data)
	if uint64(length) > uint64(max) {
		return nil, 0, fmt.Errorf("too large: %d bytes, at most %d", length, max)
	}
	n = FrameHeader + int(length)
	if len(data) < n {
		return nil, 0, nil
	}
	return data[FrameHeader:n:n], n, nil
}

// AppendFrame appends payload as a frame.
func AppendFrame(out, payload []byte) []byte {
	out = binary.BigEndian.AppendUint32(out, uint32(len(payload)))
	return append(out, payload...)
}
