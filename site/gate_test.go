package site

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// address makes a path that a route's pattern matches.
func address(pattern string) (method, path string) {
	method, path, ok := strings.Cut(pattern, " ")
	if !ok {
		method, path = http.MethodGet, method
	}
	path = strings.ReplaceAll(path, "{$}", "")
	return method, regexp.MustCompile(`\{[a-z]+(\.\.\.)?\}`).ReplaceAllString(path, "x")
}

// attack is a request that must not get through, and what it must get.
type attack struct {
	why    string
	bears  need // needs that a route must have for the attack to make sense; 0: all
	except need // routes with these are open to it
	status int
	q      request
}

func attacks(s *served) []attack {
	evil := "evil.example"
	return []attack{
		{"another host's name, as DNS rebinding brings it", 0, 0, 421, request{host: evil, bearer: testToken}},
		{"the right name with another port", 0, 0, 421, request{host: "127.0.0.1:1", bearer: testToken}},
		{"a name that only begins like ours", 0, 0, 421, request{host: "localhost.evil.example:80", bearer: testToken}},
		{"evil host that equals its evil origin", 0, 0, 421, request{host: evil, origin: "http://" + evil, cookie: testToken}},
		{"no token", 0, open, 401, request{origin: s.url}},
		{"a wrong token", 0, open, 401, request{origin: s.url, cookie: "wrong", bearer: "wrong"}},
		{"the token without the word Bearer", 0, open, 401, request{origin: s.url, header: http.Header{"Authorization": {testToken}}}},
		{"a page of another site", command, 0, 403, request{origin: "http://" + evil, cookie: testToken}},
		{"a page on another port of this host: same site, other origin", command, 0, 403, request{origin: "http://127.0.0.1:1", cookie: testToken}},
		{"a sandboxed frame", command, 0, 403, request{origin: "null", cookie: testToken}},
		{"https, which we do not serve", command, 0, 403, request{origin: "https://" + s.host, cookie: testToken}},
		{"a command without an origin, from something with cookies", command, 0, 403, request{cookie: testToken}},
		{"another site's form, even with our origin claimed", command, 0, 403, request{origin: "http://" + evil, cookie: testToken, header: http.Header{"Sec-Fetch-Site": {"cross-site"}}}},
		{"a foreign page with a stolen bearer token", command, 0, 403, request{origin: "http://" + evil, bearer: testToken}},
		{"another site's page that names no origin", command, 0, 403, request{bearer: testToken, header: http.Header{"Sec-Fetch-Site": {"cross-site"}}}},
		{"two origins", command, 0, 403, request{cookie: testToken, header: http.Header{"Origin": {s.url, s.url}}}},
		{"a WebSocket of another site", socket, 0, 403, request{origin: "http://" + evil, cookie: testToken}},
		{"a WebSocket without an origin", socket, 0, 403, request{cookie: testToken}},
		{"a WebSocket without an origin, of a program", socket, 0, 403, request{bearer: testToken}},
	}
}

func TestEveryRouteKeepsStrangersOut(t *testing.T) {
	t.Parallel()
	s := serve(t)
	for _, rt := range routes() {
		for _, pattern := range rt.patterns() {
			method, path := address(pattern)
			for _, a := range attacks(s) {
				if a.bears != 0 && rt.needs&a.bears == 0 || rt.needs&a.except != 0 {
					continue
				}
				a.q.method, a.q.path = method, path
				if rt.needs&socket != 0 {
					a.q.header = handshake(a.q.header)
				}
				if resp, body := s.do(a.q); resp.StatusCode != a.status {
					t.Errorf("%s: %s: %s, want %d\n%s", pattern, a.why, resp.Status, a.status, body)
				}
			}
		}
	}
}

func TestTheTableAsksForEnough(t *testing.T) {
	free := []string{"GET /static/{path...}", "GET /livez", "GET /readyz", "GET /healthz", "GET /join", "GET /{lang}/join", "POST /{lang}/join", "POST /{lang}/resume"}
	for _, rt := range routes() {
		method, _, named := strings.Cut(rt.pattern, " ")
		if changes := named && method != http.MethodGet; changes != (rt.needs&command != 0) {
			t.Errorf("%s: a command is what changes something", rt.pattern)
		}
		if slices.Contains(free, rt.pattern) != (rt.needs&open != 0) {
			t.Errorf("%s: what is open is listed here", rt.pattern)
		}
		if strings.HasSuffix(rt.pattern, "/events") != (rt.needs&socket != 0) {
			t.Errorf("%s: event streams are WebSockets", rt.pattern)
		}
	}
}

