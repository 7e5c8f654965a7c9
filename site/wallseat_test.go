package site

import (
	"testing"
	"time"

	"socketlabs/site/workshop"
)

// The wall says where somebody is now, and not what they ran last.
func TestASeatIsWhereItsPersonIs(t *testing.T) {
	c := serveClass(t)
	ada := c.joins("Ada")
	c.recordBy(runID(1), ada.Person.ID) // epoll/fits, and it is over
	l, _, _ := c.shelf.edition().book.Lesson("epoll")
	section := map[string]string{} // of each step
	for _, s := range l.Sections {
		for _, id := range stepsIn(l, s.ID) {
			section[id] = s.ID
		}
	}
	if section["fits"] == "" || section["thousand-epoll"] != section["thousand-threads"] {
		t.Fatalf("the lesson's steps are %v", section)
	}
	at, left := c.class.Arrive(ada.Person.ID)
	defer left()
	w := c.wall()
	for _, x := range []struct{ why, section, experiment, step, state string }{
		{"a page that says nothing more", "", "", "fits", "finished"},
		{"they look at it", section["fits"], "fits", "fits", "finished"},
		{"brought to another step of the same lesson", section["pieces"], "pieces", "pieces", "reading"},
		{"another step, and the run still on the bench", section["pieces"], "fits", "pieces", "reading"},
		{"the second of a section's two", section["thousand-threads"], "thousand-threads", "thousand-threads", "reading"},
		{"a section without steps", "read-on", "fits", "reading", "reading"},
		{"back at it", section["fits"], "fits", "fits", "finished"},
	} {
		at(workshop.Place{Lesson: "epoll", Section: x.section, Experiment: x.experiment})
		w.until(x.why, func() bool {
			s := w.seats[ada.Person.ID]
			return s.Step == x.step && s.State == x.state && (s.Run != "") == (x.state == "finished")
		})
	}
}

// Who has come and opened no page yet was not away.
func TestASeatOfWhoHasJustCome(t *testing.T) {
	c := serveClass(t)
	ada := c.joins("Ada")
	w := c.wall()
	w.until("a seat", func() bool { return len(w.seats) == 1 })
	if s := w.seats[ada.Person.ID]; s.State != "lost" || s.Seen != 0 || s.Joined != millis(ada.Person.Joined) {
		t.Errorf("just joined: %+v", s)
	}
	before := ada.Person
	before.Joined = c.began.Add(-time.Minute)
	if s := c.seatOf(&glance{edition: c.shelf.edition()}, 1, before); s.State != "lost" || s.Seen != 0 || s.Joined != 0 {
		t.Errorf("joined before a restart: %+v", s)
	}
}
