//go:build linux

package main

import (
	"bytes"
	"testing"

	"socketlabs/labs/internal/rpc"
)

// FuzzNext holds our protocol against package rpc, which the other labs use.
func FuzzNext(f *testing.F) {
	f.Add(rpc.AppendRequest(nil, rpc.Request{Method: rpc.Work, ID: 7, Budget: 1e9, Body: rpc.WorkBody(1e6)}))
	f.Add(rpc.AppendRequest(nil, rpc.Request{Method: rpc.Echo, ID: 1 << 31, Body: []byte("body")})[:9])
	f.Add(append(make([]byte, 12), 0xff, 0xff, 0xff, 0xff))
	f.Add([]byte("\x00\x01\x00\x01\x00\x00\x00\x09\x00\x00\x00\x00\x00\x10\x00\x01")) // one byte too long
	f.Fuzz(func(t *testing.T, data []byte) {
		got, n, err := next(data)
		want, wantN, wantErr := rpc.Next(data)
		if n != wantN || (err == nil) != (wantErr == nil) {
			t.Fatalf("%d bytes, %v; package rpc has %d, %v", n, err, wantN, wantErr)
		}
		if n > 0 && (got.method != uint16(want.Method) || got.id != want.ID || got.budget != want.Budget || !bytes.Equal(got.body, want.Body)) {
			t.Fatalf("%+v; package rpc has %+v", got, want)
		}
	})
}

func FuzzResponse(f *testing.F) {
	f.Add(uint32(1), uint16(3), []byte("body"))
	f.Fuzz(func(t *testing.T, id uint32, status uint16, body []byte) {
		if got, want := response(id, status, body), rpc.Append(nil, id, rpc.Status(status), body); !bytes.Equal(got, want) {
			t.Fatalf("% x; package rpc has % x", got, want)
		}
	})
}
