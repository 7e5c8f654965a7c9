//go:build linux

package main

import (
	"encoding/binary"
	"errors"
	"time"
)

// The protocol: its integers are big-endian and written one by one. A C struct
// laid over the bytes would not do: {u32, u16, u32} is 10 bytes here, and 12 in
// memory.
//
//	request:  version u16, method u16, id u32, budget u32 (milliseconds left, 0: none), length u32, body
//	response: id u32, status u16, length u32, body
const (
	version        = 1
	requestHeader  = 16
	responseHeader = 10
	maxBody        = 1 << 20
)

const ( // methods
	echo = 1 // the body back
	work = 2 // the body begins with u32 microseconds of work; the body back
	add  = 3 // not idempotent: the body is u32, the answer the new total as u64
	name = 4 // a text about the server
)

const ( // statuses
	ok            = 0
	timeout       = 2 // too late, or not known: only what is idempotent may be sent again
	busy          = 3 // nothing was done; the body is u32 milliseconds until a retry makes sense
	badRequest    = 4
	unknownMethod = 5
)

// request is one call.
type request struct {
	method uint16
	id     uint32
	budget time.Duration // 0: none
	body   []byte
}

// next cuts the first request off data and returns how many bytes it takes; 0:
// the rest has not arrived.
func next(data []byte) (r request, n int, err error) {
	if len(data) < requestHeader {
		return r, 0, nil
	}
	if v := binary.BigEndian.Uint16(data); v != version {
		return r, 0, errors.New("this server speaks version 1")
	}
	r.method = binary.BigEndian.Uint16(data[2:])
	r.id = binary.BigEndian.Uint32(data[4:])
	r.budget = time.Duration(binary.BigEndian.Uint32(data[8:])) * time.Millisecond
	length := binary.BigEndian.Uint32(data[12:])
	if length > maxBody { // before anything is kept for it
		return r, 0, errors.New("a body has at most 1 MiB")
	}
	if n = requestHeader + int(length); len(data) < n {
		return r, 0, nil
	}
	r.body = data[requestHeader:n:n]
	return r, n, nil
}

// response is its bytes.
func response(id uint32, status uint16, body []byte) []byte {
	out := make([]byte, 0, responseHeader+len(body))
	out = binary.BigEndian.AppendUint32(out, id)
	out = binary.BigEndian.AppendUint16(out, status)
	out = binary.BigEndian.AppendUint32(out, uint32(len(body)))
	return append(out, body...)
}
