package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp/kb"
)

// TestLongPageTables provokes an errno in the error map with the keyboard, finds in
// the checklist that the run met a limit which the server had set itself, and has the
// hardening verified.
func TestLongPageTables(t *testing.T) {
	onlyLong(t)
	data := t.TempDir()
	s := serve(t, data, nil)
	p := open(t, s)
	p.allow("status of 400")
	p.enter()

	p.visit("/en/errors-map")
	if n := p.count("[data-measured] a"); n != 0 {
		t.Errorf("%d rows quote a run, and there is none", n)
	}
	for _, name := range []string{"pipe", "refused"} {
		box := `[data-provoke="errors/` + name + `"] `
		for range 6 { // on a busy machine a run may prove nothing, and says so
			eval[any](p, `document.querySelector(%s).focus()`, box+"button")
			p.press(kb.Enter)
			p.until(aRun, name+" was measured", `((b) => !b.querySelector("button").disabled && b.querySelector("[data-measured] a")?.href.includes("/en/runs/"))(document.querySelector(%s))`, strings.TrimSpace(box))
			if strings.Contains(p.text(box+"[data-measured]"), "times in") {
				break
			}
		}
		if got := p.text(box + "[data-measured]"); !strings.Contains(got, "times in") || strings.HasPrefix(got, "0 ") {
			t.Errorf("%s: %s", name, got)
		}
	}
	p.until(patience, "the buttons rest", `document.getAnimations().length === 0`)
	p.accessible("the error map after runs")
	if _, stdout, _ := invoke(t, data, "errors", "epipe"); !strings.Contains(stdout, "times in 1 s") {
		t.Errorf("headless: %s", stdout)
	}
	p.shots("errors-map-after", "#emfile")
	p.visit("/ko/errors-map")
	if got := p.text(`[data-errno="epipe"] [data-measured]`); !strings.Contains(got, "초 동안") {
		t.Errorf("the page as the server makes it: %s", got)
	}

	p.visit("/en/checklist")
	if got := p.text(`[data-state="elsewhere"] h2`); !strings.Contains(got, "file descriptors") {
		t.Errorf("the run of %s met: %s", p.text("select[name=run] option:checked"), got)
	}
	p.accessible("the checklist of a run")
	p.size(390, 800)
	p.fits("the checklist of a run", 390)
	p.size(1440, 1000)
	p.shots("checklist-after", "")
	code, stdout, stderr := invoke(t, data, "checklist", "--json")
	var list struct {
		Run      string
		Settings []struct{ ID, State string }
	}
	if err := json.Unmarshal([]byte(stdout), &list); err != nil || code != statusHolds || list.Run == "" || len(list.Settings) < 10 {
		t.Errorf("status %d, %v\n%s%s", code, err, stdout, stderr)
	}

	p.visit("/en/harden")
	eval[any](p, `document.querySelector('[name="port"]').value = "x"`)
	p.click(".harden-act button")
	p.until(patience, "the mistake is named and kept", `document.querySelector("#harden-port-wrong") !== null && document.querySelector('[name="port"]').value === "x"`)
	p.accessible("the hardening with a mistake")
	eval[any](p, `document.querySelector('[name="port"]').value = "40000"`)
	eval[any](p, `document.querySelector('[name="binary"]').value = "/bin/cat"`)
	p.click(".harden-act button")
	p.until(patience, "both files are written, and the page listens", `document.querySelectorAll(".harden-file").length === 4 && document.querySelector("#ui-harden .is-live")`)
	p.click("[data-act=verify]")
	p.until(aRun, "the tools have answered", `document.querySelector("[data-findings] .note") !== null`)
	if got := p.text("[data-findings]"); p.count("[data-findings] .note") != 3 || strings.Contains(got, "objects") || strings.Contains(got, "could not") {
		t.Errorf("the tools say: %s", got)
	}
	p.until(patience, "the button rests", `!document.querySelector("[data-act=verify]").disabled && document.getAnimations().length === 0`)
	p.accessible("a verified hardening")
	p.size(390, 800)
	p.fits("a verified hardening", 390)
	p.size(1440, 1000)
	p.shots("hardening-verified", "#ui-harden")
}

func TestErrors(t *testing.T) {
	data := t.TempDir()
	code, stdout, stderr := invoke(t, data, "errors", "epipe")
	if code != statusHolds || !strings.Contains(stdout, "labs run errors/pipe") || !strings.Contains(stdout, "Not measured") || !strings.Contains(stdout, "write(2)") {
		t.Errorf("status %d\n%s%s", code, stdout, stderr)
	}
	if code, _, stderr := invoke(t, data, "errors", "ENOENT"); code != statusError || !strings.Contains(stderr, "EMFILE") {
		t.Errorf("an errno that is not in the map: status %d, %s", code, stderr)
	}
	var rows []struct{ Name string }
	if _, stdout, _ := invoke(t, data, "errors", "--json"); json.Unmarshal([]byte(stdout), &rows) != nil || len(rows) < 10 {
		t.Errorf("%s", stdout)
	}
}

func TestHarden(t *testing.T) {
	data, out := t.TempDir(), t.TempDir()
	args := []string{"harden", "--service", "chat", "--binary", "/bin/cat", "--port", "9000", "--drain", "90", "-o", out, "--lang", "ko"}
	if code, stdout, stderr := invoke(t, data, args...); code != statusHolds {
		t.Errorf("status %d\n%s%s", code, stdout, stderr)
	}
	unit, err := os.ReadFile(filepath.Join(out, "chat.service"))
	if err != nil || !strings.Contains(string(unit), "TimeoutStopSec=95\n") || !strings.Contains(string(unit), "# 비우는 데 90초가") {
		t.Errorf("%v\n%s", err, unit)
	}
	if code, _, stderr := invoke(t, data, args...); code != statusError || !strings.Contains(stderr, "--force") {
		t.Errorf("over a file that is there: status %d, %s", code, stderr)
	}
	code, _, stderr := invoke(t, data, "harden", "--service", "../x", "--port", "0")
	if code != statusError || !strings.Contains(stderr, "--service: ") || !strings.Contains(stderr, "--port: Give a whole number") {
		t.Errorf("wrong numbers: status %d, %s", code, stderr)
	}
	var said struct {
		Recipe struct {
			Unit []struct{ Key string }
		}
		Findings []struct{ State string }
	}
	_, stdout, stderr := invoke(t, data, "harden", "--json", "--no-verify")
	if err := json.Unmarshal([]byte(stdout), &said); err != nil || len(said.Recipe.Unit) < 20 || said.Findings != nil {
		t.Errorf("%v\n%s%s", err, stdout, stderr)
	}
}

func TestChecklist(t *testing.T) {
	data := t.TempDir()
	code, stdout, stderr := invoke(t, data, "checklist")
	if code != statusHolds || !strings.Contains(stdout, "net.core.somaxconn") || !strings.Contains(stdout, "no run to judge by") {
		t.Errorf("status %d\n%s%s", code, stdout, stderr)
	}
	if code, _, stderr := invoke(t, data, "checklist", "20260102T030405Z-00000001"); code != statusError || !strings.Contains(stderr, "labs runs") {
		t.Errorf("a run that is not there: status %d, %s", code, stderr)
	}
	imported(t, data, "epoll/fits")
	if _, stdout, _ := invoke(t, data, "checklist"); !strings.Contains(stdout, "no run to judge by") {
		t.Errorf("a run of another host was taken\n%s", stdout)
	}
}
