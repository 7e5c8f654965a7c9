package main

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// frame is what a client sends.
func frame(codec string, payload []byte) []byte {
	switch codec {
	case "delimiter":
		return append(slices.Clone(payload), '\n')
	case "tlv":
		header := binary.BigEndian.AppendUint32([]byte{tlvVersion, typeData}, uint32(len(payload)))
		return append(binary.BigEndian.AppendUint32(slices.Clone(header), checksum(header, payload)), payload...)
	}
	return append(binary.BigEndian.AppendUint32(nil, uint32(len(payload))), payload...)
}

func deflate(text []byte) []byte {
	var out bytes.Buffer
	w, _ := flate.NewWriter(&out, flate.BestCompression)
	w.Write(text)
	w.Close()
	return out.Bytes()
}

const capacity = 256 // of the parsers under test

// checkCodec requires what a parser of frames may never break.
func checkCodec(t *testing.T, name string, data []byte, cut int) {
	c := codecs[name]
	payload, size, err := c.next(data, 0, capacity)
	switch {
	case err != nil && payload != nil:
		t.Fatalf("%s, and a payload, of %q", err, data)
	case err != nil:
	case payload == nil && size != 0 && (size <= len(data) || size > capacity+tlvHeader):
		t.Fatalf("%d bytes are said to be missing after %q", size-len(data), data)
	case payload != nil && (len(payload) > capacity || !bytes.Equal(frame(name, payload), data[:size])):
		t.Fatalf("%q is taken from %q", payload, data[:size])
	}
	// The same bytes in two pieces are the same frame.
	if cut > len(data) {
		cut = len(data)
	}
	first, _, firstErr := c.next(data[:cut:cut], 0, capacity)
	if firstErr == nil && first == nil {
		first, _, firstErr = c.next(data, cut, capacity)
	}
	if !bytes.Equal(first, payload) || (first == nil) != (payload == nil) || !errors.Is(err, errors.Unwrap(firstErr)) {
		t.Fatalf("cut at %d, %q is %q, %v; whole %q, %v", cut, data, first, firstErr, payload, err)
	}
}

var shared inflater

// checkInflate requires that no more is inflated than allowed, whatever comes.
func checkInflate(t *testing.T, payload []byte) {
	const ratio, most = 20, 4 * capacity
	text, err := shared.inflate(payload, ratio, most)
	allowed := min(most, ratio*len(payload))
	if len(text) > allowed+1 || err == nil && len(text) > allowed || cap(shared.text) > 16*most {
		t.Fatalf("%d bytes (room for %d) of %d, %v", len(text), cap(shared.text), len(payload), err)
	}
}

// checkSchema compares what is accepted with what encoding/json makes of it.
func checkSchema(t *testing.T, text []byte) {
	if schema(text) != nil {
		return
	}
	var any map[string]any
	err := json.Unmarshal(text, &any)
	_, id := any["id"].(float64)
	_, word := any["text"].(string)
	if err != nil || len(any) != 2 || !id || !word || strings.ContainsAny(string(text[:1]), "[") {
		t.Fatalf("%q is accepted: %v, %v", text, any, err)
	}
}

// parsers are all that reads bytes of strangers, each with what it should take.
var parsers = []struct {
	name  string
	check func(t *testing.T, data []byte)
	seeds [][]byte
	alloc int // bytes for an input, the bound on average
}{
	{"length", func(t *testing.T, data []byte) { checkCodec(t, "length", data, len(data)/2) }, frames3("length"), 1024},
	{"delimiter", func(t *testing.T, data []byte) { checkCodec(t, "delimiter", data, len(data)/2) }, frames3("delimiter"), 1024},
	{"tlv", func(t *testing.T, data []byte) { checkCodec(t, "tlv", data, len(data)/2) }, frames3("tlv"), 1024},
	{"inflate", checkInflate, [][]byte{deflate(nil), deflate([]byte("hello hello hello")), deflate(make([]byte, 1<<20)), {0x00}}, 1024},
	{"schema", checkSchema, [][]byte{
		[]byte(`{"id":1,"text":"a"}`), []byte(` { "text" : "\ud83d\ude00" , "id" : 0 } `), []byte(`{"id":1,"text":"a","id":2}`),
		[]byte(`{"id":-1,"text":"a"}`), []byte(`{"id":1,"text":{"a":[]}}`), []byte(`{"ID":1,"text":"a"}`), []byte(`{"id":1e3,"text":"a"}x`),
	}, 4096},
}

