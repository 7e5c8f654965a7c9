package load

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
)

// codec says where a frame ends, and so what a server sends is cut into frames.
type codec string

const (
	lengthCodec    codec = "length"    // 4 bytes of length, big-endian, and the payload
	delimiterCodec codec = "delimiter" // the payload and '\n', which it must not contain
	tlvCodec       codec = "tlv"       // a header of 10 bytes and the payload
)

// The header of a TLV frame, big-endian: version, type, length of the payload in
// four bytes, and in four bytes CRC-32C of these six and the payload.
const (
	tlvHeader  = 10
	tlvSummed  = 6 // bytes of the header under the checksum
	tlvVersion = 1
	tlvData    = 1
	tlvError   = 127
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// errorPrefix begins the payload of a frame that tells of an error.
var errorPrefix = []byte("error: ")

// append adds a frame of data to dst.
func (c codec) append(dst, payload []byte) []byte {
	switch c {
	case delimiterCodec:
		return append(append(dst, payload...), '\n')
	case tlvCodec:
		from := len(dst)
		dst = append(dst, tlvVersion, tlvData)
		dst = binary.BigEndian.AppendUint32(dst, uint32(len(payload)))
		sum := crc32.Update(crc32.Checksum(dst[from:], castagnoli), castagnoli, payload)
		return append(binary.BigEndian.AppendUint32(dst, sum), payload...)
	}
	return append(binary.BigEndian.AppendUint32(dst, uint32(len(payload))), payload...)
}

// frame is one frame of the server's.
type frame struct {
	payload []byte // part of what was decoded
	problem bool   // it tells of an error
}

// decode returns the first frame of data and its length in all; 0 means that
// more must come. A payload longer than most is an error, before it has come.
func (c codec) decode(data []byte, most int) (f frame, n int, err error) {
	switch c {
	case delimiterCodec:
		f, n, err = decodeLine(data, most)
	case tlvCodec:
		f, n, err = decodeTLV(data, most)
	default:
		f, n, err = decodeLength(data, most)
	}
	if c != tlvCodec {
		f.problem = bytes.HasPrefix(f.payload, errorPrefix)
	}
	return f, n, err
}

func decodeLine(data []byte, most int) (frame, int, error) {
	i := bytes.IndexByte(data[:min(len(data), most+1)], '\n')
	switch {
	case i >= 0:
		return frame{payload: data[:i]}, i + 1, nil
	case len(data) > most:
		return frame{}, 0, tooLong(len(data), most)
	}
	return frame{}, 0, nil
}

func decodeLength(data []byte, most int) (frame, int, error) {
	if len(data) < 4 {
		return frame{}, 0, nil
	}
	n := int(binary.BigEndian.Uint32(data))
	switch {
	case n > most:
		return frame{}, 0, tooLong(n, most)
	case len(data) < 4+n:
		return frame{}, 0, nil
	}
	return frame{payload: data[4 : 4+n]}, 4 + n, nil
}

func decodeTLV(data []byte, most int) (frame, int, error) {
	if len(data) < tlvHeader {
		return frame{}, 0, nil
	}
	n := int(binary.BigEndian.Uint32(data[2:]))
	switch version, kind := data[0], data[1]; {
	case version != tlvVersion:
		return frame{}, 0, fmt.Errorf("a frame of version %d came", version)
	case kind != tlvData && kind != tlvError:
		return frame{}, 0, fmt.Errorf("a frame of type %d came", kind)
	case n > most:
		return frame{}, 0, tooLong(n, most)
	case len(data) < tlvHeader+n:
		return frame{}, 0, nil
	}
	payload := data[tlvHeader : tlvHeader+n]
	sum := crc32.Update(crc32.Checksum(data[:tlvSummed], castagnoli), castagnoli, payload)
	if sum != binary.BigEndian.Uint32(data[tlvSummed:]) {
		return frame{}, 0, errors.New("a frame with a wrong checksum came")
	}
	return frame{payload: payload, problem: data[1] == tlvError}, tlvHeader + n, nil
}

func tooLong(n, most int) error {
	return fmt.Errorf("a frame of %d bytes came: %d are the most that was asked for", n, most)
}

// inbox puts together what comes in pieces.
type inbox struct {
	data []byte // came, and is no whole piece
}

// each cuts data, after what is left of earlier data, into pieces. decode returns
// the length of the first, after which it was dealt with; 0 means that more must come.
func (b *inbox) each(data []byte, decode func([]byte) (int, error)) error {
	if len(b.data) > 0 {
		b.data = append(b.data, data...)
		data = b.data
	}
	for len(data) > 0 {
		n, err := decode(data)
		if err != nil {
			return err
		}
		if n == 0 {
			break
		}
		data = data[n:]
	}
	b.data = append(b.data[:0], data...)
	return nil
}
