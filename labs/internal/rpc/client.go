package rpc

import (
	"encoding/binary"
	"io"
	"time"
)

// Response is how a call ended. Body is a part of the bytes it was cut from.
type Response struct {
	ID     uint32
	Status Status
	Body   []byte
}

// AppendRequest appends a request to out; its budget is in whole milliseconds,
// rounded up.
func AppendRequest(out []byte, r Request) []byte {
	out = binary.BigEndian.AppendUint16(out, Version)
	out = binary.BigEndian.AppendUint16(out, uint16(r.Method))
	out = binary.BigEndian.AppendUint32(out, r.ID)
	out = binary.BigEndian.AppendUint32(out, uint32((r.Budget+time.Millisecond-1)/time.Millisecond))
	out = binary.BigEndian.AppendUint32(out, uint32(len(r.Body)))
	return append(out, r.Body...)
}

// NextResponse cuts the first response off data and returns how many bytes it
// takes; 0 bytes: the rest has not arrived. It trusts the server's length.
func NextResponse(data []byte) (r Response, n int) {
	if len(data) < ResponseHeader {
		return Response{}, 0
	}
	length := binary.BigEndian.Uint32(data[6:])
	if uint64(len(data)) < ResponseHeader+uint64(length) {
		return Response{}, 0
	}
	n = ResponseHeader + int(length)
	return Response{
		ID:     binary.BigEndian.Uint32(data),
		Status: Status(binary.BigEndian.Uint16(data[4:])),
		Body:   data[ResponseHeader:n:n],
	}, n
}

// WorkBody is the body of a Work call of that long.
func WorkBody(d time.Duration) []byte {
	return binary.BigEndian.AppendUint32(nil, uint32(d.Microseconds()))
}

// Client is a connection to a server, for the tests of one.
type Client struct {
	io.ReadWriter
	in []byte
}

// Send writes calls, all at once.
func (c *Client) Send(calls ...Request) error {
	var out []byte
	for _, r := range calls {
		out = AppendRequest(out, r)
	}
	_, err := c.Write(out)
	return err
}

// Receive reads the next response.
func (c *Client) Receive() (Response, error) {
	for buf := make([]byte, 64<<10); ; {
		if r, n := NextResponse(c.in); n > 0 {
			c.in = c.in[n:]
			return r, nil
		}
		n, err := c.Read(buf)
		if n == 0 && err != nil {
			return Response{}, err
		}
		c.in = append(c.in, buf[:n]...)
	}
}
