package telemetry

import (
	"bytes"
	"encoding/json"
	"strconv"
)

// Decoder decodes events, each a line of a recording, as json.Unmarshal does. Samples
// are most of a recording; those that are written as we write them (the fields in
// Event's order, no spaces, nothing escaped) it reads itself, many times as fast, and
// leaves every other line to encoding/json. The zero value is ready. It has one owner.
type Decoder struct {
	// Wants says of which metrics the values of samples are wanted; nil: of all. Others
	// may be left out, and what stands there is not checked.
	Wants func(metric string) bool

	names   map[string]name // each is kept once
	buckets counts          // of the histogram that is being read
}

// name is one of a metric or of a source.
type name struct {
	text   string
	wanted bool
}

// Decode puts the event of a line into e, which is empty. It keeps nothing of line.
func (d *Decoder) Decode(line []byte, e *Event) error {
	if d.sample(line, e) {
		return nil
	}
	*e = Event{}
	return json.Unmarshal(line, e)
}

// sample reads a line that is a sample as we write them, or leaves e half filled.
func (d *Decoder) sample(line []byte, e *Event) bool {
	s := scanner{rest: line}
	if !s.take(`{`) {
		return false
	}
	if s.take(`"seq":`) && !(s.whole(&e.Seq) && s.take(`,`)) {
		return false
	}
	if !(s.take(`"t":`) && s.number(&e.T) && s.take(`,"kind":"sample"`)) {
		return false
	}
	e.Kind = KindSample
	if s.take(`,"from":`) {
		from, ok := d.name(&s)
		if !ok {
			return false
		}
		e.From = from.text
	}
	if s.take(`,"block":`) {
		var n uint64
		if !s.whole(&n) || n > maxBlock {
			return false
		}
		e.Block = int(n)
	}
	if s.take(`,"values":{`) {
		size := 0
		if d.Wants == nil {
			size = bytes.Count(s.rest, []byte(`:`))
		}
		e.Values = make(map[string]float64, size)
		if !d.members(&s, func(name string) bool {
			var v float64
			ok := s.number(&v)
			e.Values[name] = v
			return ok
		}) {
			return false
		}
	}
	if s.take(`,"hists":{`) {
		e.Hists = map[string]Histogram{}
		if !d.members(&s, func(name string) bool {
			var h Histogram
			ok := d.histogram(&s, &h)
			e.Hists[name] = h
			return ok
		}) {
			return false
		}
	}
	return s.take(`}`) && len(s.rest) == 0
}

// maxBlock is beyond what any recording has.
const maxBlock = 1 << 20

// members reads the rest of an object, whose values value reads where they are wanted.
func (d *Decoder) members(s *scanner, value func(name string) bool) bool {
	if s.take(`}`) {
		return true
	}
	for {
		name, ok := d.name(s)
		if !ok || !s.take(`:`) || !(name.wanted && value(name.text) || !name.wanted && s.pass()) {
			return false
		}
		if s.take(`}`) {
			return true
		}
		if !s.take(`,`) {
			return false
		}
	}
}

// name reads a text of letters and signs of ASCII without an escape.
func (d *Decoder) name(s *scanner) (known name, ok bool) {
	if !s.take(`"`) {
		return name{}, false
	}
	end := bytes.IndexByte(s.rest, '"')
	if end < 0 {
		return name{}, false
	}
	text := s.rest[:end]
	s.rest = s.rest[end+1:]
	if known, ok = d.names[string(text)]; ok {
		return known, true
	}
	for _, c := range text {
		if c < ' ' || c > '~' || c == '\\' {
			return name{}, false
		}
	}
	if d.names == nil {
		d.names = map[string]name{}
	}
	known = name{text: string(text)}
	known.wanted = d.Wants == nil || d.Wants(known.text)
	d.names[known.text] = known
	return known, true
}

// scanner reads JSON without spaces from the front of rest. What it can not read it
// leaves half read.
type scanner struct{ rest []byte }

func (s *scanner) take(text string) bool {
	if len(s.rest) < len(text) || string(s.rest[:len(text)]) != text {
		return false
	}
	s.rest = s.rest[len(text):]
	return true
}

// pass leaves out a number, or a histogram as we write it.
func (s *scanner) pass() bool {
	if s.take(`{`) {
		end := bytes.IndexByte(s.rest, ']') // of the buckets, which are last
		if end < 0 {
			return false
		}
		s.rest = s.rest[end+1:]
		return s.take(`}`)
	}
	for i, c := range s.rest {
		if c == ',' || c == '}' {
			s.rest = s.rest[i:]
			return i > 0
		}
	}
	return false
}

// digits is how many digits the text begins with.
func digits(text []byte) int {
	for i, c := range text {
		if c < '0' || c > '9' {
			return i
		}
	}
	return len(text)
}

// whole reads a whole number without a sign.
func (s *scanner) whole(into *uint64) bool {
	n := digits(s.rest)
	if n == 0 || n > 1 && s.rest[0] == '0' || n > 19 { // 19 digits are less than 2^64
		return false
	}
	v := uint64(0)
	for _, c := range s.rest[:n] {
		v = v*10 + uint64(c-'0')
	}
	*into, s.rest = v, s.rest[n:]
	return true
}

// number reads a number as RFC 8259 writes it.
func (s *scanner) number(into *float64) bool {
	from := s.rest
	negative := s.take(`-`)
	n := digits(s.rest)
	if n == 0 || n > 1 && s.rest[0] == '0' {
		return false
	}
	if ends := n < len(s.rest) && (s.rest[n] == ',' || s.rest[n] == '}'); ends && n <= 15 && !negative { // exact in a float64
		var v uint64
		ok := s.whole(&v)
		*into = float64(v)
		return ok
	}
	s.rest = s.rest[n:]
	if s.take(`.`) {
		if n = digits(s.rest); n == 0 {
			return false
		}
		s.rest = s.rest[n:]
	}
	if s.take(`e`) || s.take(`E`) {
		if !s.take(`+`) {
			s.take(`-`)
		}
		if n = digits(s.rest); n == 0 {
			return false
		}
		s.rest = s.rest[n:]
	}
	v, err := strconv.ParseFloat(string(from[:len(from)-len(s.rest)]), 64)
	*into = v
	return err == nil
}

// histogram reads a histogram.
func (d *Decoder) histogram(s *scanner, into *Histogram) bool {
	j := histogramJSON{Buckets: d.buckets[:0]}
	if !(s.take(`{"count":`) && s.whole(&j.Count) && s.take(`,"sum":`) && s.number(&j.Sum) &&
		s.take(`,"min":`) && s.number(&j.Min) && s.take(`,"max":`) && s.number(&j.Max) && s.take(`,"b":[`)) {
		return false
	}
	for !s.take(`]`) {
		var n uint64
		if len(j.Buckets) > 0 && !s.take(`,`) || !s.whole(&n) {
			return false
		}
		j.Buckets = append(j.Buckets, n)
	}
	d.buckets = j.Buckets
	return s.take(`}`) && into.read(j) == nil
}
