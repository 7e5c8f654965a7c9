package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

const (
	// patience bounds one act of the browser, and what a page says at once.
	patience = 30 * time.Second
	// aRun bounds a run with its build, on a busy machine.
	aRun = 2 * time.Minute
)

// chromium is the one browser of this test binary: the first test that needs it
// starts it, TestMain ends it.
var chromium struct {
	once sync.Once
	ctx  context.Context
	end  context.CancelFunc
	err  error
}

// startBrowser starts it; without one the test is skipped, or fails where
// LABS_BROWSER=required.
func startBrowser(t testing.TB) {
	t.Helper()
	path, err := exec.LookPath("chromium")
	switch {
	case err == nil:
	case os.Getenv("LABS_BROWSER") == "required":
		t.Fatal(err)
	default:
		t.Skip("no Chromium: apt-get install -y --no-install-recommends chromium fonts-noto-cjk")
	}
	chromium.once.Do(func() {
		for try := range 3 { // it is not what is tested here, and may crash as it starts
			if chromium.err = launch(path, fmt.Sprint("browser", try)); chromium.err == nil {
				return
			}
			fmt.Fprintln(os.Stderr, "start the browser:", chromium.err)
			chromium.end()
		}
	})
	if chromium.err != nil {
		t.Fatal(chromium.err)
	}
}

// launch starts a browser that knows nothing and asks nobody, with a folder of its own.
func launch(path, folder string) error {
	dir := filepath.Dir(bin)
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path),
		chromedp.NoSandbox, chromedp.DisableGPU, chromedp.UserDataDir(filepath.Join(dir, folder)), chromedp.Env("TMPDIR="+dir),
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true))
	allocator, end := chromedp.NewExecAllocator(context.Background(), options...)
	chromium.end = end
	chromium.ctx, _ = chromedp.NewContext(allocator)
	return chromedp.Do(chromium.ctx)
}

// closeBrowser ends it and waits until its processes are gone.
func closeBrowser() {
	if chromium.end == nil {
		return
	}
	if err := chromedp.Cancel(chromium.ctx); err != nil {
		fmt.Fprintln(os.Stderr, "close the browser:", err)
	}
	chromium.end()
}

// tab is one page of the browser, with cookies of its own.
type tab struct {
	t       testing.TB
	ctx     context.Context
	site    *server
	listens sync.WaitGroup

	mu    sync.Mutex
	wrong []string // what the page said on its console that it should not
	known []string // parts of what it may say
}

// open opens an empty tab. The test fails when a page in it complains on its
// console: an exception, a refused resource, a broken policy.
func open(t testing.TB, s *server) *tab {
	t.Helper()
	startBrowser(t)
	ctx, end := chromedp.NewContext(chromium.ctx, chromedp.WithNewBrowserContext())
	p := &tab{t: t, ctx: ctx, site: s}
	t.Cleanup(func() { p.close(end) })
	console := chromedp.Console(ctx)
	p.listens.Go(func() {
		for m, err := range console {
			if err != nil {
				return
			}
			p.hear(m)
		}
	})
	p.size(1440, 1000)
	return p
}

// hear keeps what the page complains about.
func (p *tab) hear(m chromedp.ConsoleMessage) {
	if m.Type != chromedp.ConsoleError && m.Type != chromedp.ConsoleWarning && !m.IsException() {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.wrong = append(p.wrong, fmt.Sprintf("%s:%d: %s", m.URL, m.Line+1, m))
}

// allow says what the page may complain about: the browser reports every request
// that fails, also where failing is the test.
func (p *tab) allow(part string) { p.known = append(p.known, part) }

func (p *tab) close(end context.CancelFunc) {
	if p.t.Failed() {
		p.t.Logf("the page at the end: %s", p.state())
		p.shoot("failed-" + strings.ReplaceAll(p.t.Name(), "/", "-"))
	}
	end()
	p.listens.Wait()
	for _, m := range p.wrong {
		if !p.allowed(m) {
			p.t.Errorf("console: %s", m)
		}
	}
}

func (p *tab) allowed(message string) bool {
	for _, part := range p.known {
		if strings.Contains(message, part) {
			return true
		}
	}
	return false
}

// state is what a page says of itself, for a test that failed.
func (p *tab) state() string {
	ctx, end := context.WithTimeout(p.ctx, 5*time.Second)
	defer end()
	said, err := chromedp.Run(ctx, chromedp.Evaluate[string](`[location.href, document.title, ...["ui-lamp", "ui-note", "ui-figures", "ui-checks"].map((id) => document.getElementById(id)?.innerText ?? "")].join("\n")`))
	if err != nil {
		return err.Error()
	}
	return said
}
