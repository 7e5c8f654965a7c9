package site

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

// vendored is a row of a VENDOR.md: file and sha256.
var vendored = regexp.MustCompile("(?m)^\\|.*\\| `([^`]+)` \\| `([0-9a-f]{64})` \\|$")

func TestVendoredFilesAreUnchanged(t *testing.T) {
	for _, dir := range []string{"static/vendor", "../cmd/labs/testdata/axe"} {
		table, err := os.ReadFile(filepath.Join(dir, "VENDOR.md"))
		if err != nil {
			t.Fatal(err)
		}
		listed := map[string]bool{"VENDOR.md": true}
		for _, row := range vendored.FindAllSubmatch(table, -1) {
			name, want := string(row[1]), string(row[2])
			listed[name] = true
			text, err := os.ReadFile(filepath.Join(dir, name))
			sum := sha256.Sum256(text)
			if got := hex.EncodeToString(sum[:]); err != nil || got != want {
				t.Errorf("%s/%s: sha256 %s, VENDOR.md says %s (%v)", dir, name, got, want, err)
			}
		}
		files, err := os.ReadDir(dir)
		if err != nil || len(listed) < 2 {
			t.Fatalf("%s: %d files listed, %v", dir, len(listed), err)
		}
		for _, f := range files {
			if ext := filepath.Ext(f.Name()); !listed[f.Name()] && ext != ".LICENSE" && f.Name() != "LICENSE" {
				t.Errorf("%s/%s is not in VENDOR.md", dir, f.Name())
			}
		}
	}
}
