package telemetry

import (
	"errors"
	"fmt"
	"math"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Notes are what a person has written about a run. They are kept beside its
// recording, which never changes, and travel in an export as the event after
// the first, with the sequence number 0: no event of the run.
type Notes struct {
	Name  string `json:"name,omitempty"`
	Notes []Note `json:"notes,omitempty"` // by Block and T
	// Imported says where a recording came from that was not made here.
	Imported *Origin `json:"imported,omitempty"`
}

// Note is a text about a moment or a stretch of a run.
type Note struct {
	ID int `json:"id"` // in its run, from 1
	// T and To are in seconds since load began, as the charts count; To is
	// after T, or 0 for a moment.
	T  float64 `json:"t"`
	To float64 `json:"to,omitempty"`
	// Block is of a run of several blocks the one that it is about, from 0; T is
	// since the load of that block began.
	Block int    `json:"block,omitempty"`
	Chart string `json:"chart,omitempty"` // the group that it is about; empty: all
	Text  string `json:"text"`
	// By is ByInstructor for what the instructor wrote about a learner's run.
	By string `json:"by,omitempty"`
}

// ByInstructor marks a note that is not the runner's own.
const ByInstructor = "instructor"

// Origin is a recording's id and machine before it was imported.
type Origin struct {
	ID   string `json:"id"`
	Host string `json:"host,omitempty"`
}

// Bounds of what may be written about a run.
const (
	MaxName      = 80  // characters
	MaxNoteText  = 500 // characters
	MaxNotes     = 100
	MaxNoteTime  = 3600 // seconds
	MaxNoteBlock = 999
)

// ErrNote is what every error about a name or a note is.
var ErrNote = errors.New("telemetry: not allowed in a note")

var chartGroup = regexp.MustCompile(`^[a-z][a-z0-9-]{0,31}$`)

// CheckName returns a run's name as it is kept: one line, without space around it.
func CheckName(name string) (string, error) {
	name = strings.TrimSpace(name)
	return name, oneLine("name", name, MaxName)
}

// Check returns the note as it is kept, or says what is wrong with it.
func (n Note) Check() (Note, error) {
	n.Text = strings.TrimSpace(n.Text)
	for _, t := range []float64{n.T, n.To} {
		if math.IsNaN(t) || t < 0 || t > MaxNoteTime {
			return n, fmt.Errorf("%w: time %v: it takes seconds from 0 to %d", ErrNote, t, MaxNoteTime)
		}
	}
	switch {
	case n.Text == "":
		return n, fmt.Errorf("%w: it has no text", ErrNote)
	case n.To != 0 && n.To <= n.T:
		return n, fmt.Errorf("%w: it ends at %v s, before it begins at %v s", ErrNote, n.To, n.T)
	case n.Block < 0 || n.Block > MaxNoteBlock:
		return n, fmt.Errorf("%w: block %d", ErrNote, n.Block)
	case n.By != "" && n.By != ByInstructor:
		return n, fmt.Errorf("%w: by %q", ErrNote, n.By)
	case n.Chart != "" && !chartGroup.MatchString(n.Chart):
		return n, fmt.Errorf("%w: chart %q", ErrNote, n.Chart)
	}
	return n, oneLine("text", n.Text, MaxNoteText)
}

// Check says whether notes that come from elsewhere can be kept.
func (n Notes) Check() error {
	if _, err := CheckName(n.Name); err != nil {
		return err
	}
	if len(n.Notes) > MaxNotes {
		return fmt.Errorf("%w: there are more than %d", ErrNote, MaxNotes)
	}
	seen := map[int]bool{}
	for _, note := range n.Notes {
		if note.ID < 1 || note.ID > 1<<30 || seen[note.ID] {
			return fmt.Errorf("%w: id %d", ErrNote, note.ID)
		}
		seen[note.ID] = true
		if _, err := note.Check(); err != nil {
			return err
		}
	}
	return nil
}

// oneLine refuses what would not be seen as it stands.
func oneLine(what, text string, most int) error {
	switch {
	case !utf8.ValidString(text):
		return fmt.Errorf("%w: the %s is not UTF-8", ErrNote, what)
	case utf8.RuneCountInString(text) > most:
		return fmt.Errorf("%w: the %s has more than %d characters", ErrNote, what, most)
	case strings.ContainsFunc(text, func(r rune) bool { return unicode.IsControl(r) || r == '\u2028' || r == '\u2029' || turns(r) }):
		return fmt.Errorf("%w: the %s has control characters: write it in one line", ErrNote, what)
	}
	return nil
}

// turns says whether r changes the direction of the text around it.
func turns(r rune) bool { return r >= '\u202a' && r <= '\u202e' || r >= '\u2066' && r <= '\u2069' }
