package runner

import (
	"cmp"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"socketlabs/labs"
)

// versions keeps the source of every lab that was run, by the hash that stands in
// its recordings, so that two runs of edited code can be laid beside each other.
type versions struct {
	root string // the module
	dir  string // code/LAB-HASH/FILE.go
}

// keptVersions is how many versions stay: a lab is some ten kilobytes.
const keptVersions = 200

var hash = regexp.MustCompile(`^[0-9a-f]{8,64}$`)

func (s versions) path(lab, code string) string {
	return filepath.Join(s.dir, filepath.Base(lab)+"-"+code)
}

// keep copies the source of the arms' labs, each once. It is a service of its
// own: a run does not fail for it.
func (s versions) keep(arms []*arm, log *slog.Logger) {
	for _, a := range arms {
		to := s.path(a.lab.Name, a.lab.Code)
		if _, err := os.Stat(to); err == nil || !hash.MatchString(a.lab.Code) {
			continue
		}
		if err := s.copy(a.lab, to); err != nil {
			log.Warn("keep the source", "lab", a.lab.Name, "error", err)
		}
	}
	s.prune()
}

// copy writes a lab's files under a name that is complete or not there.
func (s versions) copy(l labs.Lab, to string) error {
	code, files, err := labs.Source(s.root, l.Name)
	if err != nil || code != l.Code { // it was edited since it was read
		return err
	}
	if err := os.MkdirAll(s.dir, 0o755); err != nil {
		return err
	}
	work, err := os.MkdirTemp(s.dir, ".copy-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(work, name), []byte(text), 0o644); err != nil {
			return err
		}
	}
	return os.Rename(work, to)
}

// prune removes the versions that were kept first.
func (s versions) prune() {
	entries, _ := os.ReadDir(s.dir)
	if len(entries) <= keptVersions {
		return
	}
	age := func(e os.DirEntry) int64 {
		info, err := e.Info()
		if err != nil {
			return 0
		}
		return info.ModTime().UnixNano()
	}
	slices.SortFunc(entries, func(a, b os.DirEntry) int { return cmp.Compare(age(b), age(a)) })
	for _, old := range entries[keptVersions:] {
		os.RemoveAll(filepath.Join(s.dir, old.Name()))
	}
}

// diff returns what differs between two versions of a lab; nothing when one of
// them is not kept.
func (s versions) diff(lab, a, b string) []FileDiff {
	out := []FileDiff{}
	old, new := s.read(lab, a), s.read(lab, b)
	if old == nil || new == nil {
		return out
	}
	names := maps.Clone(old)
	maps.Copy(names, new)
	for _, name := range slices.Sorted(maps.Keys(names)) {
		if old[name] != new[name] {
			out = append(out, FileDiff{"labs/" + lab + "/" + name, diffLines(strings.Split(old[name], "\n"), strings.Split(new[name], "\n"))})
		}
	}
	return out
}

func (s versions) read(lab, code string) map[string]string {
	if !hash.MatchString(code) {
		return nil
	}
	dir := s.path(lab, code)
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil
	}
	files := map[string]string{}
	for _, e := range entries {
		if text, err := os.ReadFile(filepath.Join(dir, e.Name())); err == nil {
			files[e.Name()] = string(text)
		}
	}
	return files
}
