package site

import (
	"cmp"
	"net/http"
	"net/url"
	"runtime"
	"time"

	"socketlabs/content"
	"socketlabs/runner"
	"socketlabs/site/harden"
)

// hardenPage is the form, as it was filled in, and what it comes to.
type hardenPage struct {
	Fields  []hardenField
	Example bool // nobody has filled it in yet
	Wrong   bool
	Recipe  harden.Recipe // unless something is wrong
	Unit    content.Text
	Sysctl  content.Text // empty: nothing is to be set
	Query   string       // the numbers as an address has them
	Command string       // the same in a terminal
}

type hardenField struct {
	harden.Field
	Typed string
	Wrong *harden.Problem
}

// hardeningPage shows the recipe for the numbers of the address, or an example's.
func (s *Site) hardeningPage(w http.ResponseWriter, r *http.Request) error {
	p := s.page(r, s.shelf.edition())
	p.Harden = s.hardened(r.URL.Query())
	if s.again(w, r, p, p.Harden, p.Progress) {
		return nil
	}
	return s.show(w, r, http.StatusOK, "hardening", p, &pageData{})
}

// hardened reads the numbers. What cannot be read is named and stays as it was
// typed.
func (s *Site) hardened(q url.Values) *hardenPage {
	n, wrong := harden.Read(q.Get)
	h := &hardenPage{Example: len(q) == 0, Wrong: len(wrong) > 0, Command: "labs harden"}
	numbers := url.Values{}
	for _, f := range harden.Fields() {
		field := hardenField{Field: f, Typed: q.Get(f.Name)}
		if h.Example {
			field.Typed = f.Default
		}
		for i := range wrong {
			if wrong[i].Field == f.Name {
				field.Wrong = &wrong[i]
			}
		}
		if v := cmp.Or(field.Typed, f.Default); v != "" {
			numbers.Set(f.Name, v)
			if v != f.Default {
				h.Command += " --" + f.Name + "=" + quoted(v)
			}
		}
		h.Fields = append(h.Fields, field)
	}
	if h.Wrong {
		return h
	}
	h.Query, h.Recipe = numbers.Encode(), harden.Write(n, runner.Settings())
	h.Unit = content.Text{Ko: h.Recipe.UnitText(reasonIn("ko")), En: h.Recipe.UnitText(reasonIn("en"))}
	h.Sysctl = content.Text{Ko: h.Recipe.SysctlText(reasonIn("ko")), En: h.Recipe.SysctlText(reasonIn("en"))}
	return h
}

// quoted makes one word of a shell of a text that has been read: it has no quotes.
func quoted(v string) string {
	for _, c := range v {
		if c == ' ' {
			return "'" + v + "'"
		}
	}
	return v
}

// reasonIn gives the words of a line's reason.
func reasonIn(lang string) func(harden.Line) string {
	return func(l harden.Line) string { return HardenReason(lang, l) }
}

// HardenReason is why a line is there.
func HardenReason(lang string, l harden.Line) string {
	return Said(lang, "harden.why."+l.Why, l.Args...)
}

// hardeningFile sends one of the two files.
func (s *Site) hardeningFile(w http.ResponseWriter, r *http.Request) error {
	lang := cmp.Or(r.FormValue("lang"), preferred(r))
	if !spoken(lang) {
		return errNotFound
	}
	n, wrong := harden.Read(r.URL.Query().Get)
	if len(wrong) > 0 {
		return hardenRefusal(wrong[0])
	}
	recipe := harden.Write(n, runner.Settings())
	var name, text string
	switch r.PathValue("file") {
	case "unit":
		name, text = recipe.UnitName(), recipe.UnitText(reasonIn(lang))
	case "sysctl":
		name, text = recipe.SysctlName(), recipe.SysctlText(reasonIn(lang))
	}
	if text == "" {
		return errNotFound
	}
	attach(w, name, "text/plain; charset=utf-8")
	w.Write([]byte(text)) // an error means that whoever asked has left
	return nil
}

func hardenRefusal(p harden.Problem) error {
	return &refusal{err: errSetting, field: p.Field, text: content.Text{
		Ko: Said("ko", "harden.wrong."+p.Code, p.Args...), En: Said("en", "harden.wrong."+p.Code, p.Args...)}}
}

// verifyHardening has this host's tools look at the files. They would disturb what
// is being measured, so that they wait for nobody and refuse.
func (s *Site) verifyHardening(w http.ResponseWriter, r *http.Request) error {
	var o struct {
		Numbers map[string]string `json:"numbers"`
	}
	if err := decode(r, &o); err != nil {
		return err
	}
	n, wrong := harden.Read(func(field string) string { return o.Numbers[field] })
	if len(wrong) > 0 {
		return hardenRefusal(wrong[0])
	}
	if live := s.live(s.everybodys()); len(live) > 0 {
		return &refusal{err: runner.ErrBusy, run: live[0], text: content.Text{Ko: Said("ko", "harden.busy"), En: Said("en", "harden.busy")}}
	}
	if !s.verifying.TryLock() {
		return &refusal{err: runner.ErrBusy, text: content.Text{Ko: Said("ko", "harden.twice"), En: Said("en", "harden.twice")}}
	}
	defer s.verifying.Unlock()
	found, err := harden.Verify(r.Context(), harden.Write(n, runner.Settings()))
	if err != nil {
		return err
	}
	return reply(w, http.StatusOK, map[string]any{"findings": found, "when": time.Now().UTC(), "os": runtime.GOOS})
}
