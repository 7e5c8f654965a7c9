package site

import (
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"socketlabs/content"
	"socketlabs/runner/judge"
	"socketlabs/site/harden"
)

func TestHardeningHasWordsForEverything(t *testing.T) {
	say := func(key string, args ...string) {
		t.Helper()
		for _, lang := range languages {
			if got := Said(lang, key, args...); got == key || strings.ContainsAny(got, "{}\n") {
				t.Errorf("%s in %s: %q", key, lang, got)
			}
		}
	}
	for _, f := range harden.Fields() {
		say("harden.field." + f.Name)
		say("harden.hint." + f.Name)
	}
	for _, q := range []string{"", "user=echo&port=9000&restarts=0", "port=40000&backlog=65535&outgoing=60000&connections=1000000&files=1000000"} {
		values, _ := url.ParseQuery(q)
		n, wrong := harden.Read(values.Get)
		if len(wrong) > 0 {
			t.Fatal(wrong)
		}
		for _, now := range []map[string]string{nil, {"fs.file-max": "100", "net.ipv4.ip_local_reserved_ports": "40000"}} {
			r := harden.Write(n, now)
			for _, l := range append(r.Unit, r.Sysctl...) {
				say("harden.why."+l.Why, l.Args...)
			}
			for _, l := range r.Left {
				say("harden.left."+l.Why, l.Args...)
			}
		}
	}
	for _, q := range []string{"service=-&user=root&binary=x&args=%25&port=x", "user=-&binary=/home/x", "binary=/tmp/x&user=nobody"} {
		values, _ := url.ParseQuery(q)
		_, wrong := harden.Read(values.Get)
		for _, p := range wrong {
			say("harden.wrong."+p.Code, p.Args...)
		}
	}
	for _, state := range []string{harden.Fine, harden.Objects, harden.Absent, harden.Binary, harden.Nothing, harden.Broken} {
		say("harden.state." + state)
		say("harden.said." + state)
	}
}

func TestTheHardeningPage(t *testing.T) {
	s := serve(t)
	body := s.html("/en/harden?service=chat&port=40000&drain=90")
	for _, part := range []string{"/etc/systemd/system/chat.service", "TimeoutStopSec=95", "CapabilityBoundingSet=\n", `value="40000"`, "labs harden --service=chat --port=40000 --drain=90"} {
		if !strings.Contains(body, part) {
			t.Errorf("the page lacks %q", part)
		}
	}
	body = s.html("/ko/harden?service=chat&port=http&binary=" + url.QueryEscape(`/x"><script>`))
	for _, part := range []string{`value="http"`, `value="chat"`, `aria-invalid="true"`, "1부터 65535까지의 정수"} {
		if !strings.Contains(body, part) {
			t.Errorf("with a mistake the page lacks %q", part)
		}
	}
	if strings.Contains(body, "<script>") || strings.Contains(body, "ExecStart=") {
		t.Error("what cannot be used is written")
	}
}

