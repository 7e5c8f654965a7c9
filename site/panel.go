package site

import (
	"errors"
	"net/http"
	"strings"

	"socketlabs/site/workshop"
)

// classPage is the instructor's page. Without a workshop it says how to start one.
type classPage struct {
	Started     bool
	Door        workshop.Door
	People      []classPerson
	Caps        workshop.Caps
	Cores       int
	Pace        Pace   // what this host can measure
	Link        string // that brings people to the page where they join
	Host        string // what they type, when they cannot follow it
	QR          *qr    // of the link
	Encrypted   bool
	Local       bool // it can be reached from this machine only
	Fingerprint string
	Wrong       string            // what a change was refused for: the key of text.yaml
	Renewed     *workshop.Welcome // whose resume code was renewed, and it
	Rehearsal   rehearsing
}

// classPerson is somebody on it.
type classPerson struct {
	workshop.Person
	Alias string // instead of their name, when that is hidden
}

// workshopPage is the instructor's.
func (s *Site) workshopPage(w http.ResponseWriter, r *http.Request) error {
	return s.showWorkshop(w, r, http.StatusOK, classPage{})
}

// showWorkshop shows it with what has just happened.
func (s *Site) showWorkshop(w http.ResponseWriter, r *http.Request, status int, c classPage) error {
	p := s.page(r, s.shelf.edition())
	p.Path = "workshop"
	p.Class = &c
	if err := s.invitation(r, p.Lang, &c); err != nil {
		return err
	}
	data := &pageData{}
	if c.Started {
		data.Lead = s.led()
	} else if status == http.StatusOK {
		if s.again(w, r, p, c, p.Progress) {
			return nil
		}
	}
	return s.show(w, r, status, "workshop", p, data)
}

// invitation is how the workshop stands, and how people get in.
func (s *Site) invitation(r *http.Request, lang string, c *classPage) (err error) {
	c.Started, c.Cores, c.Fingerprint = s.cfg.Class != nil, s.cfg.Runner.Host().Cores, s.cfg.Fingerprint
	if !c.Started {
		return nil
	}
	base := s.base(r)
	c.Door, c.Caps, c.Pace = s.cfg.Class.Door(), s.cfg.Class.Settings().Caps, s.Pace()
	for i, p := range s.cfg.Class.People() {
		c.People = append(c.People, classPerson{p, alias(lang, i+1)})
	}
	c.Link, c.Host = JoinLink(base, lang, c.Door), strings.TrimPrefix(strings.TrimPrefix(base, "http://"), "https://")
	c.Encrypted = strings.HasPrefix(base, "https:")
	c.Rehearsal = s.rehearsing(r, lang)
	host, _ := splitHost(c.Host)
	c.Local = loopback(host)
	c.QR, err = qrOf(c.Link)
	return err
}

// base is where learners reach this site.
func (s *Site) base(r *http.Request) string {
	switch {
	case s.cfg.Public != "":
		return s.cfg.Public
	case r.TLS != nil:
		return "https://" + r.Host
	}
	return "http://" + r.Host
}

// JoinLink is the address where people join, with what lets them in behind the #,
// which no server's log has. lang may be empty: then the browser's preference decides.
func JoinLink(base, lang string, door workshop.Door) string {
	if lang == "" {
		return base + "/join#" + door.Link
	}
	return base + "/" + lang + "/join#" + door.Link
}

// door opens or closes it, or changes the code.
func (s *Site) door(w http.ResponseWriter, r *http.Request) error {
	if s.cfg.Class == nil {
		return errNoClass
	}
	var err error
	switch r.PostFormValue("do") {
	case "open":
		err = s.cfg.Class.OpenDoor()
	case "close":
		err = s.cfg.Class.CloseDoor()
	case "code":
		err = s.cfg.Class.NewCode()
	default:
		return &refusal{err: errRequest, field: "do"}
	}
	if err != nil {
		return err
	}
	return s.back(w, r, "workshop")
}

// renewTheirs shows the instructor another resume code of somebody who has lost theirs.
func (s *Site) renewTheirs(w http.ResponseWriter, r *http.Request, id string) error {
	code, err := s.cfg.Class.Renew(id)
	if err != nil {
		return err
	}
	p, _ := s.cfg.Class.Person(id)
	if nameless(r) {
		p.Name = alias(language(r), s.numbers()[id])
	}
	return s.showWorkshop(w, r, http.StatusOK, classPage{Renewed: &workshop.Welcome{Person: p, Resume: code}})
}

// changePerson renames, removes, readmits or deletes somebody, or renews their code.
func (s *Site) changePerson(w http.ResponseWriter, r *http.Request) error {
	if s.cfg.Class == nil {
		return errNoClass
	}
	id := r.PathValue("person")
	var err error
	switch r.PostFormValue("do") {
	case "rename":
		_, err = s.cfg.Class.Rename(id, r.PostFormValue("name"))
	case "code":
		return s.renewTheirs(w, r, id)
	case "remove":
		if _, err = s.cfg.Class.Remove(id); err == nil {
			s.stopRunsOf(id)
		}
	case "readmit":
		_, err = s.cfg.Class.Readmit(id)
	case "delete":
		err = s.forget(id)
	default:
		return &refusal{err: errRequest, field: "do"}
	}
	if errors.Is(err, workshop.ErrName) || errors.Is(err, workshop.ErrFull) {
		f := told(err)
		return s.showWorkshop(w, r, f.status, classPage{Wrong: "api." + f.code})
	}
	if err != nil {
		return err
	}
	return s.back(w, r, "workshop")
}
