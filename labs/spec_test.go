package labs

import (
	"strings"
	"testing"
)

// TestSetLoad: load.NAME is a setting of the load or, when it has none of that
// name, of its client.
func TestSetLoad(t *testing.T) {
	s := Spec{Load: map[string]any{"client": "rpc"}, Client: map[string]any{"retries": 3.0}}
	for _, c := range []struct{ name, text, says string }{
		{"load.renew", "5", ""},
		{"load.retry-share", "0.1", ""},
		{"load.budget", "250ms", ""},
		{"load.tls", "1.3", "no such setting"},
		{"load.heavy", "2", "from 0 to 1"},
		{"load.sources", "251", "from 1 to 250"},
	} {
		if err := s.Set(Lab{}, c.name, c.text); c.says == "" && err != nil || c.says != "" && (err == nil || !strings.Contains(err.Error(), c.says)) {
			t.Errorf("%s=%s: got %v, want %q", c.name, c.text, err, c.says)
		}
	}
	if s.Load["renew"] != 5.0 || s.Client["retry-share"] != 0.1 || s.Client["budget"] != 0.25 || s.Client["retries"] != 3.0 {
		t.Errorf("load %v, client %v", s.Load, s.Client)
	}
	ask := s.Question(Lab{}).Ask
	if ask["retry_share"] != 0.1 || ask["backoff"] != 0.01 || ask["renew"] != 5.0 || ask["method"] != "echo" {
		t.Errorf("asked: %v", ask)
	}
	if err := s.Set(Lab{}, "load.client", "frames"); err != nil || len(s.Client) > 0 {
		t.Errorf("the settings %v are another client's: %v", s.Client, err)
	}
	if err := s.Set(Lab{}, "load.tls", "1.3"); err != nil || s.Client["tls"] != "1.3" {
		t.Errorf("client %v: %v", s.Client, err)
	}
	if err := new(Spec).Set(Lab{}, "load.tls", "1.3"); err == nil {
		t.Error("an experiment without load has no client")
	}
}

// TestClientSettings: no client's setting hides one of the load, every default is
// allowed, and a name means one thing for all.
func TestClientSettings(t *testing.T) {
	seen := map[string]string{}
	for _, c := range append(Clients(), Client{Name: "load", Settings: LoadSettings()}) {
		for _, s := range c.Settings {
			if of, twice := seen[s.Name]; twice {
				t.Errorf("%s is a setting of %s and %s", s.Name, of, c.Name)
			}
			seen[s.Name] = c.Name
			if v, err := s.Check(s.Default); err != nil || v != s.Default {
				t.Errorf("%s: the default %v: %v", s.Name, s.Default, err)
			}
		}
	}
}

// TestChoiceOfNumbers: YAML takes 1.3 for a number and off for a word.
func TestChoiceOfNumbers(t *testing.T) {
	c, _ := ClientNamed("frames")
	tls, _ := find(c.Settings, "tls")
	for _, good := range []any{1.3, "1.3", "off"} {
		if _, err := tls.Check(good); err != nil {
			t.Error(err)
		}
	}
	for _, bad := range []any{1.1, 1, false, "on"} {
		if v, err := tls.Check(bad); err == nil {
			t.Errorf("%v is %v", bad, v)
		}
	}
}
