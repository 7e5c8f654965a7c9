package site

import (
	"fmt"
	"html/template"
	"strings"

	"socketlabs/content"
)

// pips are a lesson's checks: how many held at least once, of how many.
type pips struct{ Done, Total int }

// pips counts those of a lesson.
func (done Progress) pips(l *content.Lesson) pips {
	var p pips
	for _, e := range l.Experiments {
		for _, c := range e.Checks {
			p.Total++
			if done.Checks[e.Spec.Name+"/"+c.ID] {
				p.Done++
			}
		}
	}
	return p
}

// Pips counts those of a lesson that the page's reader has.
func (p *page) Pips(l *content.Lesson) pips { return p.Progress.pips(l) }

// Marks are a lesson's pips, one for each check, for the page's scripts to fill in.
// Every page has some hundred of them: a template would take milliseconds.
func (p *page) Marks(l *content.Lesson) template.HTML {
	n := p.Pips(l)
	if n.Total == 0 || p.Exported {
		return ""
	}
	var b strings.Builder
	fmt.Fprintf(&b, `<span class="contents-pips" role="img" aria-label="%d/%d">`, n.Done, n.Total)
	for _, e := range l.Experiments {
		for _, c := range e.Checks {
			key := e.Spec.Name + "/" + c.ID
			b.WriteString(`<i data-pip="` + template.HTMLEscapeString(key) + `"`)
			if p.Progress.Checks[key] {
				b.WriteString(" data-done")
			}
			b.WriteString("></i>")
		}
	}
	b.WriteString("</span>")
	return template.HTML(b.String())
}
