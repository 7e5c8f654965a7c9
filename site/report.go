package site

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"socketlabs/content"
	"socketlabs/labs/telemetry"
	"socketlabs/site/workshop"
)

// maxWorst bounds the lists of what went wrong most often, and of what was hardest.
const maxWorst = 12

// reportPage is a class's report, on the page and in its file.
type reportPage struct {
	Class     string
	Made      time.Time
	Hidden    bool // names are
	Simulated int  // people of a rehearsal, who are there and count nowhere
	File      bool // it is the file, which leads nowhere
	People    []personView
	Lessons   []lessonSpreads // in reading order
	Wrong     []wrongView
	Hardest   []checkView
	Hands     []raisedView
	Runs      int
	Predicted int // answers
}

type personView struct {
	workshop.PersonLine
	Where   content.Text   // the lesson where they were last
	Visited []content.Text // of which they ran something
}

type wrongView struct {
	workshop.WrongLine
	Ask   content.Text
	Given content.Text
}

type checkView struct {
	workshop.CheckLine
	Text   content.Text
	Lesson content.Text
}

type raisedView struct {
	workshop.Hand
	Who   string
	Where content.Text
}

// took gathers what everybody in the class did. The recordings are read by their first
// and last lines only, which the runner remembers.
func (s *Site) took(e *edition) []workshop.Took {
	runs, counts, all := map[string][]workshop.Run{}, map[string]bool{}, s.everybodys()
	for _, sum := range counted(e.book, all) {
		counts[sum.ID] = true
	}
	for _, sum := range slices.Backward(all) { // the oldest first
		if by := asker(sum); by != "" {
			sum = s.veiled(sum)
			run := workshop.Run{ID: sum.ID, Experiment: sum.Experiment, Began: sum.Began, Phase: string(sum.Phase), Trust: sum.Trust,
				Proves: counts[sum.ID] && sum.Phase == telemetry.Finished && sum.Trust != "void" && sum.Command == nil}
			for _, c := range sum.Checks {
				run.Checks = append(run.Checks, workshop.Check{ID: c.ID, Pass: c.Pass})
			}
			for _, g := range sum.Guesses {
				run.Guesses = append(run.Guesses, workshop.Guess{ID: g.ID, Given: g.Given, Skipped: g.Skipped, Answer: g.Answer, Right: g.Right})
			}
			runs[by] = append(runs[by], run)
		}
	}
	var people []workshop.Took
	for _, p := range s.pupils() {
		done := s.progressOf(p.ID).snapshot()
		t := workshop.Took{Person: p, Runs: runs[p.ID], Held: sortedKeys(done.Checks), Given: map[string]any{}}
		if done.Place != nil {
			t.Lesson = done.Place.Lesson
		}
		for name, g := range done.Guesses {
			t.Given[name] = g.Given
		}
		for _, run := range t.Runs { // what was made headless commits nothing
			for _, g := range run.Guesses {
				name := run.Experiment + "/" + g.ID
				if _, known := t.Given[name]; !known && (g.Given != nil || g.Skipped) {
					t.Given[name] = g.Given
				}
			}
		}
		var err error
		if t.Hands, err = s.cfg.Class.Asked(p.ID); err != nil {
			s.log.Error("site: read what was asked", "error", err)
		}
		people = append(people, t)
	}
	return people
}

// pupils are the class without those whom a rehearsal plays: what a class came to says
// nothing of them.
func (s *Site) pupils() []workshop.Person {
	return slices.DeleteFunc(s.cfg.Class.People(), func(p workshop.Person) bool { return p.Simulated })
}

// attended is what everybody did, with their names or without.
func (s *Site) attended(e *edition, lang string, hidden bool) []workshop.Took {
	people := s.took(e)
	if hidden {
		numbers := s.numbers()
		people = workshop.Hide(people, func(id string) string { return alias(lang, numbers[id]) })
	}
	return people
}

// reportPage shows the report; ?names=hidden without names, ?names=shown with them, else as
// the wall does.
func (s *Site) reportPage(w http.ResponseWriter, r *http.Request) error {
	p := s.page(r, s.shelf.edition())
	if s.cfg.Class != nil {
		if names := r.FormValue("names"); names != "" {
			p.Nameless = names == "hidden"
		}
		p.Report = s.report(p.edition, p.Lang, p.Nameless)
	}
	return s.show(w, r, http.StatusOK, "report", p, &pageData{})
}

