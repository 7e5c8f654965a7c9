package content

import (
	"cmp"
	"html/template"
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// Hit is a place where a search matched. Terms are found in the lesson
// "glossary", and other pages as lessons without sections.
type Hit struct {
	Lesson  string
	Section string
	Title   Text // of the section, or of the lesson before its first heading
	Where   Text // what the section is in, or what kind of page it is
	// Before, Match and After are the context in the language searched.
	Before, Match, After string
}

// Index finds text in lessons by character bigrams, without white space: so
// `소진루프` finds 소진 루프, and 백프레셔를 finds 백프레셔.
type Index struct {
	entries []entry
	// where lists, for each bigram, where it stands, in order.
	where map[[2]rune][]spot
}

// entry is a title or the text of a section.
type entry struct {
	lesson, section string
	title, where    Text
	weight          float64
	runes           []rune // as they are written
	norm            []rune // folded, without white space
	at              []int  // of each rune of norm, its place in runes
}

// spot is a place in an entry's norm.
type spot struct{ entry, at int }

// Titles weigh more than text.
const (
	lessonWeight  = 3
	sectionWeight = 2
	textWeight    = 1
)

// A query that stands there as it is counts more than one that is roughly alike.
const (
	exact     = 1.2
	inflected = 1.1
)

// least is the share of a query's bigrams that must stand close together.
const least = 0.6

// contextRunes is how much stands before and after a match.
const contextRunes = 40

// Page is something beside the lessons and the glossary that can be found.
type Page struct {
	Path        string // without its language: labs
	Title, Text Text
	Kind        Text // what it is: a tool
}

// Glossary is the path of the glossary's page, under which its terms are found.
const Glossary = "glossary"

// NewIndex indexes the book in one language ("ko" or "en"), and other pages
// beside it.
func NewIndex(b *Book, lang string, others ...Page) *Index {
	x := &Index{where: map[[2]rune][]spot{}}
	for _, l := range b.lessons() {
		x.add(entry{lesson: l.ID, title: l.Title, weight: lessonWeight}, l.Title.in(lang))
		for _, s := range l.Sections {
			e := entry{lesson: l.ID, section: s.ID, title: s.Plain, where: l.Title, weight: sectionWeight}
			if s.ID == "" {
				e.title, e.where = l.Title, Text{}
			}
			x.add(e, s.Plain.in(lang))
			e.weight = textWeight
			x.add(e, s.text(lang))
		}
	}
	for _, t := range b.Glossary {
		e := entry{lesson: Glossary, section: t.ID, title: t.Name, where: Text{Ko: "용어", En: "term"}, weight: sectionWeight}
		x.add(e, t.Name.in(lang)+" · "+t.Name.other(lang))
		e.weight = textWeight
		x.add(e, soughtText(t.Text.in(lang)))
	}
	for _, p := range others {
		e := entry{lesson: p.Path, title: p.Title, where: p.Kind, weight: sectionWeight}
		x.add(e, p.Title.in(lang))
		e.weight = textWeight
		x.add(e, p.Text.in(lang))
	}
	return x
}

func (t Text) other(lang string) string {
	if lang == "ko" {
		return t.En
	}
	return t.Ko
}

// Entry is what an index knows of one place: all that a search needs.
type Entry struct {
	Lesson  string  `json:"lesson"`
	Section string  `json:"section"`
	Title   Text    `json:"title"`
	Where   Text    `json:"where"`
	Weight  float64 `json:"weight"`
	Text    string  `json:"text"`
}

// Entries are the places that the index searches, in their order.
func (x *Index) Entries() []Entry {
	list := make([]Entry, len(x.entries))
	for i, e := range x.entries {
		list[i] = Entry{e.lesson, e.section, e.title, e.where, e.weight, string(e.runes)}
	}
	return list
}

func (h HTML) in(lang string) template.HTML {
	if lang == "ko" {
		return h.Ko
	}
	return h.En
}

// text is what can be found in a section: prose, the names of experiments,
// questions and checks. Answers are not: the learner has yet to predict.
func (s Section) text(lang string) string {
	var parts []string
	for _, b := range s.Body {
		if b.Prose != nil {
			parts = append(parts, soughtText(b.Prose.in(lang)))
		}
		if b.Compare != nil {
			parts = append(parts, b.Compare.Title.in(lang), b.Compare.ATitle.in(lang), b.Compare.BTitle.in(lang))
		}
		if b.Experiment != nil {
			parts = append(parts, b.Experiment.Title.in(lang))
		}
		for _, p := range b.Predict {
			parts = append(parts, soughtText(p.Ask.in(lang)))
		}
		for _, c := range b.Check {
			parts = append(parts, soughtText(c.Text.in(lang)))
		}
		if b.Exercise != nil {
			parts = append(parts, soughtText(b.Exercise.Task.in(lang)))
		}
	}
	return strings.Join(parts, " ")
}

// soughtText is plainText with an ellipsis for each value that is measured: without
// it an excerpt would say "sends bytes".
func soughtText(h template.HTML) string {
	return plainText(template.HTML(measuredValue.ReplaceAllString(string(h), "…")))
}

var measuredValue = regexp.MustCompile(`<data class="measured"[^>]*></data>`)

func (x *Index) add(e entry, text string) {
	if text == "" {
		return
	}
	e.runes = compose([]rune(text))
	e.norm, e.at = fold(e.runes)
	n := len(x.entries)
	x.entries = append(x.entries, e)
	for i := 0; i+1 < len(e.norm); i++ {
		pair := [2]rune{e.norm[i], e.norm[i+1]}
		x.where[pair] = append(x.where[pair], spot{n, i})
	}
}

// fold lowers the case and leaves white space out. at gives the place of each
// rune that is kept.
func fold(runes []rune) (norm []rune, at []int) {
	for i, r := range runes {
		if !unicode.IsSpace(r) {
			norm, at = append(norm, unicode.ToLower(r)), append(at, i)
		}
	}
	return norm, at
}

// compose joins Hangul letters into syllables (Unicode 16, 3.12.3): the part of
// NFC that matters here, because macOS hands out file names and text apart.
func compose(runes []rune) []rune {
	const sBase, lBase, vBase, tBase, lCount, vCount, tCount = 0xac00, 0x1100, 0x1161, 0x11a7, 19, 21, 28
	var out []rune
	for _, r := range runes {
		if n := len(out); n > 0 {
			last := out[n-1]
			if l, v := last-lBase, r-vBase; l >= 0 && l < lCount && v >= 0 && v < vCount {
				out[n-1] = sBase + (l*vCount+v)*tCount
				continue
			}
			s, t := last-sBase, r-tBase
			if s >= 0 && s < lCount*vCount*tCount && s%tCount == 0 && t > 0 && t < tCount {
				out[n-1] = last + t
				continue
			}
		}
		out = append(out, r)
	}
	return out
}

// match is a stretch of an entry's norm.
type match struct {
	entry, from, to int
	score           float64
}

// Search returns at most max hits, the best first: of each section its best
// place. A query of one character is found as it stands.
func (x *Index) Search(query string, max int) []Hit {
	q, _ := fold(compose([]rune(query)))
	if len(q) == 0 || len(q) > 200 {
		return nil
	}
	found := x.substring(q, exact)
	if len(q) > 1 {
		found = append(found, x.windows(q)...)
	}
	// 스톨은 finds 스톨: of a short word a particle is too large a part.
	if bare, _ := fold(compose([]rune(stems(query)))); !slices.Equal(bare, q) {
		found = append(found, x.substring(bare, inflected)...)
	}
	slices.SortStableFunc(found, func(a, b match) int {
		return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(a.entry, b.entry), cmp.Compare(a.from, b.from))
	})
	var hits []Hit
	seen := map[string]bool{}
	for _, m := range found {
		e := x.entries[m.entry]
		if place := e.lesson + "#" + e.section; !seen[place] && len(hits) < max {
			seen[place] = true
			hits = append(hits, e.hit(m))
		}
	}
	return hits
}

