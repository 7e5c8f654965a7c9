package site

import (
	"cmp"
	"strings"

	"socketlabs/content"
)

// tools are the pages beside the lessons that a search can find: what "tools" of
// page.html links to, with the keys of their titles and of what they are for.
var tools = [...]struct{ path, title, text string }{
	{"labs", "labs.title", "labs.lede"},
	{"runs", "runs.title", "runs.lede"},
	{"capacity", "capacity.title", "capacity.lede"},
	{"tree", "tree.title", "tree.lede"},
	{"microscope", "scope.title", "scope.lede"},
	{"mystery", "mystery.title", "mystery.lede"},
	{content.Glossary, "glossary.title", "glossary.lede"},
	{"book", "book.title", "book.lede"},
	{"errors-map", "errmap.title", "errmap.lede"},
	{"checklist", "checklist.title", "checklist.lede"},
	{"harden", "harden.title", "harden.lede"},
	{"workshop", "workshop.title", "workshop.lede"},
}

// pages are the tools as an index takes them. A key without words says nothing.
func (f *faces) pages() []content.Page {
	face := f.current()
	var list []content.Page
	for _, t := range tools {
		list = append(list, content.Page{Path: t.path, Title: face.texts[t.title], Text: face.texts[t.text], Kind: face.texts["search.tool"]})
	}
	return list
}

// compareFold compares without regard to case.
func compareFold(a, b string) int { return cmp.Compare(strings.ToLower(a), strings.ToLower(b)) }
