package content

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// problems collects what is wrong, each thing once.
type problems struct{ list []Problem }

func (p *problems) add(file string, line int, format string, args ...any) {
	problem := Problem{File: file, Line: max(line, 1), Text: fmt.Sprintf(format, args...)}
	if !slices.Contains(p.list, problem) {
		p.list = append(p.list, problem)
	}
}

// in counts the problems of a folder.
func (p *problems) in(folder string) int {
	n := 0
	for _, problem := range p.list {
		if strings.HasPrefix(problem.File, folder+"/") {
			n++
		}
	}
	return n
}

// sorted returns the problems by file and line.
func (p *problems) sorted() []Problem {
	slices.SortStableFunc(p.list, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line))
	})
	return p.list
}

// file is one text of the content: it knows where to complain.
type file struct {
	name     string // relative to the module
	offset   int    // lines of the file before the text
	problems *problems
	lines    int // of the text; 0: not counted
}

// fail records a problem on a line of the text, counted from 1.
func (f *file) fail(line int, format string, args ...any) {
	if f.lines > 0 { // YAML counts line breaks that editors do not
		line = min(line, f.lines)
	}
	f.problems.add(f.name, f.offset+line, format, args...)
}

// from returns the same file for a text that begins after the given line.
func (f *file) from(line int) *file {
	return &file{f.name, f.offset + line, f.problems, max(f.lines-line, min(f.lines, 1))}
}

// unknown says that there is no such name, which ones there are, and which is
// nearest: knob "drian": labs/epollet has armed, buf, drain; did you mean drain?
func unknown(what, name, where string, have []string) string {
	return unknownIn(what, name, "", where, have)
}

// unknownIn also says in what it was sought: experiment "x" in lesson "epoll": it has …
func unknownIn(what, name, in, where string, have []string) string {
	text := fmt.Sprintf("%s %q%s: %s ", what, name, in, where)
	if len(have) == 0 {
		return text + "none"
	}
	text += strings.Join(have, ", ")
	if near := nearest(name, have); near != "" {
		text += "; did you mean " + near + "?"
	}
	return text
}

// nearest returns the name of the list that is at most two typing mistakes away.
func nearest(name string, have []string) string {
	best, least := "", min(3, len(name))
	for _, h := range have {
		if d := distance(name, h); d < least {
			best, least = h, d
		}
	}
	return best
}

// distance is the Levenshtein distance in bytes.
func distance(a, b string) int {
	if abs := len(a) - len(b); abs > 3 || abs < -3 {
		return 4
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
