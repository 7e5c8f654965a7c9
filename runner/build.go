package runner

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"socketlabs/labs"
	"socketlabs/labs/telemetry"
)

// niceness of builds that nobody waits for.
const niceness = 10

// builder turns labs into binaries, one at a time.
type builder struct {
	root string // the module
	bin  string // bin/HASH/LAB, by the hash of all that the binary is made of
	keep int    // how many of them stay
	one  sync.Mutex
}

// binary returns where a lab's binary is, or belongs.
func (b *builder) binary(l labs.Lab) string { return filepath.Join(b.bin, l.Build, l.Name) }

// build returns the lab's binary, built now if its source has changed, and what
// the compiler said. With a version of a function, the lab is the one that it
// makes (labs.Lab.With). The error is an *ending with the first line that it names.
func (b *builder) build(ctx context.Context, l labs.Lab, v *labs.Version, nice bool) (path string, output []string, err error) {
	b.one.Lock()
	defer b.one.Unlock()
	path = b.binary(l)
	if _, err := os.Stat(path); err == nil {
		now := time.Now()
		os.Chtimes(filepath.Dir(path), now, now)
		return path, nil, nil
	}
	compiler, err := exec.LookPath("go")
	if err != nil {
		return "", nil, fails("no-toolchain", err.Error())
	}
	if err := os.MkdirAll(b.bin, 0o755); err != nil {
		return "", nil, err
	}
	work, err := os.MkdirTemp(b.bin, ".build-")
	if err != nil {
		return "", nil, err
	}
	defer os.RemoveAll(work)
	args := []string{"build", "-trimpath=false", "-buildvcs=false", "-o", filepath.Join(work, l.Name)}
	overlay := filepath.Join(work, "overlay")
	if v != nil {
		if err := b.overlay(overlay, l, *v); err != nil {
			return "", nil, err
		}
		args = append(args, "-overlay", filepath.Join(overlay, "overlay.json"))
	}
	cmd := exec.Command(compiler, append(args, "./labs/"+l.Name)...)
	cmd.Dir = b.root
	cmd.Env = append(cmd.Environ(), "GOTMPDIR="+work) // so that what a killed build leaves goes with it
	text, err := run(ctx, cmd, nice)
	output = lines(text)
	if v != nil {
		output = called(output, l, *v)
		os.RemoveAll(overlay)
	}
	if err != nil {
		if ctx.Err() != nil {
			return "", nil, context.Cause(ctx)
		}
		return "", output, buildError(output, err)
	}
	return path, output, b.install(l, v, work)
}

// install gives a new binary its name, if it was made of the source that the
// name stands for.
func (b *builder) install(l labs.Lab, v *labs.Version, work string) error {
	c, err := labs.Read(b.root)
	if err != nil {
		return err
	}
	now, _ := c.Lab(l.Name)
	if v != nil {
		now = now.With(*v)
	}
	if now.Build != l.Build {
		return fails("build-error", "the source changed while it was being built: run it again")
	}
	if err := os.Rename(work, filepath.Dir(b.binary(l))); err != nil && !errors.Is(err, unix.EEXIST) && !errors.Is(err, unix.ENOTEMPTY) {
		return err
	}
	b.prune()
	return nil
}

// overlay writes into dir what the go command puts in the place of the lab's
// own files: labs/ is not touched.
func (b *builder) overlay(dir string, l labs.Lab, v labs.Version) error {
	c, err := labs.Read(b.root)
	if err != nil {
		return err
	}
	now, _ := c.Lab(l.Name)
	files, err := c.Overlay(now, v)
	if wrong, ok := errors.AsType[*labs.VersionError](err); ok {
		e := fails("build-error", wrong.Text)
		e.reason.File, e.reason.At = v.File, wrong.Line
		return e
	}
	if err == nil {
		err = os.Mkdir(dir, 0o755)
	}
	if err != nil {
		return err
	}
	replace := map[string]string{}
	for name, text := range files {
		at := filepath.Join(dir, filepath.Base(name))
		if err := os.WriteFile(at, text, 0o644); err != nil {
			return err
		}
		replace[filepath.Join(b.root, name)] = at
	}
	list, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "overlay.json"), list, 0o644)
}

