package telemetry

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
)

// histogramJSON is how a Histogram is written.
type histogramJSON struct {
	Count   uint64  `json:"count"`
	Sum     float64 `json:"sum"`
	Min     float64 `json:"min"`
	Max     float64 `json:"max"`
	Buckets counts  `json:"b"`
}

// counts are read by hand: they are most of a recording, and took half of the time
// of reading one.
type counts []uint64

func (c *counts) UnmarshalJSON(data []byte) error {
	*c = make(counts, 0, bytes.Count(data, []byte(","))+1)
	inside := bytes.TrimSuffix(bytes.TrimPrefix(data, []byte("[")), []byte("]"))
	if string(data) == "null" || len(bytes.TrimSpace(inside)) == 0 {
		return nil
	}
	for part := range bytes.SplitSeq(inside, []byte(",")) {
		n, err := strconv.ParseUint(string(bytes.TrimSpace(part)), 10, 64)
		if err != nil {
			return fmt.Errorf("telemetry: histogram: bucket: %w", err)
		}
		*c = append(*c, n)
	}
	return nil
}

func (h Histogram) MarshalJSON() ([]byte, error) {
	j := histogramJSON{h.Count, h.Sum, h.Min, h.Max, counts{}}
	last := -1
	for i, n := range h.n {
		if n > 0 {
			j.Buckets = append(j.Buckets, uint64(i-last), n)
			last = i
		}
	}
	return json.Marshal(j)
}

func (h *Histogram) UnmarshalJSON(data []byte) error {
	var j histogramJSON
	if err := json.Unmarshal(data, &j); err != nil {
		return err
	}
	return h.read(j)
}

// read takes what was written, if it can be.
func (h *Histogram) read(j histogramJSON) error {
	if len(j.Buckets)%2 != 0 {
		return errors.New("telemetry: histogram: odd number of bucket entries")
	}
	if !(0 <= j.Min && j.Min <= j.Max && 0 <= j.Sum) {
		return errors.New("telemetry: histogram: min, max and sum do not fit together")
	}
	*h = Histogram{Count: j.Count, Sum: j.Sum, Min: j.Min, Max: j.Max}
	if len(j.Buckets) == 0 {
		if j.Count != 0 {
			return errors.New("telemetry: histogram: count without buckets")
		}
		return nil
	}
	at, left := -1, j.Count
	for k := 0; k < len(j.Buckets); k += 2 {
		gap, n := j.Buckets[k], j.Buckets[k+1]
		if gap == 0 || gap > buckets || at+int(gap) >= buckets || n == 0 {
			return errors.New("telemetry: histogram: bucket out of range")
		}
		if n > left {
			return errNotTheCount
		}
		at += int(gap)
		left -= n
	}
	if left != 0 {
		return errNotTheCount
	}
	h.n = make([]uint64, at+1)
	at = -1
	for k := 0; k < len(j.Buckets); k += 2 {
		at += int(j.Buckets[k])
		h.n[at] = j.Buckets[k+1]
	}
	return nil
}

var errNotTheCount = errors.New("telemetry: histogram: buckets do not add up to the count")