// handshake adds what makes a request a WebSocket's.
func handshake(h http.Header) http.Header {
	h = h.Clone()
	if h == nil {
		h = http.Header{}
	}
	h.Set("Connection", "Upgrade")
	h.Set("Upgrade", "websocket")
	h.Set("Sec-WebSocket-Version", "13")
	h.Set("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")
	return h
}

func TestEveryAnswerIsSecure(t *testing.T) {
	everyPage(t)
	t.Parallel()
	s := serve(t)
	for _, rt := range routes() {
		for _, pattern := range rt.patterns() {
			method, path := address(pattern)
			for _, q := range []request{{method: method, path: path}, {method: method, path: path, origin: s.url, cookie: testToken}, {method: method, path: path, host: "evil.example"}} {
				resp, body := s.do(q)
				h := resp.Header
				if h.Get("Content-Security-Policy") != policy || h.Get("X-Content-Type-Options") != "nosniff" || h.Get("Referrer-Policy") != "no-referrer" ||
					h.Get("Cross-Origin-Opener-Policy") != "same-origin" || h.Get("Cross-Origin-Resource-Policy") != "same-origin" {
					t.Errorf("%s: headers %v", pattern, h)
				}
				if h.Get("Access-Control-Allow-Origin") != "" {
					t.Errorf("%s: shared with other origins", pattern)
				}
				if strings.Contains(body, testToken) {
					t.Errorf("%s: the answer holds the token", pattern)
				}
			}
		}
	}
}

func TestHosts(t *testing.T) {
	s := serve(t)
	s.cfg.AllowHosts = []string{"lab.example:8443", "Box"}
	_, port := splitHost(s.host)
	for _, tt := range []struct {
		host string
		ok   bool
		why  string
	}{
		{"127.0.0.1:" + port, true, "the address itself"},
		{"localhost:" + port, true, "its name"},
		{"LocalHost:" + port, true, "names know no case"},
		{"[::1]:" + port, true, "the other family"},
		{"127.8.9.10:" + port, true, "all of 127/8 is this machine"},
		{"localhost", false, "port 80 is not ours"},
		{"localhost.:" + port, false, "not a spelling that we print"},
		{"0.0.0.0:" + port, false, "reaches this machine in some browsers, and is not loopback"},
		{"192.168.0.1:" + port, false, "not loopback"},
		{"[::ffff:127.0.0.1]:" + port, true, "loopback, mapped"},
		{"lab.example:8443", true, "allowed by name and port"},
		{"lab.example", false, "allowed with its port only"},
		{"box", true, "allowed by name"},
		{"box:" + port, false, "allowed without a port"},
		{"evil.example:" + port, false, "not ours"},
	} {
		resp, _ := s.do(request{path: "/livez", host: tt.host})
		if ok := resp.StatusCode == http.StatusOK; ok != tt.ok {
			t.Errorf("Host %s: %s, want ok %v: %s", tt.host, resp.Status, tt.ok, tt.why)
		}
	}
}

func TestAMissingHostIsNoPass(t *testing.T) {
	s := serve(t)
	s.cfg.AllowHosts = []string{""} // as an empty variable in a script leaves it
	for _, head := range []string{"GET /livez HTTP/1.0\r\n\r\n", "GET /livez HTTP/1.1\r\nHost:\r\nConnection: close\r\n\r\n"} {
		c, err := net.Dial("tcp", s.host)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprint(c, head)
		got, err := io.ReadAll(c)
		c.Close()
		if err != nil || !strings.Contains(string(got), " 421 ") {
			t.Errorf("%q: %v\n%s", head, err, got)
		}
	}
}

