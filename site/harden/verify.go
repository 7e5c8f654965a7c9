package harden

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"socketlabs/labs/telemetry"
)

// What a tool said.
const (
	Fine    = "fine"
	Objects = "objects" // it found something
	Absent  = "absent"  // this host does not have it
	Binary  = "binary"  // only that the binary is not here
	Nothing = "nothing" // there was nothing to look at
	Broken  = "broken"  // it could not be asked
)

// Finding is what one of the system's tools says of a file.
type Finding struct {
	Tool    string   `json:"tool"` // verify, security, sysctl
	Command string   `json:"command"`
	State   string   `json:"state"`
	Said    []string `json:"said"`
}

const (
	toolTime = 20 * time.Second
	toolSays = 64 << 10 // bytes that are read of it
)

// Verify writes the files into a folder of its own, has the system's tools look at
// them, and removes the folder. Nothing is applied.
func Verify(ctx context.Context, r Recipe) ([]Finding, error) {
	if !servicePattern.MatchString(r.Service) {
		return nil, errors.New("harden: not a service's name")
	}
	dir, err := os.MkdirTemp("", "harden-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	plain := func(l Line) string { return l.Why }
	unit, conf := filepath.Join(dir, r.UnitName()), filepath.Join(dir, r.SysctlName())
	for path, text := range map[string]string{unit: r.UnitText(plain), conf: r.SysctlText(plain)} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			return nil, err
		}
	}
	found := []Finding{
		ask(ctx, dir, "verify", "systemd-analyze", "verify", "--man=no", unit),
		ask(ctx, dir, "security", "systemd-analyze", "security", "--offline=true", "--no-pager", unit),
	}
	if len(r.Sysctl) == 0 {
		return append(found, Finding{Tool: "sysctl", Command: "sysctl --dry-run -p " + r.SysctlName(), State: Nothing}), nil
	}
	return append(found, ask(ctx, dir, "sysctl", "sysctl", "--dry-run", "-p", conf)), nil
}

// ask runs a tool on a file of ours. Its words are ours but for the file's path.
func ask(ctx context.Context, dir, tool, name string, args ...string) Finding {
	f := Finding{Tool: tool, Command: strings.ReplaceAll(name+" "+strings.Join(args, " "), dir+string(filepath.Separator), "")}
	path, err := find(name)
	if err != nil {
		f.State = Absent
		return f
	}
	ctx, cancel := context.WithTimeout(ctx, toolTime)
	defer cancel()
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Dir = dir
	cmd.Env = []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C.UTF-8", "SYSTEMD_COLORS=0", "SYSTEMD_EMOJI=0", "SYSTEMD_LOG_LEVEL=notice", "COLUMNS=160"}
	cmd.WaitDelay = time.Second
	said := &head{}
	cmd.Stdout, cmd.Stderr = said, said
	err = cmd.Run()
	f.Said = lines(said.String(), dir)
	if tool == "security" {
		f.Said = overall(f.Said)
	}
	f.State = judged(tool, f.Said, err)
	return f
}

// find looks where administrators' tools are, too.
func find(name string) (string, error) {
	for _, dir := range []string{"/usr/sbin", "/usr/bin", "/sbin", "/bin"} {
		if info, err := os.Stat(filepath.Join(dir, name)); err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0 {
			return filepath.Join(dir, name), nil
		}
	}
	return "", exec.ErrNotFound
}

// missing is what systemd says of a binary that is not on this host.
var missing = regexp.MustCompile(`Command \S+ is not executable: No such file or directory`)

func judged(tool string, said []string, err error) string {
	_, exited := errors.AsType[*exec.ExitError](err)
	switch {
	case err != nil && !exited:
		return Broken
	case tool == "security":
		if err != nil || len(said) == 0 {
			return Broken // before systemd 250 it asks the manager only
		}
		return Fine
	case tool == "sysctl":
		if err != nil {
			return Objects
		}
		return Fine
	case len(said) == 1 && missing.MatchString(said[0]):
		return Binary
	case err != nil || len(said) > 0:
		return Objects
	}
	return Fine
}

// lines are what a tool said, without our folder and safe to show.
func lines(text, dir string) (list []string) {
	for line := range strings.Lines(text) {
		line = strings.TrimRight(strings.ReplaceAll(line, dir+string(filepath.Separator), ""), " \r\n")
		if line != "" {
			list = append(list, telemetry.Visible(line))
		}
	}
	return list
}

// overall is the last word of systemd-analyze security, and what it still finds
// open, at most a dozen lines.
func overall(said []string) (list []string) {
	for _, line := range said {
		if strings.Contains(line, "Overall exposure level") {
			return append(list, strings.TrimSpace(strings.TrimLeft(line, "→-> ")))
		}
		if strings.HasPrefix(strings.TrimSpace(line), "✗") && len(list) < 12 {
			list = append(list, strings.Join(strings.Fields(line), " "))
		}
	}
	return list
}

// head keeps the beginning of what is written.
type head struct{ bytes.Buffer }

func (h *head) Write(p []byte) (int, error) {
	if room := toolSays - h.Len(); room > 0 {
		h.Buffer.Write(p[:min(room, len(p))])
	}
	return len(p), nil
}