// stems takes the particles off a query's words. Of a word of two characters
// that would leave one, which is found everywhere.
func stems(query string) string {
	words := strings.Fields(string(compose([]rune(query))))
	for i, w := range words {
		if s := stem(w); len([]rune(s)) > 1 {
			words[i] = s
		}
	}
	return strings.Join(words, " ")
}

// substring finds the whole query, once in each entry.
func (x *Index) substring(q []rune, score float64) []match {
	var found []match
	for i, e := range x.entries {
		if at := find(e.norm, q); at >= 0 {
			found = append(found, match{i, at, at + len(q), score * e.weight})
		}
	}
	return found
}

func find(text, q []rune) int {
	for i := 0; i+len(q) <= len(text); i++ {
		if slices.Equal(text[i:i+len(q)], q) {
			return i
		}
	}
	return -1
}

// windows finds, in each entry, the stretch about as long as the query that has
// the most of its bigrams, if that is enough of them.
func (x *Index) windows(q []rune) []match {
	pairs := map[[2]rune]bool{}
	for i := 0; i+1 < len(q); i++ {
		pairs[[2]rune{q[i], q[i+1]}] = true
	}
	spots := x.spots(pairs)
	best := map[int]match{}
	w := window{count: map[[2]rune]int{}, width: len(q) + len(q)/2}
	for i, s := range spots {
		w.slide(x, spots, i)
		share := float64(len(w.count)) / float64(len(pairs))
		// Squared, so that a title that is roughly alike comes after a text that is the same.
		score := share * share * x.entries[s.entry].weight
		old := best[s.entry]
		longer := score == old.score && spots[w.from].at == old.from && s.at < old.to
		if share >= least && (score > old.score || longer) {
			best[s.entry] = match{s.entry, spots[w.from].at, s.at + 2, score}
		}
	}
	var found []match
	for _, m := range best {
		found = append(found, m)
	}
	return found
}

