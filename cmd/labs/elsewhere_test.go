package main

import (
	"os"
	"os/exec"
	"testing"
)

// On a system that is not Linux nothing runs, but lessons are read and recordings
// replayed: so it must build there.
func TestLongBuildsElsewhere(t *testing.T) {
	onlyLong(t)
	cmd := exec.Command("go", "build", "-o", os.DevNull, ".")
	cmd.Env = append(os.Environ(), "GOOS=darwin", "GOARCH=arm64", "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
