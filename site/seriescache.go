package site

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"sync"

	"socketlabs/runner"
)

// seriesCache keeps the series of recordings that have ended, compressed.
type seriesCache struct {
	mu   sync.Mutex // guards have
	have map[seriesKey][]byte
}

// seriesKey names a recording, a run's or the author's of an experiment, and the
// block of it or allBlocks.
type seriesKey struct {
	sourceKey
	block int
}

// maxSeries bounds what is kept; one is some tens of kilobytes.
const maxSeries = 64

func newSeriesCache() *seriesCache { return &seriesCache{have: map[seriesKey][]byte{}} }

func (c *seriesCache) get(k seriesKey) ([]byte, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	z, ok := c.have[k]
	return z, ok
}

func (c *seriesCache) put(k seriesKey, zipped []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.have) >= maxSeries {
		clear(c.have)
	}
	c.have[k] = zipped
}

func (c *seriesCache) forget(run string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	maps.DeleteFunc(c.have, func(k seriesKey, _ []byte) bool { return k.run == run })
}

// encode writes v as gzipped JSON, as fast as gzip can: a live run is asked for
// once by each reader.
func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	z, err := gzip.NewWriterLevel(&b, gzip.BestSpeed)
	if err != nil {
		return nil, err
	}
	if err := json.NewEncoder(z).Encode(v); err != nil {
		return nil, err
	}
	err = z.Close()
	return b.Bytes(), err
}

// sendZipped sends gzipped JSON, unpacked for those who cannot.
func sendZipped(w http.ResponseWriter, r *http.Request, zipped []byte) error {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Vary", "Accept-Encoding")
	if acceptsGzip(r) {
		w.Header().Set("Content-Encoding", "gzip")
		w.Write(zipped)
		return nil
	}
	z, err := gzip.NewReader(bytes.NewReader(zipped))
	if err != nil {
		return err
	}
	io.Copy(w, z)
	return nil
}

// authorSeries is the author's recording of an experiment, in columns.
func (s *Site) authorSeries(w http.ResponseWriter, r *http.Request) error {
	book, name := s.shelf.edition().book, r.PathValue("lesson")+"/"+r.PathValue("experiment")
	x, err := book.Find(name)
	block, wrong := blockOf(r)
	if wrong != nil {
		return wrong
	}
	if c := book.FindComparison(name); c != nil && c.Author != nil { // read anew each time: it is one click
		zipped, err := authored(c.Author, block)
		if err != nil {
			return err
		}
		return sendZipped(w, r, zipped)
	}
	if err != nil || x.Author == nil {
		return errNotFound
	}
	key := seriesKey{sourceKey{author: x}, block}
	zipped, ok := s.series.get(key)
	if !ok {
		if zipped, err = authored(x.Author, block); err != nil {
			return err
		}
		s.series.put(key, zipped)
	}
	return sendZipped(w, r, zipped)
}

func authored(author []byte, block int) ([]byte, error) {
	events, err := runner.ReadRecording(bytes.NewReader(author))
	if err != nil {
		return nil, err
	}
	m := newSeriesMaker(block)
	for _, e := range events {
		raw, err := json.Marshal(e)
		if err != nil {
			return nil, err
		}
		m.add(e, raw)
	}
	return encode(m.done())
}
