package rehearse

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

const (
	patience = 30 * time.Second
	maxBody  = 8 << 20 // of an answer
)

// Browser is one person's: its cookies, its connections, and what it has loaded.
type Browser struct {
	Site string // scheme://host:port

	client *http.Client
	dialer *websocket.Dialer
	took   func(time.Duration) // hears how long each answer took; nil: nobody does

	mu     sync.Mutex      // guards loaded
	loaded map[string]bool // files that it has: their addresses hold their hash
}

// NewBrowser makes one without a cookie. It speaks to this site only, whose certificate
// nobody has to vouch for: Link has seen to it that nothing leaves this machine.
func NewBrowser(site string, took func(time.Duration)) *Browser {
	jar, _ := cookiejar.New(nil) // never fails
	insecure := &tls.Config{InsecureSkipVerify: true}
	b := &Browser{Site: site, took: took, loaded: map[string]bool{}}
	b.client = &http.Client{Jar: jar, Timeout: patience,
		Transport: &http.Transport{MaxConnsPerHost: 6, MaxIdleConnsPerHost: 2, IdleConnTimeout: time.Minute, TLSClientConfig: insecure},
		CheckRedirect: func(r *http.Request, via []*http.Request) error {
			if r.URL.Scheme+"://"+r.URL.Host != site || len(via) > 5 {
				return fmt.Errorf("%w: %s", ErrElsewhere, r.URL.Host)
			}
			return nil
		}}
	b.dialer = &websocket.Dialer{Jar: jar, HandshakeTimeout: patience, TLSClientConfig: insecure}
	return b
}

// Close ends its idle connections.
func (b *Browser) Close() { b.client.CloseIdleConnections() }

// Refused is an answer that is an error.
type Refused struct {
	Status int
	Code   string // of the answer's JSON; empty: it was a page
	Text   string
	Run    string // that is in the way
}

func (e *Refused) Error() string {
	return strings.TrimSpace(fmt.Sprintf("%d %s %s", e.Status, e.Code, e.Text))
}

var referred = regexp.MustCompile(`(?:href|src)="(/static/[^"]+)"`)

// Open loads a page, and then at once the files that it names and that this browser has
// not got yet. It returns the page, and how long the page alone took.
func (b *Browser) Open(ctx context.Context, path string) (page string, took time.Duration, err error) {
	began := time.Now()
	body, err := b.do(ctx, http.MethodGet, path, "", nil)
	took = time.Since(began)
	if err != nil {
		return "", took, err
	}
	var files sync.WaitGroup
	errs := make(chan error, 1)
	for _, m := range referred.FindAllStringSubmatch(string(body), -1) {
		if !b.first(m[1]) {
			continue
		}
		files.Go(func() {
			if _, err := b.do(ctx, http.MethodGet, m[1], "", nil); err != nil {
				select {
				case errs <- err:
				default:
				}
			}
		})
	}
	files.Wait()
	select {
	case err = <-errs:
	default:
	}
	return string(body), took, err
}

// first says whether the browser has to load a file.
func (b *Browser) first(path string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	had := b.loaded[path]
	b.loaded[path] = true
	return !had
}

// Submit sends a form, and returns the page that answers it.
func (b *Browser) Submit(ctx context.Context, path string, form url.Values) (string, error) {
	body, err := b.do(ctx, http.MethodPost, path, "application/x-www-form-urlencoded", strings.NewReader(form.Encode()))
	return string(body), err
}

// Call sends a command of the API, or asks it, and decodes the answer into out unless
// that is nil. An answer that is an error is a *Refused.
func (b *Browser) Call(ctx context.Context, method, path string, in, out any) error {
	var body io.Reader
	kind := ""
	if in != nil {
		text, err := json.Marshal(in)
		if err != nil {
			return err
		}
		body, kind = bytes.NewReader(text), "application/json"
	}
	text, err := b.do(ctx, method, path, kind, body)
	if err != nil || out == nil {
		return err
	}
	return json.Unmarshal(text, out)
}

func (b *Browser) do(ctx context.Context, method, path, kind string, body io.Reader) ([]byte, error) {
	r, err := http.NewRequestWithContext(ctx, method, b.Site+path, body)
	if err != nil {
		return nil, err
	}
	if method != http.MethodGet {
		r.Header.Set("Origin", b.Site)
	}
	if kind != "" {
		r.Header.Set("Content-Type", kind)
	}
	began := time.Now()
	resp, err := b.client.Do(r)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(io.LimitReader(resp.Body, maxBody))
	if b.took != nil {
		b.took(time.Since(began))
	}
	if err != nil || resp.StatusCode < 400 {
		return text, err
	}
	return nil, refusedBy(resp.StatusCode, text)
}

func refusedBy(status int, body []byte) *Refused {
	var c struct {
		Error struct {
			Code, Run string
			Text      struct{ En string }
		}
	}
	json.Unmarshal(body, &c) // a page is no JSON
	return &Refused{status, c.Error.Code, c.Error.Text.En, c.Error.Run}
}

// Socket opens a WebSocket of the site.
func (b *Browser) Socket(ctx context.Context, path string) (*websocket.Conn, error) {
	conn, resp, err := b.dialer.DialContext(ctx, "ws"+strings.TrimPrefix(b.Site, "http")+path, http.Header{"Origin": {b.Site}})
	if errors.Is(err, websocket.ErrBadHandshake) && resp != nil {
		text, _ := io.ReadAll(resp.Body) // what there is of it
		return nil, refusedBy(resp.StatusCode, text)
	}
	return conn, err
}

// Join joins by the link, as the form of the join page does.
func (b *Browser) Join(ctx context.Context, l Link, name string) error {
	form := url.Values{"code": {l.Code}, "key": {l.Key}, "name": {name}, "simulated": {"yes"}}
	_, err := b.Submit(ctx, "/"+l.Lang+"/join", form)
	return err
}

// Leave deletes all that the class keeps of this person, as their own page does.
func (b *Browser) Leave(ctx context.Context, l Link) error {
	_, err := b.Submit(ctx, "/"+l.Lang+"/me/delete", url.Values{"sure": {"yes"}})
	if refused, ok := errors.AsType[*Refused](err); ok && (refused.Status == http.StatusUnauthorized || refused.Status == http.StatusForbidden) {
		return nil // the instructor was faster
	}
	return err
}
