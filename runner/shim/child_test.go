//go:build linux

package shim

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"sync"
	"testing"

	"golang.org/x/sys/unix"
)

func TestStatus(t *testing.T) {
	for _, c := range []struct{ script, want, why string }{
		{"exit 0", "exit status 0", "success"},
		{"exit 3", "exit status 3", "a code of its own is passed"},
		{"kill -SEGV $$", "signal SIGSEGV", "a crash is told from an exit"},
		{"kill -TERM $$", "signal SIGTERM", "what the shim catches, its children do not"},
		{"kill -INT $$", "signal SIGINT", "nor do they ignore it"},
		{"kill -9 $$", "signal SIGKILL", "what nobody can catch"},
	} {
		eachWay(t, func(t *testing.T, way string) {
			s := openAs(t, way, Options{})
			if _, _, status := run(t, s, sh(c.script)); status.String() != c.want {
				t.Errorf("%s: %s, want %s: %s", c.script, status, c.want, c.why)
			}
		})
	}
}

func TestStartRefusals(t *testing.T) {
	eachWay(t, func(t *testing.T, way string) {
		s := openAs(t, way, Options{})
		for _, c := range []struct {
			command Command
			want    error
			why     string
		}{
			{Command{Path: "/no/such/lab"}, fs.ErrNotExist, "the binary is gone"},
			{Command{Path: "/etc"}, fs.ErrPermission, "a folder cannot be executed"},
			{Command{Path: "/bin/sh", Dir: "/no/such/dir"}, fs.ErrNotExist, "chdir fails before exec"},
			{Command{Path: "/etc/os-release"}, fs.ErrPermission, "not executable"},
			{Command{Path: "/bin/sh", Args: []string{strings.Repeat("x", packet)}}, unix.EMSGSIZE, "more than a packet holds"},
		} {
			_, err := s.Start(c.command)
			if !errors.Is(err, c.want) {
				t.Errorf("%s in %q: %v, want %v: %s", c.command.Path, c.command.Dir, err, c.want, c.why)
			}
		}
		if _, _, status := run(t, s, sh("exit 0")); !status.OK() {
			t.Errorf("after refusals: %s", status)
		}
	})
}

func TestStreams(t *testing.T) {
	eachWay(t, func(t *testing.T, way string) {
		s := openAs(t, way, Options{})
		const size = 10 << 20
		out, errs, status := run(t, s, sh(fmt.Sprintf("head -c %d /dev/zero; echo to stderr >&2", size)))
		if len(out) != size || errs != "to stderr\n" || !status.OK() {
			t.Errorf("%d bytes and %q, %s; want %d bytes", len(out), errs, status, size)
		}
		p, err := s.Start(sh("cat"))
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(p.Stdin, "through stdin")
		p.Stdin.Close()
		if data, _ := io.ReadAll(p.Stdout); string(data) != "through stdin" {
			t.Errorf("cat said %q", data)
		}
		p.Wait()
	})
}

// A child begins with nothing that it was not given: not a descriptor of the
// parent or of the shim, not a variable, no way to more rights.
func TestChildBeginsClean(t *testing.T) {
	t.Setenv("SECRET", "of the parent")
	eachWay(t, func(t *testing.T, way string) {
		s := openAs(t, way, Options{})
		c := acting("clean")
		c.Env = []string{"EXTRA=1", "LANG=C"}
		out, _, _ := run(t, s, c)
		for _, want := range []string{"fds 0 1 2\n", "NoNewPrivs:\t1\n", "EXTRA=1\n", "LANG=C\n", "GOTRACEBACK=single\n", tag + tagOf(t) + "\n", "leads a group\n", "ignored 0\n"} {
			if !strings.Contains(out, want) {
				t.Errorf("no %q in:\n%s", want, out)
			}
		}
		if strings.Contains(out, "SECRET") || strings.Count(out, "LANG=") != 1 {
			t.Errorf("environment:\n%s", out)
		}
	})
}

func TestLimits(t *testing.T) {
	eachWay(t, func(t *testing.T, way string) {
		s := openAs(t, way, Options{Limits: Limits{Memory: 64 << 20, Files: 37, Processes: 123}})
		out, _, _ := run(t, s, sh("cat /proc/self/limits"))
		for name, want := range map[string]string{
			"Max data size": "67108864", "Max open files": "37", "Max core file size": "0", "Max processes": "123",
		} {
			if way == Subreaper && name == "Max processes" {
				continue // the user's other processes count there too
			}
			if soft, hard := limit(out, name); soft != want || hard != want {
				t.Errorf("%s: %s and %s, want %s", name, soft, hard, want)
			}
		}
		_, _, status := run(t, s, sh("dd if=/dev/zero of=/dev/null bs=100M count=1 2>/dev/null"))
		if status.OK() {
			t.Error("100 MB fit into 64 MiB of data")
		}
	})
}

// limit finds a row of /proc/PID/limits.
func limit(table, name string) (soft, hard string) {
	for line := range strings.Lines(table) {
		if rest, ok := strings.CutPrefix(line, name); ok {
			f := strings.Fields(rest)
			return f[0], f[1]
		}
	}
	return "", ""
}

// Outside limits stay as they are, and the shim itself is not bound.
func TestNoLimits(t *testing.T) {
	s := openAs(t, Namespaces, Options{})
	var here unix.Rlimit
	if err := unix.Prlimit(s.PID(), unix.RLIMIT_DATA, nil, &here); err != nil {
		t.Fatal(err)
	}
	out, _, _ := run(t, s, sh("cat /proc/self/limits"))
	if soft, _ := limit(out, "Max data size"); here.Cur == unix.RLIM_INFINITY && soft != "unlimited" {
		t.Errorf("data %s, unlimited here", soft)
	}
	if soft, _ := limit(out, "Max core file size"); soft != "0" {
		t.Errorf("core files of %s bytes", soft)
	}
}

// No end is lost, however many come at once, and none is another's.
func TestManyEndsAtOnce(t *testing.T) {
	eachWay(t, func(t *testing.T, way string) {
		s := openAs(t, way, Options{})
		var starting sync.WaitGroup
		for i := range 4 {
			starting.Go(func() {
				for j := range 25 {
					want := 1 + 25*i + j
					p, err := s.Start(sh(fmt.Sprintf("sleep 0.0%d & exit %d", j%3, want)))
					if err != nil {
						t.Error(err)
						return
					}
					starting.Go(func() {
						if status := p.Wait(); status.Code != want {
							t.Errorf("%s, want exit status %d", status, want)
						}
						closeFiles([]*os.File{p.Stdin.(*os.File), p.Stdout.(*os.File), p.Stderr.(*os.File)})
					})
				}
			})
		}
		starting.Wait()
	})
}
