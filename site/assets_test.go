package site

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"regexp"
	"slices"
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

// A page's scripts are kept for good under the hash of all assets, and have every
// module once, in an order in which each finds those that it imports.
func TestScriptsOfAPage(t *testing.T) {
	t.Parallel()
	s := serve(t)
	face := s.faces.current()
	_, page := s.do(request{path: "/ko/", cookie: testToken, header: http.Header{"Accept-Encoding": {"identity"}}})
	if at := face.script(classScript); strings.Contains(page, at) {
		t.Errorf("a page without a workshop names %s", at)
	}
	var in []string // the modules, in the order in which they run
	from, declared := 0, map[string]bool{}
	for _, name := range []string{baseScript, panelScript, classScript, appScript, scopeScript} {
		at := face.script(name)
		if i := strings.Index(page[from:], `<script defer src="`+at+`">`); i >= 0 {
			from += i
		} else if name != classScript && name != scopeScript {
			t.Errorf("the page does not name %s, or too early", at)
		}
		resp, body := s.do(request{path: at, header: http.Header{"Accept-Encoding": {"identity"}}})
		if resp.StatusCode != http.StatusOK || resp.Header.Get("Cache-Control") != "public, max-age=31536000, immutable" || !strings.HasPrefix(body, strict) {
			t.Errorf("%s: %s, %s", at, resp.Status, resp.Header.Get("Cache-Control"))
		}
		for _, m := range regexp.MustCompile(`(?m)^// (js/\S+|vendor/\S+)\nconst (module\d+) = |^const .* = (module\d+)(?:\.default)?;$`).FindAllStringSubmatch(body, -1) {
			if m[3] != "" && !declared[m[3]] {
				t.Errorf("%s: %s comes later", name, m[3])
			}
			if m[1] != "" {
				in, declared[m[2]] = append(in, m[1]), true
			}
		}
	}
	want := slices.Concat([]string{"js/app.js", "js/inclass.js", "js/microscope.js"}, imports(face.assets, "js/app.js", nil), imports(face.assets, "js/inclass.js", nil), imports(face.assets, "js/microscope.js", nil))
	slices.Sort(want)
	if want, got := slices.Compact(want), slices.Sorted(slices.Values(in)); !slices.Equal(got, want) || len(got) < 80 {
		t.Errorf("the scripts have %q, want %q", got, want)
	}
	old := "/static/0123456789abcdef/" + appScript // of a page from before an update
	if resp, _ := s.do(request{path: old}); resp.StatusCode != http.StatusOK || resp.Header.Get("Cache-Control") != "no-cache" {
		t.Errorf("%s: %s, %s", old, resp.Status, resp.Header.Get("Cache-Control"))
	}
}
