package content

import (
	"fmt"
	"html"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/yuin/goldmark/ast"
	east "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/util"
)

// Notes are what an instructor reads before teaching a lesson: workshop.ko.md and
// workshop.en.md in its folder. What they name of the lesson is a link to it.
type Notes struct {
	Title    Text
	Sections []Section     // timing, wrong, ask, expect: of prose only
	Vote     *Prediction   // that the class answers twice: `predict:ID` among the questions
	Shown    []Placeholder // of these texts, as Lesson.Shown
	Terms    []*Term       // that are marked in them
}

// noteSections are the sections of an instructor's notes, in order.
func noteSections() []string { return []string{"timing", "wrong", "ask", "expect"} }

// vote is where notes say which prediction the class answers twice.
type vote struct {
	id   string
	line int
}

// readNotes reads the instructor's notes of the lesson, if there are any.
func (d *draft) readNotes() {
	_, ko := fs.Stat(d.fsys, path.Join(d.ID, "workshop.ko.md"))
	_, en := fs.Stat(d.fsys, path.Join(d.ID, "workshop.en.md"))
	if ko != nil && en != nil {
		return
	}
	n := *d // with the lesson's experiments, predictions and checks
	n.Lesson, n.notes, n.sections = &Lesson{ID: d.ID, Comparisons: d.Comparisons}, true, noteSections()
	n.shown, n.links = map[Placeholder]int{}, nil
	if notes := n.weaveNotes(); notes != nil {
		d.Notes = notes
	}
	d.links = append(d.links, n.links...)
}

// weaveNotes puts both languages side by side; nil when they do not fit.
func (d *draft) weaveNotes() *Notes {
	ko, en := d.parsePage("workshop.ko.md", "ko"), d.parsePage("workshop.en.md", "en")
	if ko == nil || en == nil {
		return nil
	}
	if a, b := ko.ordered(), en.ordered(); !a || !b {
		return nil
	}
	notes := &Notes{Title: Text{Ko: ko.title, En: en.title}}
	for i := range ko.sections {
		s := d.weave(ko, en, ko.sections[i], en.sections[i])
		if s.ID == "" && s.Body == nil {
			continue // nothing stands before the first heading
		}
		if s.Body == nil {
			ko.file.fail(ko.sections[i].line, "the section %s is empty", s.ID)
		}
		notes.Sections = append(notes.Sections, s)
	}
	if a, b := ko.oneVote(), en.oneVote(); a == b {
		notes.Vote = d.predictions[a]
	} else if a != "" && b != "" {
		en.file.fail(en.votes[0].line, "the vote is predict:%s in %s", a, ko.name())
	}
	maps.Copy(ko.marked, en.marked)
	notes.Shown, notes.Terms = d.Shown, d.glossary.of(ko.marked)
	return notes
}

// oneVote returns the id of the only vote; "" when there is another number of them.
func (p *page) oneVote() string {
	switch len(p.votes) {
	case 0:
		i := slices.IndexFunc(p.sections, func(c *chapter) bool { return c.id == "ask" })
		p.file.fail(p.sections[i].line, "no question is the vote: name the prediction that the class answers twice as `predict:ID`, once")
		return ""
	case 1:
		return p.votes[0].id
	}
	p.file.fail(p.votes[1].line, "the vote is predict:%s, on line %d: one question has it", p.votes[0].id, p.votes[0].line)
	return ""
}

// refNode is what notes name of their lesson: a link to it there.
type refNode struct {
	ast.BaseInline
	to   string // epoll#stall
	vote bool
}

var kindRef = ast.NewNodeKind("Ref")

func (*refNode) Kind() ast.NodeKind       { return kindRef }
func (n *refNode) Dump(src []byte, l int) { ast.DumpHelper(n, src, l, nil, nil) }

func ref(w util.BufWriter, _ []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
	r := n.(*refNode)
	if !entering {
		w.WriteString("</a>")
		return ast.WalkContinue, nil
	}
	class := "ref"
	if r.vote {
		class = "ref ref-vote"
	}
	fmt.Fprintf(w, `<a class="%s" href="%s">`, class, html.EscapeString(r.to))
	return ast.WalkContinue, nil
}

// refer makes links of the names in notes, and checks those whose place says what
// they name: the last column of the timing, and what each expectation is of.
func (p *page) refer(n ast.Node) {
	section := p.last().id
	var spans []*ast.CodeSpan
	ast.Walk(n, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if c, ok := n.(*ast.CodeSpan); ok && entering {
			spans = append(spans, c)
		}
		return ast.WalkContinue, nil
	})
	for _, c := range spans {
		first, ok := c.FirstChild().(*ast.Text)
		if !ok || c.ChildCount() != 1 {
			continue // of several lines: no name
		}
		name := string(first.Segment.Value(p.src))
		_, isPrediction := p.predictions[name]
		switch id, predict := strings.CutPrefix(name, "predict:"); {
		case predict && p.predictions[id] == nil:
			p.fail(c, "%s", unknown("prediction", id, "the lesson has", sortedKeys(p.predictions)))
		case predict:
			if section == "ask" {
				p.votes = append(p.votes, vote{id, p.lineOf(c)})
			}
			first.Segment = first.Segment.WithStart(first.Segment.Start + len("predict:"))
			p.link(c, p.ID+"#"+id, true)
		case section == "timing" && inLastCell(c) && !p.runs(name):
			p.fail(c, "%s", unknown("experiment", name, "the lesson has", p.runIDs()))
		case section == "expect" && beginsItem(c) && !isPrediction:
			p.fail(c, "%s", unknown("prediction", name, "an expectation begins with one of", sortedKeys(p.predictions)))
		case isPrediction, p.runs(name):
			p.link(c, p.ID+"#"+name, false)
		case p.checks[name] != nil:
			p.link(c, p.ID+"#"+p.checks[name].Experiment, false)
		}
	}
}

// link puts a node into a link to its lesson.
func (p *page) link(n ast.Node, to string, vote bool) {
	r := &refNode{to: to, vote: vote}
	n.Parent().ReplaceChild(n.Parent(), n, r)
	r.AppendChild(r, n)
}

// runs says whether an id is what can be run: an experiment or a comparison.
func (d *draft) runs(id string) bool { return slices.Contains(d.runIDs(), id) }

func (d *draft) runIDs() []string {
	ids := d.experimentIDs()
	for _, c := range d.Comparisons {
		ids = append(ids, c.ID)
	}
	return ids
}

// inLastCell says whether a node stands in the last cell of a table's row.
func inLastCell(n ast.Node) bool {
	for ; n != nil; n = n.Parent() {
		if n.Kind() == east.KindTableCell {
			return n.NextSibling() == nil && n.Parent().Kind() == east.KindTableRow
		}
	}
	return false
}

// beginsItem says whether a node is the first thing in an item of a list.
func beginsItem(n ast.Node) bool {
	if n.PreviousSibling() != nil || n.Parent() == nil || n.Parent().PreviousSibling() != nil {
		return false
	}
	up := n.Parent().Parent()
	return up != nil && up.Kind() == ast.KindListItem
}
