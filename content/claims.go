package content

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// Claims is the table of the chapter's claims as CLAIMS.md has it.
type Claims struct {
	Rows  int      // claims
	Fixed int      // of them, those that the workbook corrects
	Open  int      // of them, those of which something is open
	Pages []string // of the workbook that carry claims
}

// chapterSections are the sections of the chapter, in order.
var chapterSections = strings.Fields(`22 22.1 22.1.1 22.1.2 22.2 22.2.1 22.2.2 22.3 22.3.1 22.3.2 22.3.3 22.4 22.4.1 22.4.2 22.4.3
	22.5 22.5.1 22.5.2 22.5.3 22.5.4 22.6 22.6.1 22.6.2 22.6.3 22.7 22.7.1 22.7.2 22.7.3 22.7.4 22.8 22.9 22.10`)

// What may stand in the last column.
var (
	sectionRef    = regexp.MustCompile("^`([a-z0-9-]+)#([a-z0-9-]+)`$")
	experimentRef = regexp.MustCompile("^`([a-z0-9-]+)/([a-z0-9-]+)`$")
	pageRef       = regexp.MustCompile("^`/([a-z-]+)`$")
	citation      = regexp.MustCompile(`^cite: (RFC [0-9]+|[a-z_.]+\([0-9]\)|commit [0-9a-f]{12}|Documentation/)`)
)

// ReadClaims reads CLAIMS.md of a content folder and says which of its references
// are none, and which sections of the chapter have no claim. A folder without the
// file has no claims.
func ReadClaims(dir string, book *Book) (Claims, []Problem) {
	name := path.Join(filepath.Base(dir), "CLAIMS.md")
	text, err := os.ReadFile(filepath.Join(dir, "CLAIMS.md"))
	if errors.Is(err, fs.ErrNotExist) {
		return Claims{}, nil
	}
	problems := &problems{}
	c := &claimsReader{file: &file{name: name, problems: problems}, book: book, rows: map[string]int{}}
	if err != nil {
		c.file.fail(1, "%v", err)
		return Claims{}, problems.sorted()
	}
	n := 0
	for line := range strings.Lines(string(text)) {
		n++
		c.line(n, strings.TrimSpace(line))
	}
	for _, s := range chapterSections {
		if c.rows[s] == 0 {
			c.file.fail(n, "section %s of the chapter has no claim", s)
		}
	}
	slices.Sort(c.Pages)
	c.Pages = slices.Compact(c.Pages)
	return c.Claims, problems.sorted()
}

type claimsReader struct {
	Claims
	file    *file
	book    *Book
	section string
	rows    map[string]int // by section
}

func (c *claimsReader) line(n int, line string) {
	if title, ok := strings.CutPrefix(line, "## "); ok {
		c.section = title
		if !slices.Contains(chapterSections, title) {
			c.file.fail(n, "%s", unknown("section", title, "the chapter has", chapterSections))
		}
		return
	}
	if !strings.HasPrefix(line, "|") || c.section == "" || strings.HasPrefix(line, "|---") || strings.HasPrefix(line, "| claim |") {
		return
	}
	cells := strings.Split(strings.Trim(line, "|"), "|")
	if len(cells) != 3 {
		c.file.fail(n, "a row is | claim | the workbook says | carried by |: this one has %d cells", len(cells))
		return
	}
	for i, cell := range cells {
		cells[i] = strings.TrimSpace(cell)
		if cells[i] == "" {
			c.file.fail(n, "cell %d of the row is empty", i+1)
			return
		}
	}
	c.Rows++
	c.rows[c.section]++
	isOpen, proved := false, false
	for _, ref := range strings.Split(cells[2], " · ") {
		isOpen = isOpen || strings.HasPrefix(ref, "open: ")
		proved = proved || experimentRef.MatchString(ref) || pageRef.MatchString(ref) || citation.MatchString(ref)
		c.ref(n, ref)
	}
	if isOpen {
		c.Open++
	}
	if !strings.HasPrefix(cells[1], "holds") {
		c.Fixed++
		if !proved {
			c.file.fail(n, "a correction needs its evidence: `lesson/experiment`, `/page` or cite: …; a section only says it")
		}
	}
}

// ref looks one reference up.
func (c *claimsReader) ref(n int, ref string) {
	if m := sectionRef.FindStringSubmatch(ref); m != nil {
		l, _, _ := c.book.Lesson(m[1])
		if l == nil {
			c.file.fail(n, "%s: there is no lesson %s", ref, m[1])
			return
		}
		var have []string
		for _, s := range l.Sections {
			have = append(have, s.ID)
		}
		if !slices.Contains(have, m[2]) {
			c.file.fail(n, "%s", unknownIn("section", m[2], " in lesson "+m[1], "it has", have))
		}
		return
	}
	if m := experimentRef.FindStringSubmatch(ref); m != nil {
		l, _, _ := c.book.Lesson(m[1])
		if l == nil {
			c.file.fail(n, "%s: there is no lesson %s", ref, m[1])
			return
		}
		var have []string
		for _, x := range l.Experiments {
			have = append(have, x.ID)
		}
		for _, x := range l.Comparisons {
			have = append(have, x.ID)
		}
		if !slices.Contains(have, m[2]) {
			c.file.fail(n, "%s", unknownIn("experiment", m[2], " in lesson "+m[1], "it has", have))
		}
		return
	}
	switch m := pageRef.FindStringSubmatch(ref); {
	case m != nil:
		c.Pages = append(c.Pages, m[1])
	case !strings.HasPrefix(ref, "open: ") && !citation.MatchString(ref):
		c.file.fail(n, "%s is no reference: `lesson#section`, `lesson/experiment`, `/page`, cite: … or open: …", ref)
	}
}
