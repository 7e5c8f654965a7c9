package main

import (
	"bytes"
	"crypto/sha256"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/gorilla/websocket"

	"socketlabs/site"
	"socketlabs/site/workshop"
)

func TestOnlyAWorkshopListensOffLoopback(t *testing.T) {
	if ln, err := listen("0.0.0.0:0", false); err == nil {
		ln.Close()
		t.Error("it would let others in")
	}
	for _, flags := range [][]string{{"--self-signed"}, {"--host", "x"}, {"--tls-cert", "x", "--tls-key", "x"}, {"--workshop", "x", "--tls-cert", "x"}, {"--workshop", "x", "--tls-cert", "x", "--tls-key", "x", "--self-signed"}, {"--workshop", "\u202e"}, {"--workshop", "x", "--seats", "-1"}, {"--cap", "seconds=5"}, {"--workshop", "x", "--cap", "seconds"}, {"--workshop", "x", "--cap", "load.connections=many"}, {"--workshop", "x", "--cap", "seconds=0"}} {
		var stdout, stderr bytes.Buffer
		if code := run(t.Context(), append([]string{"serve", "--addr", "127.0.0.1:0", "--data", t.TempDir()}, flags...), &stdout, &stderr); code != statusError || stderr.Len() == 0 {
			t.Errorf("%v: status %d, %s", flags, code, stderr.String())
		}
	}
}

func TestACapWithATypoNamesThoseThatThereAre(t *testing.T) {
	var stdout, stderr bytes.Buffer
	code := run(t.Context(), []string{"serve", "--addr", "127.0.0.1:0", "--data", t.TempDir(), "--workshop", "x", "--cap", "knob.bufs=512"}, &stdout, &stderr)
	for _, name := range []string{"knob.bufs=512", "knob.buf,", "load.connections", "load.retries", "seconds", "total"} {
		if code != statusError || !strings.Contains(stderr.String(), name) {
			t.Errorf("status %d, and %s is not named: %s", code, name, stderr.String())
		}
	}
}

func TestWhatIsExposedIsSaid(t *testing.T) {
	class, err := workshop.Open(t.TempDir()+"/"+workshop.File, workshop.Settings{Name: "Sockets", Caps: workshop.Caps{Connections: 77, Settings: map[string]float64{"knob.buf": 1024}}})
	if err != nil {
		t.Fatal(err)
	}
	defer class.Close()
	off := &net.TCPAddr{IP: net.IPv4(192, 0, 2, 7), Port: 7022}
	for _, tt := range []struct {
		addr   net.Addr
		public string
		print  string
		says   []string
		not    []string
	}{
		{off, "http://192.0.2.7:7022", "", []string{"Exposed:", "Plain HTTP", "load.connections=77", "knob.buf=1024", class.Door().Code, "http://192.0.2.7:7022/ko/join#" + class.Door().Link, "█"}, []string{"SHA-256"}},
		{off, "https://192.0.2.7:7022", "AB:CD", []string{"Exposed:", "AB:CD"}, []string{"Plain HTTP"}},
		{&net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 7022}, "http://127.0.0.1:7022", "", []string{"Only this machine", "--addr 0.0.0.0"}, []string{"Exposed:"}},
	} {
		var out bytes.Buffer
		if err := new(classFlags).invite(&out, site.Config{Class: class, Public: tt.public, Fingerprint: tt.print}, tt.addr, "ko"); err != nil {
			t.Fatal(err)
		}
		for _, want := range tt.says {
			if !strings.Contains(out.String(), want) {
				t.Errorf("%s: %q is not said:\n%s", tt.public, want, out.String())
			}
		}
		for _, no := range tt.not {
			if strings.Contains(out.String(), no) {
				t.Errorf("%s: %q is said", tt.public, no)
			}
		}
	}
}

func TestAWorkshopCanBeEncrypted(t *testing.T) {
	s := serve(t, t.TempDir(), nil, "--workshop", "Sockets", "--self-signed")
	if s.link.Scheme != "https" {
		t.Fatalf("the link is %s", s.link)
	}
	insecure := &tls.Config{InsecureSkipVerify: true}                                     // that is what the fingerprint is for
	client := &http.Transport{TLSClientConfig: insecure.Clone(), ForceAttemptHTTP2: true} // as browsers do
	defer client.CloseIdleConnections()
	r, _ := http.NewRequest("GET", s.link.String(), nil)
	resp, err := client.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.ProtoMajor != 2 {
		t.Errorf("a page is sent by %s: one handshake would do for all that it loads", resp.Proto)
	}
	if resp.StatusCode != http.StatusSeeOther || !resp.Cookies()[0].Secure {
		t.Fatalf("%s, %v", resp.Status, resp.Cookies())
	}
	cookie := resp.Cookies()[0]
	r, _ = http.NewRequest("GET", "https://"+s.link.Host+"/en/workshop", nil)
	r.AddCookie(cookie)
	if resp, err = client.RoundTrip(r); err != nil {
		t.Fatal(err)
	}
	var page bytes.Buffer
	page.ReadFrom(resp.Body)
	resp.Body.Close()
	sum := sha256.Sum256(resp.TLS.PeerCertificates[0].Raw)
	if print := strings.ReplaceAll(fmt.Sprintf("% X", sum[:]), " ", ":"); !strings.Contains(page.String(), print) {
		t.Errorf("the page does not show the certificate's fingerprint %s", print)
	}
	dialer := websocket.Dialer{TLSClientConfig: insecure}
	h := http.Header{"Origin": {"https://" + s.link.Host}, "Cookie": {cookie.Name + "=" + cookie.Value}}
	conn, _, err := dialer.Dial("wss://"+s.link.Host+"/api/class/events", h)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, first, err := conn.ReadMessage(); err != nil || !bytes.Contains(first, []byte(`"seats":60`)) {
		t.Errorf("%s, %v", first, err)
	}
	h.Set("Origin", "http://"+s.link.Host)
	if conn, _, err := dialer.Dial("wss://"+s.link.Host+"/api/class/events", h); err == nil {
		conn.Close()
		t.Error("a page that is not encrypted may listen")
	}
}
