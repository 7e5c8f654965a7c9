// Package rpc is a toy protocol for the labs whose lesson is not the protocol:
// many calls on one connection, answers in any order, each with a status that
// says what a client may do next. Integers are big-endian, written field by field.
//
//	request:  version u16 = 1, method u16, id u32, budget u32 (milliseconds left, 0: none), length u32, body
//	response: id u32, status u16, length u32, body
package rpc

import (
	"encoding/binary"
	"fmt"
	"time"
)

// Version is the only one.
const Version = 1

// Sizes in bytes. MaxBody bounds the body of a request: it is checked before
// anything is allocated.
const (
	RequestHeader  = 16
	ResponseHeader = 10
	MaxBody        = 1 << 20
)

// Method says what a call asks for.
type Method uint16

const (
	Echo Method = 1 // the body back
	Work Method = 2 // the body begins with u32 microseconds of work; the body back
	Add  Method = 3 // not idempotent: the body is u32, the answer the new total as u64
	Name Method = 4 // a text about the server
)

// Status is how a call ended.
type Status uint16

const (
	OK            Status = 0
	Failed        Status = 1
	Timeout       Status = 2 // its budget ran out
	Busy          Status = 3 // refused before any work; the body is u32 milliseconds until a retry makes sense
	BadRequest    Status = 4
	UnknownMethod Status = 5
	GoAway        Status = 6 // id 0: no new calls on this connection; those in flight are answered
)

// Request is one call. Body is a part of the bytes it was cut from.
type Request struct {
	Method Method
	ID     uint32
	Budget time.Duration // 0: none
	Body   []byte
}

// Next cuts the first request off data and returns how many bytes it takes;
// 0 bytes and no error: the rest has not arrived. After an error the stream can
// not be read on.
func Next(data []byte) (r Request, n int, err error) {
	if len(data) < RequestHeader {
		return Request{}, 0, nil
	}
	if v := binary.BigEndian.Uint16(data); v != Version {
		return Request{}, 0, fmt.Errorf("rpc: version %d", v)
	}
	length := binary.BigEndian.Uint32(data[12:])
	if length > MaxBody {
		return Request{}, 0, fmt.Errorf("rpc: a body of %d bytes, at most %d", length, MaxBody)
	}
	n = RequestHeader + int(length)
	if len(data) < n {
		return Request{}, 0, nil
	}
	return Request{
		Method: Method(binary.BigEndian.Uint16(data[2:])),
		ID:     binary.BigEndian.Uint32(data[4:]),
		Budget: time.Duration(binary.BigEndian.Uint32(data[8:])) * time.Millisecond,
		Body:   data[RequestHeader:n:n],
	}, n, nil
}

// Append appends a response to out.
func Append(out []byte, id uint32, s Status, body []byte) []byte {
	out = binary.BigEndian.AppendUint32(out, id)
	out = binary.BigEndian.AppendUint16(out, uint16(s))
	out = binary.BigEndian.AppendUint32(out, uint32(len(body)))
	return append(out, body...)
}

// AppendBusy appends the refusal of a call.
func AppendBusy(out []byte, id uint32, retryAfter time.Duration) []byte {
	return Append(out, id, Busy, binary.BigEndian.AppendUint32(nil, uint32(retryAfter.Milliseconds())))
}

// WorkTime is the work that the body of a Work call asks for, at most a second.
func WorkTime(body []byte) time.Duration {
	if len(body) < 4 {
		return 0
	}
	return min(time.Duration(binary.BigEndian.Uint32(body))*time.Microsecond, time.Second)
}