// window is a stretch of the spots: in one entry, at most width runes.
type window struct {
	from  int // the first spot
	count map[[2]rune]int
	width int
}

// slide takes the spot i into the window and drops what is too far behind, or
// stands in it again.
func (w *window) slide(x *Index, spots []spot, i int) {
	s := spots[i]
	w.count[x.pair(s)]++
	for {
		first := spots[w.from]
		p := x.pair(first)
		if first.entry == s.entry && s.at+2-first.at <= w.width && w.count[p] == 1 {
			return
		}
		if w.count[p]--; w.count[p] == 0 {
			delete(w.count, p)
		}
		w.from++
	}
}

func (x *Index) pair(s spot) [2]rune {
	n := x.entries[s.entry].norm
	return [2]rune{n[s.at], n[s.at+1]}
}

// spots are all places of the bigrams, in order.
func (x *Index) spots(pairs map[[2]rune]bool) []spot {
	var list []spot
	for p := range pairs {
		list = append(list, x.where[p]...)
	}
	slices.SortFunc(list, func(a, b spot) int { return cmp.Or(cmp.Compare(a.entry, b.entry), cmp.Compare(a.at, b.at)) })
	return list
}

// hit shows a match in its context.
func (e entry) hit(m match) Hit {
	from, to := e.at[m.from], e.at[m.to-1]+1
	return Hit{
		Lesson: e.lesson, Section: e.section, Title: e.title, Where: e.where,
		Before: lastWords(string(e.runes[:from])), Match: string(e.runes[from:to]), After: firstWords(string(e.runes[to:])),
	}
}

// lastWords returns the end of a text, from the beginning of a word.
func lastWords(text string) string {
	r := []rune(text)
	if len(r) <= contextRunes {
		return text
	}
	text = string(r[len(r)-contextRunes:])
	if _, rest, ok := strings.Cut(text, " "); ok && rest != "" {
		text = rest
	}
	return "…" + text
}

// firstWords returns the beginning of a text, to the end of a word.
func firstWords(text string) string {
	r := []rune(text)
	if len(r) <= contextRunes {
		return text
	}
	text = string(r[:contextRunes])
	if i := strings.LastIndex(text, " "); i > 0 {
		text = text[:i]
	}
	return text + "…"
}
