package site

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"socketlabs/site/workshop"
)

// BenchmarkJoin has 200 people join at once as browsers do: the page with what it
// names, the form, and the first page of the workbook with its style and scripts.
// Figures are seconds: of the page where people join, of the form, until the last of
// the class is in, and until the last one has the first page. The browsers share the
// machine's cores with the site.
func BenchmarkJoin(b *testing.B) {
	const all = 200
	data := b.TempDir()
	s := newSite(b, root(b), data)
	srv := httptest.NewServer(s.Handler())
	defer srv.Close()
	defer s.end()
	var pages, forms []float64
	var last, in float64
	for i := range b.N {
		class, err := workshop.Open(filepath.Join(data, fmt.Sprint(i, workshop.File)), workshop.Settings{Name: "Sockets", Seats: all})
		if err != nil {
			b.Fatal(err)
		}
		s.cfg.Class = class
		var mu sync.Mutex // guards pages, forms and in
		var class200 sync.WaitGroup
		began := time.Now()
		for n := range all {
			class200.Go(func() {
				j := joiner{b, srv.URL, &http.Client{Transport: &http.Transport{MaxConnsPerHost: 6, MaxIdleConnsPerHost: 6}}}
				defer j.client.CloseIdleConnections()
				page, form, cookie := j.joins(class.Door().Code, fmt.Sprint("learner ", n))
				joined := time.Since(began).Seconds()
				j.load("/ko/", cookie)
				mu.Lock()
				defer mu.Unlock()
				pages, forms, in = append(pages, page), append(forms, form), max(in, joined)
			})
		}
		class200.Wait()
		last = max(last, time.Since(began).Seconds())
		if n := len(class.People()); n != all {
			b.Errorf("%d people", n)
		}
		s.cfg.Class = nil
		class.Close()
	}
	slices.Sort(pages)
	slices.Sort(forms)
	b.ReportMetric(pages[len(pages)*99/100], "page-p99-s")
	b.ReportMetric(forms[len(forms)*99/100], "form-p99-s")
	b.ReportMetric(in, "all-in-s")
	b.ReportMetric(last, "all-reading-s")
	b.ReportMetric(0, "ns/op")
}

// joiner is one browser.
type joiner struct {
	b      *testing.B
	url    string
	client *http.Client
}

var referred = regexp.MustCompile(`(?:href|src)="(/static/[^"]+)"`)

// load gets a page and then, at once, what it names; it returns the page's seconds.
func (j joiner) load(path, cookie string) float64 {
	began := time.Now()
	body := j.get(path, cookie)
	took := time.Since(began).Seconds()
	var files sync.WaitGroup
	for _, m := range referred.FindAllStringSubmatch(body, -1) {
		files.Go(func() { j.get(m[1], cookie) })
	}
	files.Wait()
	return took
}

func (j joiner) get(path, cookie string) string {
	r, _ := http.NewRequest("GET", j.url+path, nil)
	r.Header.Set("Cookie", cookie)
	return j.do(r)
}

func (j joiner) do(r *http.Request) string {
	resp, err := j.client.Do(r)
	if err != nil {
		j.b.Error(err)
		return ""
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		j.b.Errorf("%s %s: %s, %v", r.Method, r.URL.Path, resp.Status, err)
	}
	for _, c := range resp.Cookies() {
		if strings.HasSuffix(c.Name, "-class") {
			return c.Name + "=" + c.Value
		}
	}
	return string(body)
}

func (j joiner) joins(code, name string) (page, form float64, cookie string) {
	page = j.load("/ko/join", "")
	began := time.Now()
	r, _ := http.NewRequest("POST", j.url+"/ko/join", strings.NewReader(url.Values{"code": {code}, "name": {name}}.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Origin", j.url)
	cookie = j.do(r)
	return page, time.Since(began).Seconds(), cookie
}