func TestAForwardedHostMayBeHTTPS(t *testing.T) {
	s := serve(t)
	s.cfg.AllowHosts = []string{"lab.example"}
	for origin, status := range map[string]int{"https://lab.example": 404, "http://lab.example": 404, "https://evil.example": 403} {
		q := request{method: "DELETE", path: "/api/runs/" + runID(1), host: "lab.example", origin: origin, bearer: testToken}
		if resp, body := s.do(q); resp.StatusCode != status {
			t.Errorf("%s: %s, want %d\n%s", origin, resp.Status, status, body)
		}
	}
}

func TestTheLinkLetsABrowserIn(t *testing.T) {
	s := serve(t)
	link := s.Link(s.host, "en")
	path := strings.TrimPrefix(link, s.url)
	resp, _ := s.do(request{path: path + "&q=a%20b"})
	if got := resp.Header.Get("Location"); resp.StatusCode != http.StatusSeeOther || got != "/en/?q=a+b" {
		t.Fatalf("%s: %s to %q", path, resp.Status, got)
	}
	c := resp.Cookies()[0]
	_, port := splitHost(s.host)
	if c.Name != "labs-"+port || !c.HttpOnly || c.SameSite != http.SameSiteStrictMode || c.Path != "/" {
		t.Errorf("cookie %+v", c)
	}
	if resp, body := s.do(request{path: "/en/", cookie: c.Value}); resp.StatusCode != http.StatusOK {
		t.Errorf("with the cookie: %s\n%s", resp.Status, body)
	}
	if resp, _ := s.do(request{path: "/en/?token=wrong"}); resp.StatusCode != http.StatusUnauthorized || len(resp.Cookies()) > 0 && resp.Cookies()[0].Name != "lang" {
		t.Errorf("with a wrong token: %s, cookies %v", resp.Status, resp.Cookies())
	}
	if resp, _ := s.do(request{path: "/en/?token=old", cookie: c.Value}); resp.StatusCode != http.StatusSeeOther {
		t.Errorf("an old link of somebody who is in: %s", resp.Status)
	}
}

func TestAnotherPortsCookieIsNoCookie(t *testing.T) {
	s := serve(t)
	resp, _ := s.do(request{path: "/en/", header: http.Header{"Cookie": {"labs-1=" + testToken}}})
	if resp.StatusCode != http.StatusUnauthorized {
		t.Errorf("%s", resp.Status)
	}
	_, port := splitHost(s.host)
	resp, _ = s.do(request{path: "/en/", header: http.Header{"Cookie": {"labs-" + port + "=thrown; labs-" + port + "=" + testToken}}})
	if resp.StatusCode != http.StatusOK {
		t.Errorf("a second cookie of the same name locks the reader out: %s", resp.Status)
	}
}

func TestALinkOnAnotherSitesPageGetsOneRetry(t *testing.T) {
	s := serve(t)
	resp, _ := s.do(request{path: "/en/", header: http.Header{"Sec-Fetch-Site": {"cross-site"}}})
	if resp.Header.Get("Refresh") != "0" {
		t.Error("the strict cookie was kept back, and nothing brings it")
	}
	if resp, _ = s.do(request{path: "/en/", header: http.Header{"Sec-Fetch-Site": {"same-origin"}}}); resp.Header.Get("Refresh") != "" {
		t.Error("it reloads for ever")
	}
}

func TestTheTokenOutlivesARestart(t *testing.T) {
	data := t.TempDir()
	first, err := token(Config{Data: data})
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(filepath.Join(data, "token")); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	if err := os.Chmod(filepath.Join(data, "token"), 0o644); err != nil { // a copy made without care
		t.Fatal(err)
	}
	second, err := token(Config{Data: data})
	if err != nil {
		t.Fatal(err)
	}
	if first != second || len(first) < 26 {
		t.Errorf("%q, then %q", first, second)
	}
	info, err := os.Stat(filepath.Join(data, "token"))
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v", info.Mode())
	}
}

func TestBodiesAreBounded(t *testing.T) {
	s := serve(t)
	body := `{"lesson":"` + strings.Repeat("x", maxBody) + `"}`
	if status, got := s.command("POST", "/api/runs", body); status != http.StatusRequestEntityTooLarge {
		t.Errorf("%d\n%s", status, got)
	}
}
