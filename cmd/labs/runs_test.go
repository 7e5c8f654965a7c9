package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"socketlabs/runner"
)

// What `labs run` leaves is listed, named, annotated, given away, taken back and
// deleted.
func TestRunsOfTheCommandLine(t *testing.T) {
	data, away := t.TempDir(), t.TempDir()
	_, out, diag := invoke(t, data, "run", "epoll/fits", "--for", "1s", "--json")
	var r report
	if err := json.Unmarshal([]byte(out), &r); err != nil {
		t.Fatalf("%v\n%s", err, diag)
	}
	file := filepath.Join(away, "run.jsonl.gz")
	for _, tt := range []struct {
		args []string
		says string
		why  string
	}{
		{[]string{"runs"}, r.Run + "  epoll/fits", "it is listed"},
		{[]string{"runs", "--of", "blocking"}, "no recordings yet", "of another lesson there is none"},
		{[]string{"runs", "name", r.Run, "first try"}, "", "a name"},
		{[]string{"runs", "note", r.Run, "--at", "0.5", "--chart", "calls", "steady"}, "note 1\n", "a note"},
		{[]string{"runs", "note", r.Run, "--at", "0.2", "--to", "0.9", "a stretch"}, "note 2\n", "another"},
		{[]string{"runs", "show", r.Run}, "0.2–0.9 s: a stretch", "both are shown"},
		{[]string{"runs", "note", r.Run, "--rm", "2"}, "", "one is deleted"},
		{[]string{"runs", "export", r.Run, "-o", file}, file, "given away"},
		{[]string{"runs", "export", r.Run, "--as", "csv", "-o", "-"}, "\r\n", "as a table"},
		{[]string{"runs", "export", r.Run, "--as", "html", "-o", "-"}, "<!doctype html>", "as a page"},
		{[]string{"runs", "rm", r.Run}, "", "deleted"},
		{[]string{"runs", "import", file}, r.Run + "  epoll/fits  first try", "and taken back"},
	} {
		if status, out, diag := invoke(t, data, tt.args...); status != 0 || !strings.Contains(out, tt.says) {
			t.Fatalf("%s: %v: %d\n%s%s", tt.why, tt.args, status, out, diag)
		}
	}
	for _, args := range [][]string{
		{"runs", "show", "20260102T030405Z-00000000"}, {"runs", "export", r.Run, "--as", "exe"}, {"runs", "export", r.Run, "-o", file},
		{"runs", "note", r.Run}, {"runs", "note", r.Run, "--at", "-1", "x"}, {"runs", "import", filepath.Join("..", "..", "go.mod")}, {"runs", "rm", "../x"},
	} {
		if status, out, diag := invoke(t, data, args...); status != 2 || diag == "" {
			t.Errorf("%v: %d\n%s%s", args, status, out, diag)
		}
	}
	var list struct{ Runs []runner.Summary }
	_, out, _ = invoke(t, data, "runs", "--json")
	if err := json.Unmarshal([]byte(out), &list); err != nil || len(list.Runs) != 1 || list.Runs[0].Name != "first try" || list.Runs[0].Notes != 1 || list.Runs[0].Imported == nil {
		t.Errorf("%v\n%s", err, out)
	}
	if left, _ := os.ReadDir(away); len(left) != 1 {
		t.Errorf("files left: %v", left)
	}
}
