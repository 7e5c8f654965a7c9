package runner

import (
	"encoding/json"
	"math"
	"time"

	"socketlabs/labs/telemetry"
)

// frame is what was appended to a stream at once: one tick's events.
type frame struct {
	from, to uint64 // sequence numbers, inclusive
	at       time.Time
	json     []byte // an array of events
	ends     []int  // where each event ends in json
	spare    []bool // which events a slow reader can do without
	thin     int    // bytes of those that it cannot
}

// newFrame numbers events from seq on and encodes them.
func newFrame(seq uint64, events []telemetry.Event) *frame {
	f := &frame{from: seq, to: seq + uint64(len(events)) - 1, at: time.Now(), json: []byte{'['}}
	for i := range events {
		events[i].Seq = seq + uint64(i)
		text := encode(events[i])
		f.json = append(f.json, text...)
		f.ends = append(f.ends, len(f.json))
		f.json = append(f.json, ',')
		f.spare = append(f.spare, spare(events[i].Kind))
		if !spare(events[i].Kind) {
			f.thin += len(text) + 1
		}
	}
	f.json[len(f.json)-1] = ']'
	return f
}

// encode writes an event as JSON. Numbers that JSON does not have are left out.
func encode(e telemetry.Event) []byte {
	e.Values = finite(e.Values)
	if e.BlockEnd != nil {
		end := *e.BlockEnd
		end.Metrics, end.Watched = finite(end.Metrics), finite(end.Watched)
		e.BlockEnd = &end
	}
	if e.End != nil {
		end := *e.End
		end.Metrics = finite(end.Metrics)
		e.End = &end
	}
	text, err := json.Marshal(e)
	if err != nil { // a value of an any that is no JSON; the sequence must stay dense
		text, _ = json.Marshal(telemetry.Event{Seq: e.Seq, T: e.T, Kind: telemetry.KindLog, From: telemetry.FromRunner,
			Level: "error", Text: "encode " + string(e.Kind) + ": " + err.Error()})
	}
	return text
}

// finite returns values without NaN and infinities: values itself when it has none.
func finite(values map[string]float64) map[string]float64 {
	good := 0
	for _, v := range values {
		if !math.IsNaN(v) && !math.IsInf(v, 0) {
			good++
		}
	}
	if good == len(values) {
		return values
	}
	out := make(map[string]float64, good)
	for k, v := range values {
		if !math.IsNaN(v) && !math.IsInf(v, 0) {
			out[k] = v
		}
	}
	return out
}

// event returns the k-th event's text.
func (f *frame) event(k int) []byte {
	start := 1
	if k > 0 {
		start = f.ends[k-1] + 1
	}
	return f.json[start:f.ends[k]]
}

// size returns the bytes that the frame adds to a batch.
func (f *frame) size(thin bool) int {
	if thin {
		return f.thin
	}
	return len(f.json)
}

// lines returns the frame as a recording has it: one event to a line.
func (f *frame) lines() []byte {
	text := append([]byte(nil), f.json[1:]...)
	for _, end := range f.ends {
		text[end-1] = '\n'
	}
	return text
}