// report sums the class up in the words of its lessons.
func (s *Site) report(e *edition, lang string, hidden bool) *reportPage {
	people := s.attended(e, lang, hidden)
	votes, ballots := s.votes()
	sum := workshop.NewReport(people, votes, ballots)
	v := &reportPage{Class: s.cfg.Class.Door().Name, Made: time.Now(), Hidden: hidden, Simulated: len(s.cfg.Class.People()) - len(people)}
	names := map[string]string{}
	for _, line := range sum.People {
		names[line.ID] = line.Name
		v.Runs, v.Predicted = v.Runs+line.Runs, v.Predicted+line.Answered
		p := personView{PersonLine: line, Where: e.titled(line.Lesson)}
		for _, l := range e.inOrder(line.Lessons) {
			p.Visited = append(p.Visited, e.titled(l))
		}
		v.People = append(v.People, p)
	}
	v.Lessons = s.spreads(e, sum.Questions)
	for _, line := range sum.Wrong[:min(len(sum.Wrong), maxWorst)] {
		q := s.inWords(e, line.Name)
		v.Wrong = append(v.Wrong, wrongView{line, q.Ask, q.said(line.Given, e.book.Words.Units)})
	}
	for _, line := range sum.Checks {
		if len(v.Hardest) < maxWorst && (line.Held < line.Tried || line.Most > 1) {
			lesson, _, _ := strings.Cut(line.Name, "/")
			v.Hardest = append(v.Hardest, checkView{line, e.checkText(line.Name), e.titled(lesson)})
		}
	}
	for _, h := range sum.Hands {
		v.Hands = append(v.Hands, raisedView{h, names[h.Person], e.titled(h.Lesson)})
	}
	return v
}

// votes are all votes with which of the pupils answered what.
func (s *Site) votes() ([]workshop.Vote, map[string]map[string]workshop.Ballot) {
	votes, ballots := s.cfg.Class.Votes(), map[string]map[string]workshop.Ballot{}
	pupils := s.pupils()
	for _, v := range votes {
		all, of := s.cfg.Class.Ballots(v.ID), map[string]workshop.Ballot{}
		for _, p := range pupils {
			if b, ok := all[p.ID]; ok {
				of[p.ID] = b
			}
		}
		ballots[v.ID] = of
	}
	return votes, ballots
}

// titled is a lesson's title, or its name when it is not here.
func (e *edition) titled(id string) content.Text {
	if l, _, _ := e.book.Lesson(id); l != nil {
		return l.Title
	}
	if id == mysteryLesson {
		return content.Text{Ko: Said("ko", "mystery.title"), En: Said("en", "mystery.title")}
	}
	return content.Text{Ko: id, En: id}
}

// checkText is a check's sentence, or its name when it is not here.
func (e *edition) checkText(name string) content.Text {
	i := strings.LastIndexByte(name, '/')
	if x, err := e.book.Find(name[:max(i, 0)]); err == nil {
		for _, c := range x.Checks {
			if c.ID == name[i+1:] {
				return c.Text.Plain()
			}
		}
	}
	return content.Text{Ko: name, En: name}
}

// inWords is a prediction in words, with what its lesson measured filled in.
func (s *Site) inWords(e *edition, name string) question {
	q := e.question(name)
	lesson, _, _ := strings.Cut(name, "/")
	l, _, _ := e.book.Lesson(lesson)
	if l == nil {
		return q
	}
	if p := s.asks(e, l, name[strings.LastIndexByte(name, '/')+1:], nil); p != nil {
		q.Ask, q.Choices = p.Ask.Plain(), nil
		for _, c := range p.Choices {
			q.Choices = append(q.Choices, choice{c.ID, c.Text.Plain()})
		}
	}
	return q
}

// said is an answer in words: a number in the unit that is asked for.
func (q question) said(given any, units map[string]content.Text) content.Text {
	switch g := given.(type) {
	case string:
		for _, c := range q.Choices {
			if c.ID == g {
				return c.Text
			}
		}
		return content.Text{Ko: g, En: g}
	case float64:
		t := content.Format(g, "")
		in, ok := units[q.Unit]
		switch {
		case !ok:
			return content.Text{Ko: t, En: t}
		case q.Unit == "per second": // 초당 stands before its number
			return content.Text{Ko: in.Ko + " " + t, En: t + " " + in.En}
		}
		return content.Text{Ko: t + " " + in.Ko, En: t + " " + in.En}
	}
	return content.Text{}
}
