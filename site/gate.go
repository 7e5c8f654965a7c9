package site

import (
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"socketlabs/runner"
	"socketlabs/site/workshop"
)

// need is what a route asks of a request before it is handled.
type need uint16

const (
	open    need = 1 << iota // no token: it tells nothing that is worth one
	command                  // it changes something: from our own pages, or a program with the token
	socket                   // a WebSocket: from our own pages only
	person                   // a person reads it: errors are pages, and a link's token is taken here
	upload                   // its body is a recording
	book                     // it stands in an exported book, as a fresh reader sees it
	learner                  // a workshop's learner may use it, for what is theirs
	owner                    // it changes code that will run: under a loopback name only, which a forwarded host is not
)

// maxBody bounds every request's body. The largest command is a run's settings.
const maxBody = 64 << 10

// body is how large a request's may be.
func (n need) body() int64 {
	if n&upload != 0 {
		return runner.MaxImport + 1 // one more, so that the refusal names the bound
	}
	return maxBody
}

// policy is what a page of ours may load: nothing inline, nothing from elsewhere.
const policy = "default-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'; img-src 'self' data:"

// secure sets what every answer carries, whatever it is.
func secure(h http.Header) {
	h.Set("Content-Security-Policy", policy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Cache-Control", "no-store")
}

// admit says why a request may not be handled. Its Host was checked before.
func (s *Site) admit(r *http.Request, v visitor, rt route) error {
	needs, ours, bearer := rt.needs, s.sameOrigin(r), s.bearer(r)
	foreign := r.Header.Values("Origin") != nil && !ours || s.foreign.Check(r) != nil
	switch {
	case needs&socket != 0 && !ours:
		return errOrigin
	case needs&command != 0 && foreign:
		return errOrigin
	case needs&open != 0 && needs&command != 0 && !ours:
		return errOrigin
	case needs&open != 0:
		return nil
	case v.role == stranger:
		return errNoToken
	case v.role == removed:
		return workshop.ErrRemoved
	case needs&command != 0 && !ours && !bearer:
		return errOrigin
	case needs&owner != 0 && !s.local(r):
		return errOwner
	case v.learns() && needs&learner == 0:
		return errInstructor
	case strings.Contains(rt.pattern, "/runs/{id}"):
		return s.theirsIn(v, r)
	}
	return nil
}

// theirsIn is theirs for the runs that an address names.
func (s *Site) theirsIn(v visitor, r *http.Request) error {
	for _, name := range []string{"id", "other"} {
		if id := r.PathValue(name); id != "" {
			if err := s.theirs(v, id); err != nil {
				return err
			}
		}
	}
	return nil
}

// invites says whether a stranger who asks for a page is led to where people join. A
// link in another site's page gets the one retry of errorPage first: the browser may
// have kept the owner's strict cookie back.
func (s *Site) invites(r *http.Request, needs need) bool {
	return s.cfg.Class != nil && needs&person != 0 && r.Method == http.MethodGet && r.Header.Get("Sec-Fetch-Site") != "cross-site"
}

// local says whether the request names this machine by a loopback name.
func (s *Site) local(r *http.Request) bool {
	host, _ := splitHost(r.Host)
	return loopback(host)
}

// hostAllowed says whether the request was meant for this site. A name that an
// attacker's DNS points here (rebinding) is not one of ours.
func (s *Site) hostAllowed(r *http.Request) bool {
	if s.forwarded(r.Host) {
		return true
	}
	host, port := splitHost(r.Host)
	if r.TLS != nil && !strings.HasSuffix(r.Host, ":"+port) {
		port = "443"
	}
	served, ok := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
	if !ok {
		return false
	}
	servedHost, servedPort, err := net.SplitHostPort(served.String())
	return err == nil && port == servedPort && (loopback(host) || s.cfg.Class != nil && sameAddress(host, servedHost))
}

// sameAddress says whether a Host is the address itself that a connection came to,
// which in a workshop is any of this machine's. A name never is.
func sameAddress(host, served string) bool {
	a, err := netip.ParseAddr(host)
	b, wrong := netip.ParseAddr(served)
	return err == nil && wrong == nil && a.Unmap().WithZone("") == b.Unmap().WithZone("")
}

// forwarded says whether host is one that the owner allowed by name.
func (s *Site) forwarded(host string) bool {
	return slices.ContainsFunc(s.cfg.AllowHosts, func(h string) bool { return h != "" && strings.EqualFold(h, host) })
}

// splitHost splits a Host header; without a port it is HTTP's.
func splitHost(hostport string) (host, port string) {
	host, port, err := net.SplitHostPort(hostport)
	if err != nil {
		return strings.Trim(hostport, "[]"), "80"
	}
	return host, port
}

// loopback says whether host can only mean this machine. A literal address can
// not be pointed elsewhere, and browsers resolve localhost themselves.
func loopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}

// sameOrigin says whether a page of this site sent the request. An Origin that
// equals an evil Host proves nothing: the Host was checked before.
func (s *Site) sameOrigin(r *http.Request) bool {
	origin := r.Header.Values("Origin")
	if len(origin) != 1 {
		return false
	}
	scheme, host, ok := strings.Cut(origin[0], "://")
	return ok && strings.EqualFold(host, r.Host) && (scheme == "http" && r.TLS == nil || scheme == "https" && (r.TLS != nil || s.forwarded(r.Host)))
}

// bearer says whether a program brings the token.
func (s *Site) bearer(r *http.Request) bool {
	scheme, value, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	return strings.EqualFold(scheme, "Bearer") && s.isToken(value)
}

// cookie says whether a browser brings it. Every cookie of that name counts:
// another program on another port of this host may have set one more.
func (s *Site) cookie(r *http.Request) bool {
	return slices.ContainsFunc(r.CookiesNamed(cookieName(r)), func(c *http.Cookie) bool { return s.isToken(c.Value) })
}

func (s *Site) isToken(v string) bool {
	return subtle.ConstantTimeCompare([]byte(v), []byte(s.token)) == 1
}

// cookieName carries the port, because cookies do not tell ports apart.
func cookieName(r *http.Request) string {
	_, port := splitHost(r.Host)
	return "labs-" + port
}

// learnerCookie is the one of a workshop's learners.
func learnerCookie(r *http.Request) string { return cookieName(r) + "-class" }

// enter takes the token out of the address bar and gives the browser a cookie.
func (s *Site) enter(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	if !s.isToken(q.Get("token")) && !s.cookie(r) {
		return errNoToken
	}
	http.SetCookie(w, &http.Cookie{
		Name: cookieName(r), Value: s.token, Path: "/", MaxAge: 365 * 24 * 3600,
		HttpOnly: true, Secure: r.TLS != nil, SameSite: http.SameSiteStrictMode,
	})
	q.Del("token")
	clean := url.URL{Path: r.URL.Path, RawQuery: q.Encode()}
	http.Redirect(w, r, clean.String(), http.StatusSeeOther)
	return nil
}

// token returns the configured token, or the data folder's, made when missing.
func token(cfg Config) (string, error) {
	if cfg.Token != "" {
		return cfg.Token, nil
	}
	path := filepath.Join(cfg.Data, "token")
	old, err := os.ReadFile(path)
	if t := strings.TrimSpace(string(old)); err == nil && t != "" {
		return t, os.Chmod(path, 0o600)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("token: %w", err)
	}
	t := rand.Text()
	if err := os.WriteFile(path, []byte(t+"\n"), 0o600); err != nil {
		return "", fmt.Errorf("token: %w", err)
	}
	return t, nil
}