func frames3(codec string) [][]byte {
	return [][]byte{
		frame(codec, nil), slices.Concat(frame(codec, []byte("one")), frame(codec, []byte("two"))),
		frame(codec, bytes.Repeat([]byte("x"), capacity)), frame(codec, bytes.Repeat([]byte("x"), capacity+1)),
		frame(codec, []byte("half"))[:6:6], {1, 1, 255, 255, 255, 255, 0, 0, 0, 0},
	}
}

func FuzzLength(f *testing.F)    { fuzz(f, "length") }
func FuzzDelimiter(f *testing.F) { fuzz(f, "delimiter") }
func FuzzTLV(f *testing.F)       { fuzz(f, "tlv") }
func FuzzInflate(f *testing.F)   { fuzz(f, "inflate") }
func FuzzSchema(f *testing.F)    { fuzz(f, "schema") }

func fuzz(f *testing.F, name string) {
	for _, p := range parsers {
		if p.name == name {
			for _, seed := range p.seeds {
				f.Add(seed)
			}
			f.Fuzz(p.check)
		}
	}
}

// TestGenerated is the fuzz targets without the fuzzer: the same inputs each time.
func TestGenerated(t *testing.T) { generated(t, 10_000) }

func TestLongGenerated(t *testing.T) {
	if os.Getenv("LABS_LONG") == "" {
		t.Skip("LABS_LONG=1 runs it")
	}
	generated(t, 1_000_000)
}

func generated(t *testing.T, inputs int) {
	for _, p := range parsers {
		t.Run(p.name, func(t *testing.T) {
			r := rand.New(rand.NewPCG(1, 2))
			var before, after runtime.MemStats
			var buf []byte
			runtime.ReadMemStats(&before)
			for range inputs {
				buf = mutate(r, append(buf[:0], p.seeds[r.IntN(len(p.seeds))]...))
				p.check(t, buf)
			}
			runtime.ReadMemStats(&after)
			if n := after.TotalAlloc - before.TotalAlloc; n > uint64(inputs*p.alloc+1<<20) {
				t.Errorf("%d bytes were allocated for %d inputs", n, inputs)
			}
		})
	}
}

// mutate changes a few bytes of data, and its length.
func mutate(r *rand.Rand, data []byte) []byte {
	for range r.IntN(4) {
		switch i := r.IntN(len(data) + 1); r.IntN(4) {
		case 0:
			data = data[:i]
		case 1:
			data = append(data, byte(r.Uint32()))
		default:
			if i < len(data) {
				data[i] = byte(r.Uint32())
			}
		}
	}
	return data
}

func TestSchema(t *testing.T) {
	for _, c := range []struct {
		text string
		ok   bool
		why  string
	}{
		{`{"id":0,"text":""}`, true, "the smallest"},
		{" {\n\"text\":\"\\u0041\",\"id\":18446744073709551615}\t", true, "any order, any space"},
		{`{"id":1,"text":"a",}`, false, "a comma too many"},
		{`{"id":1}`, false, "a key is missing"},
		{`{"id":1,"text":"a","more":0}`, false, "a key too many"},
		{`{"id":1,"id":2,"text":"a"}`, false, "which of the two would the next reader take?"},
		{`{"Id":1,"text":"a"}`, false, "encoding/json alone would take it"},
		{`{"id":1.5,"text":"a"}`, false, "no whole number"},
		{`{"id":-1,"text":"a"}`, false, "below 0"},
		{`{"id":"1","text":"a"}`, false, "a text is no number"},
		{`{"id":1,"text":null}`, false, "nothing is no text"},
		{`{"id":1,"text":["a"]}`, false, "nested"},
		{`{"id":1,"text":"a"}{}`, false, "something follows"},
		{"{\"id\":1,\"text\":\"\xff\"}", false, "no UTF-8 (RFC 8259, 8.1)"},
		{`["id",1,"text","a"]`, false, "no object"},
		{``, false, "nothing"},
		{strings.Repeat("[", 100_000), false, "deeper than a stack should go"},
	} {
		if err := schema([]byte(c.text)); (err == nil) != c.ok {
			t.Errorf("%.40q: %v: %s", c.text, err, c.why)
		}
	}
}
