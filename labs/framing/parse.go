package main

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"slices"
	"strconv"
	"unicode/utf8"
)

// What is wrong with a frame. After any of these the stream can not be read on:
// where the next frame begins is not known, or not to be believed.
var (
	errTooLarge  = errors.New("too large")
	errMalformed = errors.New("malformed")
	errChecksum  = errors.New("bad checksum")
	errBomb      = errors.New("inflates too much")
)

// codec is one way to say where a frame ends.
type codec struct {
	// next looks at the first frame of data, of which the first seen bytes were
	// looked at before. size is the whole frame's, 0 as long as it is not known;
	// payload, a part of data, is set once all of it has arrived. Nothing is
	// allocated, and a payload of more than max bytes is refused as soon as its
	// length is known.
	next func(data []byte, seen, max int) (payload []byte, size int, err error)
	// wrap appends the error frame that says text.
	wrap func(out []byte, text string) []byte
}

var codecs = map[string]codec{
	"length":    {nextLength, wrapLength},
	"delimiter": {nextDelimiter, wrapDelimiter},
	"tlv":       {nextTLV, wrapTLV},
}

// A frame is its length in 4 bytes, big-endian, and its payload.
const lengthHeader = 4

func nextLength(data []byte, _, max int) (payload []byte, size int, err error) {
	if len(data) < lengthHeader {
		return nil, 0, nil
	}
	length := binary.BigEndian.Uint32(data)
	if uint64(length) > uint64(max) {
		return nil, 0, fmt.Errorf("%w: %d bytes, at most %d", errTooLarge, length, max)
	}
	size = lengthHeader + int(length)
	if len(data) >= size {
		payload = data[lengthHeader:size]
	}
	return payload, size, nil
}

func wrapLength(out []byte, text string) []byte {
	out = binary.BigEndian.AppendUint32(out, uint32(len(text)))
	return append(out, text...)
}

// A frame is a line. Its payload has no end of line, or would need escaping.
func nextDelimiter(data []byte, seen, max int) (payload []byte, size int, err error) {
	end := bytes.IndexByte(data[seen:], '\n')
	if seen+end > max || end < 0 && len(data) > max {
		return nil, 0, fmt.Errorf("%w: no end of line in %d bytes", errTooLarge, max)
	}
	if end < 0 {
		return nil, 0, nil
	}
	return data[:seen+end], seen + end + 1, nil
}

func wrapDelimiter(out []byte, text string) []byte { return append(append(out, text...), '\n') }

// A frame is version u8, type u8, length u32, checksum u32, and its payload. The
// checksum is CRC32C (RFC 3385) of the 6 bytes before it and of the payload.
const (
	tlvHeader  = 10
	tlvSum     = 6 // where the checksum stands
	tlvVersion = 1
	typeData   = 1
	typeError  = 127
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func nextTLV(data []byte, _, max int) (payload []byte, size int, err error) {
	if len(data) < tlvHeader {
		return nil, 0, nil
	}
	length := binary.BigEndian.Uint32(data[2:])
	switch {
	case data[0] != tlvVersion:
		return nil, 0, fmt.Errorf("%w: version %d, want %d", errMalformed, data[0], tlvVersion)
	case data[1] != typeData:
		return nil, 0, fmt.Errorf("%w: type %d, want %d", errMalformed, data[1], typeData)
	case uint64(length) > uint64(max):
		return nil, 0, fmt.Errorf("%w: %d bytes, at most %d", errTooLarge, length, max)
	}
	size = tlvHeader + int(length)
	if len(data) < size {
		return nil, size, nil
	}
	payload = data[tlvHeader:size]
	if sum := checksum(data[:tlvSum], payload); sum != binary.BigEndian.Uint32(data[tlvSum:]) {
		return nil, 0, fmt.Errorf("%w: %08x", errChecksum, sum)
	}
	return payload, size, nil
}

func wrapTLV(out []byte, text string) []byte {
	header := binary.BigEndian.AppendUint32([]byte{tlvVersion, typeError}, uint32(len(text)))
	out = binary.BigEndian.AppendUint32(append(out, header...), checksum(header, []byte(text)))
	return append(out, text...)
}

func checksum(header, payload []byte) uint32 {
	return crc32.Update(crc32.Checksum(header, castagnoli), castagnoli, payload)
}

// inflater inflates one payload after the other into the same memory.
type inflater struct {
	from bytes.Reader
	r    io.ReadCloser
	text []byte
}

// inflate returns what a raw deflate payload holds (RFC 1951), valid until the
// next call. It goes no further than most bytes, and ratio times the payload.
func (f *inflater) inflate(payload []byte, ratio, most int) (text []byte, err error) {
	most = min(most, ratio*len(payload))
	f.from.Reset(payload)
	if f.r == nil {
		f.r = flate.NewReader(&f.from)
	} else if err := f.r.(flate.Resetter).Reset(&f.from, nil); err != nil {
		return nil, err
	}
	f.text = f.text[:0]
	for err == nil {
		f.text = slices.Grow(f.text, min(max(len(f.text), 4096), most+1-len(f.text)))
		var n int
		n, err = f.r.Read(f.text[len(f.text):min(cap(f.text), most+1)])
		if f.text = f.text[:len(f.text)+n]; len(f.text) > most {
			return f.text, fmt.Errorf("%w: %d bytes hold more than %d", errBomb, len(payload), most)
		}
	}
	if err != io.EOF || f.from.Len() > 0 {
		return f.text, fmt.Errorf("%w: no raw deflate", errMalformed)
	}
	return f.text, nil
}

// schema requires {"id":N,"text":"…"}: these two keys, once each, and no other; N
// is a whole number from 0. Nothing nested is followed.
func schema(text []byte) error {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	if first, _ := d.Token(); first != json.Delim('{') || !utf8.Valid(text) {
		return fmt.Errorf("%w: no JSON object", errMalformed)
	}
	seen := map[any]bool{}
	for d.More() {
		key, _ := d.Token()
		value, err := d.Token()
		if number, ok := value.(json.Number); ok && key == "id" {
			_, err = strconv.ParseUint(number.String(), 10, 64)
		} else if _, ok := value.(string); !ok || key != "text" {
			err = errMalformed
		}
		if err != nil || seen[key] {
			return fmt.Errorf("%w: want an object of id, a whole number, and text", errMalformed)
		}
		seen[key] = true
	}
	_, end := d.Token()
	if _, rest := d.Token(); end != nil || rest != io.EOF || len(seen) != 2 {
		return fmt.Errorf("%w: want an object of id and text, and nothing else", errMalformed)
	}
	return nil
}
