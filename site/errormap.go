package site

import (
	"maps"
	"net/http"
	"slices"

	"socketlabs/content"
	"socketlabs/labs/telemetry"
	"socketlabs/runner"
)

// errorLesson teaches the error map, and its lab provokes every row of it.
const errorLesson = "errors"

// Errno is one row of the error map.
type Errno struct {
	ID      string   `json:"id"`      // the lab's counter is lab.ID; the words are errmap.ID.*
	Name    string   `json:"name"`    // as errno(3) spells it
	Do      string   `json:"do"`      // again, later, ended, scarce, setup
	Sources []string `json:"sources"` // where it is written

	Provoked []Provoked `json:"provoked"`
}

// Provoked is an experiment that provokes an errno, and what its newest run on
// this host counted.
type Provoked struct {
	Experiment string          `json:"experiment"` // LESSON/EXPERIMENT
	Title      content.Text    `json:"title"`
	Run        *runner.Summary `json:"-"` // nil: none is worth quoting yet
	ID         string          `json:"run,omitempty"`
	Count      float64         `json:"count"` // of the errno, while it was measured
}

// errnos is the map: the chapter's five (22.4.1) and those that a server meets
// besides. Experiments are of the lesson.
var errnos = []struct {
	id, name, do string
	experiments  []string
	sources      []string
}{
	{"eintr", "EINTR", "again", []string{"signal"}, []string{"signal(7), Interruption of system calls and library functions by signal handlers", "accept(2), ERRORS"}},
	{"eagain", "EAGAIN", "later", []string{"not-now"}, []string{"recv(2), ERRORS", "socket(7), SO_RCVTIMEO and SO_SNDTIMEO", "epoll(7)"}},
	{"econnreset", "ECONNRESET", "ended", []string{"reset"}, []string{"RFC 9293, 3.10.7.4", "RFC 2525, 2.17", "send(2), ERRORS"}},
	{"epipe", "EPIPE", "ended", []string{"pipe"}, []string{"write(2), ERRORS", "send(2), ERRORS"}},
	{"sigpipe", "SIGPIPE", "ended", []string{"killed"}, []string{"signal(7), Standard signals", "send(2), MSG_NOSIGNAL", "os/signal, SIGPIPE"}},
	{"etimedout", "ETIMEDOUT", "ended", []string{"gone"}, []string{"tcp(7), TCP_USER_TIMEOUT and tcp_retries2", "connect(2), ERRORS", "RFC 9293, 3.8.3"}},
	{"econnrefused", "ECONNREFUSED", "later", []string{"nobody"}, []string{"connect(2), ERRORS", "RFC 9293, 3.10.7.1"}},
	{"emfile", "EMFILE", "scarce", []string{"spin", "refused"}, []string{"accept(2), ERRORS", "getrlimit(2), RLIMIT_NOFILE"}},
	{"eaddrnotavail", "EADDRNOTAVAIL", "scarce", []string{"used-up"}, []string{"connect(2), ERRORS", "ip(7), ip_local_port_range"}},
	{"eaddrinuse", "EADDRINUSE", "setup", []string{"taken"}, []string{"bind(2), ERRORS", "socket(7), SO_REUSEADDR"}},
}

// ErrorMap is the map with what the runs, the newest first, counted.
func ErrorMap(book *content.Book, runs []runner.Summary) []Errno {
	var list []Errno
	for _, e := range errnos {
		row := Errno{ID: e.id, Name: e.name, Do: e.do, Sources: e.sources}
		for _, id := range e.experiments {
			x, err := book.Find(errorLesson + "/" + id)
			if err != nil {
				continue // the lesson has problems, and the page says so
			}
			p := Provoked{Experiment: x.Spec.Name, Title: x.Title}
			for i, r := range runs {
				if v, ok := r.Metrics["lab."+e.id]; ok && quotable(r, x) {
					p.Run, p.ID, p.Count = &runs[i], r.ID, v
					break
				}
			}
			row.Provoked = append(row.Provoked, p)
		}
		list = append(list, row)
	}
	return list
}

// quotable says whether a run was made on this host, of the experiment as the
// lesson has it, and proves something.
func quotable(r runner.Summary, x *content.Experiment) bool {
	return ofExperiment(r, x.Spec) && maps.Equal(r.Knobs, x.Spec.Knobs) && r.Phase == telemetry.Finished && r.Trust != "void" && r.Command == nil && !r.Exercise
}

// errorMapPage shows the map. Its buttons start the experiments as the lesson's
// bench does.
func (s *Site) errorMapPage(w http.ResponseWriter, r *http.Request) error {
	e := s.shelf.edition()
	p := s.page(r, e)
	p.ErrorMap = ErrorMap(e.book, s.listed(s.visitor(r)))
	if s.again(w, r, p, p.ErrorMap, p.Progress) {
		return nil
	}
	return s.show(w, r, http.StatusOK, "errormap", p, &pageData{})
}

// tablesOf names the pages to look things up in that a lesson's part of the chapter
// comes back to.
func tablesOf(l *content.Lesson) (pages []string) {
	for _, t := range []struct {
		page     string
		sections []string
	}{
		{"tree", []string{"22.3", "22.3.1"}},
		{"errors-map", []string{"22.1.1", "22.4.1"}},
		{"checklist", []string{"22.6.1"}},
		{"harden", []string{"22.6.2", "22.9"}},
	} {
		if slices.ContainsFunc(l.Covers, func(s string) bool { return slices.Contains(t.sections, s) }) {
			pages = append(pages, t.page)
		}
	}
	return pages
}
