//go:build linux

package labtest

import (
	"encoding/binary"
	"slices"

	"socketlabs/labs/internal/rpc"
)

// Protocol is how a client asks a lab for the same bytes back, and what then
// comes. A message has a number, which tells it from its neighbours.
type Protocol struct {
	Ask, Answer func(number uint32, payload []byte) []byte
}

// Plain is a stream without messages: the bytes come back as they were sent.
func Plain() Protocol {
	same := func(_ uint32, payload []byte) []byte { return payload }
	return Protocol{Ask: same, Answer: same}
}

// Lengths is messages behind their length in four bytes, big-endian.
func Lengths() Protocol {
	frame := func(_ uint32, payload []byte) []byte {
		return append(binary.BigEndian.AppendUint32(nil, uint32(len(payload))), payload...)
	}
	return Protocol{Ask: frame, Answer: frame}
}

// Calls is the method echo of labs/internal/rpc.
func Calls() Protocol {
	return Protocol{
		Ask: func(number uint32, payload []byte) []byte { return Call(rpc.Echo, number, 0, payload) },
		Answer: func(number uint32, payload []byte) []byte {
			return rpc.Append(nil, number, rpc.OK, payload)
		},
	}
}

// Call is a request of labs/internal/rpc, with a budget in milliseconds, as a
// client writes it.
func Call(m rpc.Method, id, budget uint32, body []byte) []byte {
	out := binary.BigEndian.AppendUint16(nil, rpc.Version)
	out = binary.BigEndian.AppendUint16(out, uint16(m))
	out = binary.BigEndian.AppendUint32(out, id)
	out = binary.BigEndian.AppendUint32(out, budget)
	out = binary.BigEndian.AppendUint32(out, uint32(len(body)))
	return append(out, body...)
}

// message is the largest payload of one message.
const message = 32 << 10

// exchange is n bytes of payload as the lab's clients send them, and what comes
// back, in messages of at most size bytes.
func (s *Server) exchange(seed uint64, n, size int) (ask, answer []byte) {
	number := uint32(seed) << 16
	for payload := range slices.Chunk(Bytes(seed, n), size) {
		ask = append(ask, s.protocol.Ask(number, payload)...)
		answer = append(answer, s.protocol.Answer(number, payload)...)
		number++
	}
	return ask, answer
}
