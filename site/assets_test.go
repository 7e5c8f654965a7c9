package site

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"strings"
	"testing"
)

func TestAssetsAreCached(t *testing.T) {
	t.Parallel()
	s := serve(t)
	if len(s.faces.current().assets) == 0 {
		t.Fatal("no static files")
	}
	for name, a := range s.faces.current().assets {
		path := "/static/" + name
		resp, body := s.do(request{path: path + "?v=" + a.hash, header: http.Header{"Accept-Encoding": {"identity"}}})
		if resp.StatusCode != 200 || body != string(a.body) {
			t.Fatalf("%s: %s, %d bytes of %d", path, resp.Status, len(body), len(a.body))
		}
		if got := resp.Header.Get("Cache-Control"); got != "public, max-age=31536000, immutable" {
			t.Errorf("%s with its hash: %s", path, got)
		}
		if got := resp.Header.Get("Content-Type"); got == "application/octet-stream" {
			t.Errorf("%s: %s", path, got)
		}
		for _, v := range []string{"", "?v=0"} {
			if resp, _ := s.do(request{path: path + v}); resp.Header.Get("Cache-Control") != "no-cache" {
				t.Errorf("%s%s is cached without its hash", path, v)
			}
		}
		resp, body = s.do(request{path: path, header: http.Header{"Accept-Encoding": {"identity"}, "If-None-Match": {resp.Header.Get("ETag")}}})
		if resp.StatusCode != http.StatusNotModified || body != "" {
			t.Errorf("%s, which the browser has: %s", path, resp.Status)
		}
	}
}

func TestAssetsAreCompressedOnce(t *testing.T) {
	t.Parallel()
	s := serve(t)
	for name, a := range s.faces.current().assets {
		resp, body := s.do(request{path: "/static/" + name, header: http.Header{"Accept-Encoding": {"br, gzip;q=0.5"}}})
		if a.zipped() == nil {
			if resp.Header.Get("Content-Encoding") != "" {
				t.Errorf("%s: encoded", name)
			}
			continue
		}
		if resp.Header.Get("Content-Encoding") != "gzip" || resp.Header.Get("Vary") != "Accept-Encoding" {
			t.Fatalf("%s: %v", name, resp.Header)
		}
		z, err := gzip.NewReader(bytes.NewReader([]byte(body)))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(z); err != nil || !bytes.Equal(got, a.body) {
			t.Errorf("%s: unpacked to something else (%v)", name, err)
		}
		if resp.Header.Get("ETag") == `"`+a.hash+`"` {
			t.Errorf("%s: both encodings have one tag", name)
		}
	}
}

func TestNoFileOutsideStatic(t *testing.T) {
	s := serve(t)
	for _, path := range []string{"/static/", "/static/../text.yaml", "/static/%2e%2e/text.yaml", "/static/..%2ftext.yaml", "/static//app.css", "/static/templates/home.html"} {
		if resp, body := s.do(request{path: path}); resp.StatusCode == http.StatusOK {
			t.Errorf("%s: %s\n%s", path, resp.Status, body)
		}
	}
}

// A module is kept for good under the hash of all assets, and so is what it imports.
func TestModulesAreCachedWithWhatTheyImport(t *testing.T) {
	t.Parallel()
	s := serve(t)
	face := s.faces.current()
	_, page := s.do(request{path: "/ko/", cookie: testToken, header: http.Header{"Accept-Encoding": {"identity"}}})
	app, _ := face.module("js/app.js")
	if !strings.Contains(page, `<script type="module" src="`+app+`">`) {
		t.Errorf("the page does not name %s", app)
	}
	imports := face.imports("js/app.js")
	if len(imports) < 20 {
		t.Fatalf("app.js imports %q", imports)
	}
	for _, name := range imports {
		at, err := face.module(name)
		if err != nil {
			t.Fatal(err)
		}
		if resp, body := s.do(request{path: at, header: http.Header{"Accept-Encoding": {"identity"}}}); body != string(face.assets[name].body) || resp.Header.Get("Cache-Control") != "public, max-age=31536000, immutable" {
			t.Errorf("%s: %s, %d bytes, %s", at, resp.Status, len(body), resp.Header.Get("Cache-Control"))
		}
		if !strings.Contains(page, `<link rel="modulepreload" href="`+at+`">`) {
			t.Errorf("the page does not foretell %s", at)
		}
	}
	old := "/static/0123456789abcdef/js/app.js" // of a page from before an update
	if resp, _ := s.do(request{path: old}); resp.StatusCode != http.StatusOK || resp.Header.Get("Cache-Control") != "no-cache" {
		t.Errorf("%s: %s, %s", old, resp.Status, resp.Header.Get("Cache-Control"))
	}
}