func TestTheHardeningsFilesAndTools(t *testing.T) {
	s := serve(t)
	resp, body := s.do(request{path: "/api/hardening/unit?service=chat&port=9000&lang=ko", bearer: testToken})
	if resp.StatusCode != http.StatusOK || resp.Header.Get("Content-Disposition") != `attachment; filename="chat.service"` || !strings.Contains(body, "ExecStart=/usr/local/bin/echo-server\n") {
		t.Errorf("%s %v\n%s", resp.Status, resp.Header, body)
	}
	for path, want := range map[string]int{
		"/api/hardening/passwd?service=chat":               404,
		"/api/hardening/unit?service=..%2Fchat":            400,
		"/api/hardening/unit?binary=/bin/x%0AUser%3Droot":  400,
		"/api/hardening/unit?lang=fr":                      404,
		"/api/hardening/sysctl?port=40000&connections=abc": 400,
	} {
		if resp, body := s.do(request{path: path, bearer: testToken}); resp.StatusCode != want {
			t.Errorf("%s: %s, want %d\n%s", path, resp.Status, want, body)
		}
	}
	status, body := s.command("POST", "/api/hardening/verify", `{"numbers":{"service":"chat","binary":"/bin/cat","port":"9000"}}`)
	var got struct{ Findings []harden.Finding }
	if err := json.Unmarshal([]byte(body), &got); err != nil || status != http.StatusOK || len(got.Findings) != 3 {
		t.Fatalf("%d %v\n%s", status, err, body)
	}
	for _, f := range got.Findings {
		if f.State == harden.Objects || f.State == "" {
			t.Errorf("%+v", f)
		}
	}
	status, body = s.command("POST", "/api/hardening/verify", `{"numbers":{"service":"--help"}}`)
	if c := refused(t, body); status != http.StatusBadRequest || c.Error.Field != "service" || c.Error.Text.Ko == "" {
		t.Errorf("%d %+v", status, c)
	}
	if resp, _ := s.do(request{method: "POST", path: "/api/hardening/verify", body: `{}`, origin: "http://evil.example", cookie: testToken}); resp.StatusCode != http.StatusForbidden {
		t.Errorf("another site asks our tools: %s", resp.Status)
	}
}

func TestTheChecklistHasWordsAndExperiments(t *testing.T) {
	t.Parallel()
	s := serve(t)
	known := saidTexts()
	for _, row := range judge.Checklist(nil, nil) {
		for _, part := range []string{"title", "governs", "change"} {
			if _, ok := known["checklist."+row.ID+"."+part]; !ok {
				t.Errorf("tables.yaml has no checklist.%s.%s", row.ID, part)
			}
		}
		for _, see := range row.See {
			if _, err := s.shelf.edition().book.Find(see); err != nil {
				t.Errorf("%s sees %s: %v", row.ID, see, err)
			}
		}
	}
	for _, row := range judge.Checklist(nil, nil) {
		if len(row.See) != 2 {
			continue
		}
		a, _ := s.shelf.edition().book.Find(row.See[0])
		b, _ := s.shelf.edition().book.Find(row.See[1])
		if _, err := content.Versus(b.Spec.Name, a.Spec, b.Spec, s.shelf.edition().labs, 1); err != nil {
			t.Errorf("labs compare %s: %v", strings.Join(row.See, " "), err)
		}
	}
	source, err := os.ReadFile(filepath.Join("..", "runner", "judge", "checklist.go"))
	if err != nil {
		t.Fatal(err)
	}
	reasons := []string{"tcp_rmem.limits", "tcp_rmem.elsewhere", "tcp_rmem.idle", "tcp_wmem.limits", "tcp_wmem.elsewhere", "tcp_wmem.idle"}
	for _, m := range regexp.MustCompile(`(?:Limits|Elsewhere|Idle|Unknown|Gone), "([a-z_.]+)"`).FindAllStringSubmatch(string(source), -1) {
		reasons = append(reasons, m[1])
	}
	if len(reasons) < 25 {
		t.Errorf("only %v", reasons)
	}
	for _, why := range reasons {
		if _, ok := known["checklist.why."+why]; !ok {
			t.Errorf("tables.yaml has no checklist.why.%s", why)
		}
	}
	for _, lang := range languages {
		if body := s.html("/" + lang + "/checklist"); !strings.Contains(body, "net.core.somaxconn") || !strings.Contains(body, "labs run states/full") {
			t.Errorf("/%s/checklist without a run", lang)
		}
	}
}

func TestThePagesThatCarryClaimsExist(t *testing.T) {
	t.Parallel()
	s := serve(t)
	claims, problems := content.ReadClaims(filepath.Join(root(t), "content"), s.shelf.edition().book)
	if len(claims.Pages) == 0 || len(problems) > 0 {
		t.Errorf("%+v %v", claims, problems)
	}
	for _, page := range claims.Pages {
		s.html("/en/" + page)
	}
}
