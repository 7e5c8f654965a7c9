package site

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"sync"
	"time"
)

// asset is one static file, ready to be sent.
type asset struct {
	body       []byte
	hash, kind string
	zipped     func() []byte // made when it is first asked for; nil where it would gain nothing
}

// kinds are the media types of what we serve; the system's own table is not asked.
var kinds = map[string]string{
	".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".json": "application/json",
	".html": "text/html; charset=utf-8", ".md": "text/plain; charset=utf-8", ".txt": "text/plain; charset=utf-8", ".ts": "text/plain; charset=utf-8", ".LICENSE": "text/plain; charset=utf-8",
	".svg": "image/svg+xml", ".png": "image/png", ".ico": "image/x-icon", ".woff2": "font/woff2",
}

// packed are media types that are compressed already.
var packed = map[string]bool{"image/png": true, "font/woff2": true}

// readAssets reads and hashes every file under static/.
func readAssets(files fs.FS) (map[string]*asset, error) {
	assets := map[string]*asset{}
	err := fs.WalkDir(files, "static", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		body, err := fs.ReadFile(files, name)
		if err != nil {
			return err
		}
		assets[strings.TrimPrefix(name, "static/")] = newAsset(name, body)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("static files: %w", err)
	}
	return assets, nil
}

func newAsset(name string, body []byte) *asset {
	sum := sha256.Sum256(body)
	a := &asset{body: body, hash: hex.EncodeToString(sum[:8]), kind: kinds[path.Ext(name)]}
	if a.kind == "" {
		a.kind = "application/octet-stream"
	}
	a.zipped = sync.OnceValue(func() []byte {
		if packed[a.kind] {
			return nil
		}
		z := zip(body)
		if len(z) >= len(body)*9/10 {
			return nil
		}
		return z
	})
	return a
}

// zip compresses as well as gzip can.
func zip(body []byte) []byte {
	var b bytes.Buffer
	z, _ := gzip.NewWriterLevel(&b, gzip.BestCompression) // fails for no level that exists
	z.Write(body)                                         // to memory
	z.Close()
	return b.Bytes()
}

// zipFast compresses what is made for one answer: a third of the time of zip's, for
// a fifth more bytes.
func zipFast(body []byte) []byte {
	var b bytes.Buffer
	z := fast.Get().(*gzip.Writer)
	defer fast.Put(z)
	z.Reset(&b)
	z.Write(body) // to memory
	z.Close()
	return b.Bytes()
}

// fast are writers that are not in use: each has some hundred kilobytes of tables.
var fast = sync.Pool{New: func() any {
	z, _ := gzip.NewWriterLevel(nil, gzip.DefaultCompression) // fails for no level that exists
	return z
}}

// static serves an asset: forever when the address has its hash, or that of all
// assets, else after asking. A page that was open while the site was replaced asks
// under an old hash, and gets what there is.
func (s *Site) static(w http.ResponseWriter, r *http.Request) error {
	face, name := s.faces.current(), r.PathValue("path")
	under, rest, _ := strings.Cut(name, "/")
	if allHash.MatchString(under) {
		name = rest
	}
	a, err := face.file(name)
	if err != nil {
		return err
	}
	if a == nil {
		return errNotFound
	}
	h := w.Header()
	h.Set("Content-Type", a.kind)
	h.Set("Cache-Control", "no-cache")
	if r.URL.Query().Get("v") == a.hash || under == face.hash {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	body, tag := a.body, a.hash
	if zipped := a.zipped(); zipped != nil {
		h.Set("Vary", "Accept-Encoding")
		if acceptsGzip(r) {
			h.Set("Content-Encoding", "gzip")
			body, tag = zipped, a.hash+"-gzip"
		}
	}
	h.Set("ETag", `"`+tag+`"`)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(body))
	return nil
}

// acceptsGzip reads Accept-Encoding (RFC 9110, 12.5.3).
func acceptsGzip(r *http.Request) bool {
	for item := range strings.SplitSeq(r.Header.Get("Accept-Encoding"), ",") {
		if name, q := quality(item); name == "gzip" {
			return q > 0
		}
	}
	return false
}
