//go:build linux

package labtest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
)

// built are the labs that this test binary has built: open descriptors of files
// that have no name any more, so that nothing is left behind however it ends.
var built struct {
	sync.Mutex
	labs map[string]*os.File // guards itself
}

// executable returns the built lab, built once, with the race detector when the
// test has it.
func executable(t testing.TB, name string) *os.File {
	t.Helper()
	built.Lock()
	defer built.Unlock()
	if f := built.labs[name]; f != nil {
		return f
	}
	f, err := build(name)
	if err != nil {
		t.Fatal(err)
	}
	if built.labs == nil {
		built.labs = map[string]*os.File{}
	}
	built.labs[name] = f
	return f
}

func build(name string) (*os.File, error) {
	dir, err := os.MkdirTemp("", "labtest")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	args := []string{"build", "-o", filepath.Join(dir, name)}
	if race {
		args = append(args, "-race")
	}
	out, err := exec.Command("go", append(args, "socketlabs/labs/"+name)...).CombinedOutput()
	if err != nil {
		return nil, fmt.Errorf("build %s: %w\n%s", name, err, out)
	}
	return os.Open(filepath.Join(dir, name))
}
