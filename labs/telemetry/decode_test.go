package telemetry

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// agree fails when the decoder reads a line otherwise than encoding/json.
func agree(t *testing.T, d *Decoder, line []byte) {
	t.Helper()
	var want, got Event
	wrong, err := json.Unmarshal(line, &want), d.Decode(line, &got)
	if (wrong == nil) != (err == nil) {
		t.Errorf("%s\nerror %v, of encoding/json %v", line, err, wrong)
	} else if err == nil && !same(got, want) {
		t.Errorf("%s\nis read as %+v\nwant %+v", line, got, want)
	}
}

// same says whether two events say the same: histograms, bucket by bucket.
func same(a, b Event) bool {
	one, two := a.Hists, b.Hists
	a.Hists, b.Hists = nil, nil
	return (one == nil) == (two == nil) && reflect.DeepEqual(a, b) && maps.EqualFunc(one, two, func(h, k Histogram) bool {
		h.widen()
		k.widen()
		return h.Count == k.Count && h.Sum == k.Sum && h.Min == k.Min && h.Max == k.Max && slices.Equal(h.n, k.n)
	})
}

// The lines of all authors' recordings are read as encoding/json reads them, and
// every sample by the decoder itself: some of each, and all in the long tests.
func TestDecodeAuthorsRecordings(t *testing.T) { decodeAuthors(t, 16) }

func TestLongDecodeAuthorsRecordings(t *testing.T) {
	if os.Getenv("LABS_LONG") == "" {
		t.Skip("LABS_LONG=1 runs it")
	}
	decodeAuthors(t, 1)
}

func decodeAuthors(t *testing.T, every int) {
	files, err := filepath.Glob(filepath.Join("..", "..", "content", "*", "author", "*.jsonl.gz"))
	if err != nil || len(files) < 100 {
		t.Fatalf("%d recordings, %v", len(files), err)
	}
	for _, name := range files {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".jsonl.gz"), func(t *testing.T) {
			t.Parallel()
			f, err := os.Open(name)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			z, err := gzip.NewReader(f)
			if err != nil {
				t.Fatal(err)
			}
			lines := bufio.NewScanner(z)
			lines.Buffer(nil, 16<<20)
			var d Decoder
			samples := 0
			for n := 0; lines.Scan(); n++ {
				if n%every != 0 {
					continue
				}
				agree(t, &d, lines.Bytes())
				if bytes.Contains(lines.Bytes(), []byte(`"kind":"sample"`)) {
					samples++
					if !d.sample(lines.Bytes(), &Event{}) {
						t.Errorf("left to encoding/json: %s", lines.Text())
					}
				}
			}
			if err := lines.Err(); err != nil || samples == 0 {
				t.Errorf("%d samples, %v", samples, err)
			}
		})
	}
}

// unusual are lines that another hand may have written.
var unusual = []string{
	`{"t":0.1,"kind":"sample"}`,
	`{"seq":1,"t":0.1,"kind":"sample","from":"lab","block":3,"values":{},"hists":{}}`,
	`{"seq":01,"t":0.1,"kind":"sample"}`,
	`{"seq":18446744073709551615,"t":0.1,"kind":"sample"}`,
	`{"seq":18446744073709551616,"t":0.1,"kind":"sample"}`,
	`{"t":1,"kind":"sample","block":-1}`,
	`{"t":1,"kind":"sample","block":99999999999999999999}`,
	`{"t":-0,"kind":"sample","values":{"a":-0.0,"b":1e-3,"c":1E+2,"d":123456789012345678}}`,
	`{"t":1,"kind":"sample","values":{"a":1,"a":2}}`,
	`{"t":1,"kind":"sample","values":{"a":1e999}}`,
	`{"t":1,"kind":"sample","values":{"a":.5}}`,
	`{"t":1,"kind":"sample","values":{"a":5.}}`,
	`{"t":1,"kind":"sample","values":{"a":01}}`,
	`{"t":1,"kind":"sample","values":{"a":+1}}`,
	`{"t":1,"kind":"sample","values":{"a":0x1p3}}`,
	`{"t":1,"kind":"sample","values":{"a":null,"b":1}}`,
	`{"t":1,"kind":"sample","values":{"a":1,}}`,
	`{"t":1,"kind":"sample","values":{"a\u0062":1,"\"":2,"é":3}}`,
	"{\"t\":1,\"kind\":\"sample\",\"values\":{\"a\xff\":1,\"b\x01\":2}}",
	"{\"t\":1,\"kind\":\"sample\",\"values\":{\"a\xff\":1}}",
	`{"t":1,"kind":"sample","values":null,"hists":null}`,
	`{"t":1,"kind":"sample","text":"more"}`,
	`{"t":1,"kind":"sample"} `,
	`{"t":1,"kind":"sample"}}`,
	` {"t":1, "kind":"sample"}`,
	`{"T":1,"kind":"sample"}`,
	`{"kind":"sample","t":1}`,
	`{"t":1,"kind":"sampled"}`,
	`{"t":1,"kind":"sample","hists":{"load":{"count":3,"sum":4e-9,"min":0,"max":2e-9,"b":[1,1,2,2]}}}`,
	`{"t":1,"kind":"sample","hists":{"load":{"count":3,"sum":4e-9,"min":0,"max":2e-9,"b":[1,1,2,2,]}}}`,
	`{"t":1,"kind":"sample","hists":{"load":{"count":3,"sum":4e-9,"min":0,"max":2e-9,"b":[1,1,2]}}}`,
	`{"t":1,"kind":"sample","hists":{"load":{"count":4,"sum":4e-9,"min":0,"max":2e-9,"b":[1,1,2,2]}}}`,
	`{"t":1,"kind":"sample","hists":{"load":{"count":0,"sum":0,"min":0,"max":0,"b":[]}}}`,
	`{"t":1,"kind":"sample","hists":{"load":{"count":1,"b":[1,1]}}}`,
	`{"t":1,"kind":"sample","hists":{"load":null}}`,
	`{"t":1,"kind":"sample","hists":{"load":{"count":1,"sum":1,"min":2,"max":1,"b":[1,1]}}}`,
	``, `null`, `{}`, `[]`, `{"t":`, `{"t":1,"kind":"sample","values":{"a`,
}

func TestDecodeUnusual(t *testing.T) {
	var d Decoder
	for _, line := range unusual {
		agree(t, &d, []byte(line))
	}
}

func FuzzDecode(f *testing.F) {
	for _, line := range unusual {
		f.Add([]byte(line))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		var d Decoder
		agree(t, &d, line)
		agree(t, &d, line) // with its names known
	})
}
