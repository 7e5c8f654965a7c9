package load

import (
	"encoding/binary"
	"fmt"
)

// method is what a call of the toy RPC asks for.
type method uint16

const (
	echoMethod method = 1 // the payload back
	workMethod method = 2 // the same, after as many microseconds as its first four bytes say
	addMethod  method = 3 // adds its first four bytes and answers with the total in eight: not idempotent
	nameMethod method = 4 // a text
)

var methods = map[string]method{"echo": echoMethod, "work": workMethod, "add": addMethod, "name": nameMethod}

// status is what became of a call.
type status uint16

const (
	statusOK status = iota
	statusError
	statusTimeout // the budget ran out
	statusBusy    // the payload is in how many milliseconds to ask again
	statusBadRequest
	statusUnknownMethod
	statusGoaway // no call's: send no more on this connection
)

// Headers, big-endian. Of a request: version, method, id, budget in milliseconds
// (0: none), length of the payload; of an answer: id, status, length.
const (
	callVersion  = 1
	callHeader   = 16
	answerHeader = 10
)

// appendCall adds the header of a call to dst.
func appendCall(dst []byte, m method, id, budget uint32, length int) []byte {
	dst = binary.BigEndian.AppendUint16(dst, callVersion)
	dst = binary.BigEndian.AppendUint16(dst, uint16(m))
	dst = binary.BigEndian.AppendUint32(dst, id)
	dst = binary.BigEndian.AppendUint32(dst, budget)
	return binary.BigEndian.AppendUint32(dst, uint32(length))
}

// answer is one answer of the server's.
type answer struct {
	id      uint32
	status  status
	payload []byte // part of what was decoded
}

// decodeAnswer returns the first answer of data and its length in all; 0 means
// that more must come. A payload longer than most is an error, before it has come.
func decodeAnswer(data []byte, most int) (a answer, n int, err error) {
	if len(data) < answerHeader {
		return answer{}, 0, nil
	}
	a.id = binary.BigEndian.Uint32(data)
	a.status = status(binary.BigEndian.Uint16(data[4:]))
	length := int(binary.BigEndian.Uint32(data[6:]))
	switch {
	case a.status > statusGoaway:
		return answer{}, 0, fmt.Errorf("an answer of status %d came", a.status)
	case a.status == statusGoaway && a.id != 0:
		return answer{}, 0, fmt.Errorf("a goaway with the id %d came", a.id)
	case a.status == statusBusy && length != 4:
		return answer{}, 0, fmt.Errorf("a busy answer of %d bytes came: it has the 4 that say when to ask again", length)
	case length > most:
		return answer{}, 0, tooLong(length, most)
	case len(data) < answerHeader+length:
		return answer{}, 0, nil
	}
	a.payload = data[answerHeader : answerHeader+length]
	return a, answerHeader + length, nil
}