// called gives the version its own name in what the compiler says, which takes
// it for a file of the lab.
func called(output []string, l labs.Lab, v labs.Version) []string {
	for i, line := range output {
		at := strings.TrimPrefix(strings.TrimPrefix(line, "./"), "labs/"+l.Name+"/")
		if rest, ok := strings.CutPrefix(at, v.Base()+":"); ok {
			output[i] = v.File + ":" + rest
		}
	}
	return output
}

// prune removes the binaries that were not used for the longest time.
func (b *builder) prune() {
	entries, _ := os.ReadDir(b.bin)
	type build struct {
		path string
		used time.Time
	}
	var builds []build
	for _, e := range entries {
		if info, err := e.Info(); err == nil && e.IsDir() {
			builds = append(builds, build{filepath.Join(b.bin, e.Name()), info.ModTime()})
		}
	}
	slices.SortFunc(builds, func(x, y build) int { return cmp.Compare(y.used.UnixNano(), x.used.UnixNano()) })
	for _, old := range builds[min(b.keep, len(builds)):] {
		os.RemoveAll(old.path)
	}
}

// run runs a command in a process group of its own and returns what it
// printed, at most 256 KiB. When ctx ends, the whole group is killed.
func run(ctx context.Context, cmd *exec.Cmd, nice bool) ([]byte, error) {
	var out bounded
	cmd.Stdout, cmd.Stderr = &out, &out
	together(cmd)
	cmd.WaitDelay = time.Second
	done := make(chan error)
	go func() {
		// The death signal follows the thread, and niceness cannot be taken
		// back: the thread is this command's alone and ends with it.
		runtime.LockOSThread()
		if nice {
			unix.Setpriority(unix.PRIO_PROCESS, 0, niceness)
		}
		err := cmd.Start()
		if err == nil {
			defer context.AfterFunc(ctx, func() { unix.Kill(-cmd.Process.Pid, unix.SIGKILL) })()
			err = cmd.Wait()
		}
		done <- err
	}()
	err := <-done
	return out.buf.Bytes(), err
}

// bounded keeps the beginning of what is written to it.
type bounded struct{ buf bytes.Buffer }

func (b *bounded) Write(p []byte) (int, error) {
	if room := 256<<10 - b.buf.Len(); room > 0 {
		b.buf.Write(p[:min(room, len(p))])
	}
	return len(p), nil
}

// lines splits what a compiler printed.
func lines(text []byte) []string {
	text = bytes.TrimRight(text, "\n")
	if len(text) == 0 {
		return nil
	}
	return strings.Split(string(text), "\n")
}

// compilerLine is FILE:LINE[:COLUMN]: TEXT.
var compilerLine = regexp.MustCompile(`^(?:\./)?([^\s:]+\.(?:go|mod|sum|s)):([0-9]+):(?:[0-9]+:)? ?(.+)$`)

// buildError is the ending of a run whose lab does not compile.
func buildError(output []string, err error) *ending {
	e := fails("build-error", err.Error())
	for _, line := range output {
		if m := compilerLine.FindStringSubmatch(line); m != nil {
			at, _ := strconv.Atoi(m[2])
			e.reason.File, e.reason.At, e.reason.Line = m[1], at, m[3]
			return e
		}
	}
	for _, line := range output {
		if line != "" && !strings.HasPrefix(line, "#") {
			e.reason.Line = line
			break
		}
	}
	return e
}

// compilerSays makes what a compiler printed events of a run.
func compilerSays(output []string, failed bool) []telemetry.Event {
	level := "info"
	if failed {
		level = "error"
	}
	var events []telemetry.Event
	for _, line := range output[:min(len(output), 200)] {
		events = append(events, telemetry.Event{Kind: telemetry.KindLog, From: telemetry.FromRunner, Level: level, Text: line})
	}
	return events
}
