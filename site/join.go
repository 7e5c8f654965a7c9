package site

import (
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/netip"
	"time"

	"socketlabs/content"
	"socketlabs/site/workshop"
)

// joinView is the page where people join, with what they have typed.
type joinView struct {
	Workshop   string
	Code, Name string
	Closed     bool
	Full       bool
	Wrong      content.Text // of joining
	Back       content.Text // of coming back
	Welcome    *workshop.Welcome
	Until      time.Time
}

// joinPage is where people join. Who is in already goes on.
func (s *Site) joinPage(w http.ResponseWriter, r *http.Request) error {
	if s.cfg.Class == nil {
		return errNoClass
	}
	switch s.visitor(r).role {
	case learns:
		http.Redirect(w, r, "/"+language(r)+"/", http.StatusSeeOther)
		return nil
	case owns:
		http.Redirect(w, r, "/"+language(r)+"/workshop", http.StatusSeeOther)
		return nil
	case removed:
		return workshop.ErrRemoved
	}
	return s.showJoin(w, r, http.StatusOK, joinView{Code: cut(r.URL.Query().Get("code"))})
}

// joinFront leads to the language that the browser wants; what stands behind the #
// goes along.
func (s *Site) joinFront(w http.ResponseWriter, r *http.Request) error {
	http.Redirect(w, r, "/"+preferred(r)+"/join", http.StatusSeeOther)
	return nil
}

// cut keeps what somebody typed from filling the page.
func cut(typed string) string { return string([]rune(typed)[:min(len([]rune(typed)), 80)]) }

func (s *Site) showJoin(w http.ResponseWriter, r *http.Request, status int, v joinView) error {
	door := s.cfg.Class.Door()
	v.Workshop, v.Closed, v.Full, v.Until = door.Name, door.Closed, door.Taken >= door.Seats, door.Until
	p := s.page(r, &edition{})
	p.Path, p.Join = "join", &v
	return s.light(w, r, status, "join", p)
}

// join takes somebody in: a form with code and name.
func (s *Site) join(w http.ResponseWriter, r *http.Request) error {
	if s.cfg.Class == nil {
		return errNoClass
	}
	switch role := s.visitor(r).role; {
	case role >= learns: // pressed twice
		http.Redirect(w, r, "/"+language(r)+"/", http.StatusSeeOther)
		return nil
	case role == removed: // under another name
		return workshop.ErrRemoved
	}
	v := joinView{Code: cut(r.PostFormValue("code")), Name: cut(r.PostFormValue("name"))}
	code := v.Code
	if key := r.PostFormValue("key"); key != "" { // of the link, which the script has put there
		code += key
	}
	joins := s.cfg.Class.Join
	if r.PostFormValue("simulated") == "yes" { // a rehearsal says so itself
		joins = s.cfg.Class.JoinSimulated
	}
	welcome, err := joins(from(r), code, r.PostFormValue("name"))
	if err != nil {
		said, status, known := s.doorSays(w, err)
		if !known {
			return err
		}
		v.Wrong = said
		return s.showJoin(w, r, status, v)
	}
	return s.welcome(w, r, welcome)
}

// resume lets somebody in who comes back: a form with the resume code.
func (s *Site) resume(w http.ResponseWriter, r *http.Request) error {
	if s.cfg.Class == nil {
		return errNoClass
	}
	welcome, err := s.cfg.Class.Resume(from(r), cut(r.PostFormValue("resume")))
	if err != nil {
		said, status, known := s.doorSays(w, err)
		if !known {
			return err
		}
		if errors.Is(err, workshop.ErrCode) {
			said, _ = s.faces.current().said("api.class-resume", nil)
		}
		return s.showJoin(w, r, status, joinView{Back: said})
	}
	return s.welcome(w, r, welcome)
}

// welcome gives a browser its cookie. Lax: a link in a chat brings people back in.
func (s *Site) welcome(w http.ResponseWriter, r *http.Request, welcome workshop.Welcome) error {
	http.SetCookie(w, &http.Cookie{
		Name: learnerCookie(r), Value: welcome.Token, Path: "/", MaxAge: s.cfg.Class.Settings().Keep * 24 * 3600,
		HttpOnly: true, Secure: r.TLS != nil, SameSite: http.SameSiteLaxMode,
	})
	if welcome.Resume == "" {
		http.Redirect(w, r, "/"+language(r)+"/", http.StatusSeeOther)
		return nil
	}
	return s.showJoin(w, r, http.StatusOK, joinView{Welcome: &welcome})
}

// from is the address of whoever asks.
func from(r *http.Request) netip.Addr {
	at, _ := netip.ParseAddrPort(r.RemoteAddr) // the zero address counts as one too
	return at.Addr()
}

// doorSays is why somebody was not let in, if that is about them.
func (s *Site) doorSays(w http.ResponseWriter, err error) (said content.Text, status int, known bool) {
	if slow, ok := errors.AsType[*workshop.TooMany](err); ok {
		seconds := int(math.Ceil(slow.Wait.Seconds()))
		w.Header().Set("Retry-After", fmt.Sprint(seconds))
		said, _ = s.faces.current().said("api.class-slow", []any{"n", seconds})
		return said, http.StatusTooManyRequests, true
	}
	f := told(err)
	return f.text(s.faces.current()), f.status, f.status < 500
}
