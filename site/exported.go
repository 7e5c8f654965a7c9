package site

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"socketlabs/content"
	"socketlabs/runner"
)

// An exported book is what the site answers a reader who has done nothing yet,
// as files: the pages whose routes are marked book, what their scripts would ask
// for of the author's recordings, and one script of all modules. Every address in
// it is relative, so that it is read under any address and from a disk.

const (
	// bookMark is the file that says that a folder is an exported book, which a new
	// one may replace.
	bookMark = "socket-labs-book.json"
	// bookRoot leads from a page, which is in the folder of its language, to the book's.
	bookRoot = "../"
	// bookScript is all modules as one script: browsers load no module from a disk.
	bookScript = "book.js"
	// bookPolicy is what a page of the book may load: what lies beside it, by http
	// or from a disk. It has nobody to ask.
	bookPolicy = "default-src 'none'; script-src 'self' file:; style-src 'self' file:; img-src 'self' file: data: blob:; form-action 'self' file:; base-uri 'none'"
)

// BookPolicy is for the page's head.
func (p *page) BookPolicy() string { return bookPolicy }

// ErrNotABook is for a folder that holds something else than an exported book.
var ErrNotABook = errors.New("site: the folder is not empty and no exported book: name another, or empty it")

// ExportBook writes the book of cfg.Root into the folder dir and returns its
// files' names. Of cfg, only Root, Version and Log count. The folder is empty, new
// or an earlier export: it is replaced whole or stays as it is. The same lessons
// give the same bytes.
func ExportBook(ctx context.Context, cfg Config, dir string) ([]string, error) {
	dir, err := filepath.Abs(dir)
	if err == nil {
		err = mayReplace(dir)
	}
	if err != nil {
		return nil, err
	}
	files, err := bookFiles(ctx, cfg)
	if err != nil {
		return nil, err
	}
	return sortedKeys(files), replaceFolder(dir, files)
}

// mayReplace refuses what is not ours.
func mayReplace(dir string) error {
	entries, err := os.ReadDir(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case len(entries) == 0 || slices.ContainsFunc(entries, func(e fs.DirEntry) bool { return e.Name() == bookMark }):
		return nil
	}
	return fmt.Errorf("%s: %w", dir, ErrNotABook)
}

// replaceFolder writes files beside dir and puts them in its place.
func replaceFolder(dir string, files map[string][]byte) (err error) {
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return err
	}
	beside, err := os.MkdirTemp(filepath.Dir(dir), ".labs-export-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(beside)
	fresh, old := filepath.Join(beside, "new"), filepath.Join(beside, "old")
	for _, name := range sortedKeys(files) {
		to := filepath.Join(fresh, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(to, files[name], 0o644); err != nil {
			return err
		}
	}
	if err := os.Rename(dir, old); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := os.Rename(fresh, dir); err != nil {
		return errors.Join(err, os.Rename(old, dir))
	}
	return nil
}

// bookFiles makes the files of a book, by their slashed names.
func bookFiles(ctx context.Context, cfg Config) (_ map[string][]byte, err error) {
	data, err := os.MkdirTemp("", "labs-export-") // of a reader who has done nothing yet
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(data)
	r, err := runner.Open(runner.Config{Root: cfg.Root, Data: data, Log: cfg.Log})
	if err != nil {
		return nil, err
	}
	defer func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		err = errors.Join(err, r.Close(ctx))
	}()
	s, err := New(Config{Root: cfg.Root, Data: data, Runner: r, Log: cfg.Log, Version: cfg.Version, Token: "none", edition: cfg.edition, exported: true})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	face := s.faces.current()
	script, err := bundle(face.assets, "js/app.js")
	if err != nil {
		return nil, err
	}
	face.assets[bookScript] = newAsset(bookScript, []byte(script))
	b := &bookMaker{site: s, face: face, mux: s.bookMux(), files: map[string][]byte{}}
	if err := b.make(ctx); err != nil {
		return nil, err
	}
	return b.files, nil
}

// bookRoute is a route as the exporter asks it, if it may be asked at all.
type bookRoute struct {
	route
	site *Site
}

func (b bookRoute) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.(*kept).err = b.serve(b.site, w, r)
}

// bookMux knows every page, and what it is asked for.
func (s *Site) bookMux() *http.ServeMux {
	mux := http.NewServeMux()
	for _, rt := range append(routes(), route{"GET /{lang}/exported", book, (*Site).exportedPage}) {
		for _, p := range rt.patterns() {
			mux.Handle(p, bookRoute{rt, s})
		}
	}
	return mux
}

// exportedPage says what an exported book is, and how to get the real one.
func (s *Site) exportedPage(w http.ResponseWriter, r *http.Request) error {
	return s.show(w, r, http.StatusOK, "exported", s.page(r, s.shelf.edition()), &pageData{})
}

// bookMaker asks the site for pages, and for those that they lead to.
type bookMaker struct {
	site  *Site
	face  *face
	mux   *http.ServeMux
	files map[string][]byte
	todo  []string // addresses of pages
	seen  map[string]bool
}

func (b *bookMaker) make(ctx context.Context) error {
	e := b.site.shelf.edition()
	if len(e.problems) > 0 {
		return fmt.Errorf("%d problems, the first of them: %v: `labs check` names all", len(e.problems), e.problems[0])
	}
	b.seen = map[string]bool{}
	for _, lang := range languages {
		for _, name := range []string{"", "exported", "search"} { // whoever follows a link from here finds the others
			b.want("/" + lang + "/" + name)
		}
	}
	for len(b.todo) > 0 {
		next := b.todo[0]
		b.todo = b.todo[1:]
		if err := errors.Join(ctx.Err(), b.page(next)); err != nil {
			return err
		}
	}
	for _, address := range bookData(e) {
		if err := errors.Join(ctx.Err(), b.data(address)); err != nil {
			return err
		}
	}
	for _, lang := range languages {
		if err := b.answer("search-"+lang, map[string]any{"particles": content.Particles(), "entries": b.found(lang, e.index[lang])}); err != nil {
			return err
		}
	}
	if err := b.front(e); err != nil {
		return err
	}
	mark, err := json.MarshalIndent(map[string]string{"book": "socket-labs", "version": b.site.cfg.Version}, "", "  ")
	b.files[bookMark] = append(mark, '\n')
	return err
}

// found are the entries of an index; what needs a server is found on the page
// that says so.
func (b *bookMaker) found(lang string, x *content.Index) []content.Entry {
	list := x.Entries()
	for i, e := range list {
		if _, ok := b.files[fileOf("/"+lang+"/"+e.Lesson)]; !ok {
			list[i].Lesson, list[i].Section = "exported", e.Lesson
		}
	}
	return list
}

// want has a page made, once.
func (b *bookMaker) want(address string) {
	if !b.seen[address] {
		b.seen[address] = true
		b.todo = append(b.todo, address)
	}
}

// bookData are the addresses that scripts of the pages ask.
func bookData(e *edition) (list []string) {
	for _, part := range e.book.Parts {
		for _, l := range part.Lessons {
			for _, x := range l.Experiments {
				if x.Author == nil {
					continue
				}
				of := "/api/experiments/" + x.Spec.Name + "/author/"
				list = append(list, of+"series?block=last", of+"doctor")
				if x.Spec.Sweep != nil {
					list = append(list, of+"capacity")
				}
			}
			for _, c := range l.Comparisons {
				if c.Author != nil {
					list = append(list, "/api/experiments/"+c.Name+"/author/series?block=last")
				}
			}
			if l.BreakIt != nil {
				list = append(list, "/api/lessons/"+l.ID+"/breakit")
			}
		}
	}
	return list
}

// ask is a route's answer.
func (b *bookMaker) ask(address string) ([]byte, error) {
	r, err := http.NewRequest(http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	k := &kept{header: http.Header{}}
	b.mux.ServeHTTP(k, r)
	if k.err != nil {
		return nil, fmt.Errorf("%s: %w", address, k.err)
	}
	if k.status != http.StatusOK {
		return nil, fmt.Errorf("%s: %d: %s", address, k.status, bytes.TrimSpace(k.body.Bytes()))
	}
	return k.body.Bytes(), nil
}

// kept is an answer in memory.
type kept struct {
	header http.Header
	status int
	body   bytes.Buffer
	err    error // why it is not whole
}

func (k *kept) Header() http.Header { return k.header }

func (k *kept) WriteHeader(status int) {
	if k.status == 0 {
		k.status = status
	}
}

func (k *kept) Write(p []byte) (int, error) {
	k.WriteHeader(http.StatusOK)
	return k.body.Write(p)
}

// data writes what a script would be told by an address, in a file that a script
// element loads: a browser lets no script read another file from a disk.
func (b *bookMaker) data(address string) error {
	body, err := b.ask(address)
	if err != nil {
		return err
	}
	return b.answer(strings.NewReplacer("/api/", "", "?block=", "-").Replace(address), json.RawMessage(body))
}

func (b *bookMaker) answer(name string, v any) error {
	text, err := json.Marshal(v)
	b.files["data/"+name+".js"] = slices.Concat([]byte("document.currentScript.answer = "), text, []byte(";\n"))
	return err
}

// front is the first page: it leads to the reader's language.
func (b *bookMaker) front(e *edition) error {
	t, err := b.face.page("front")
	if err != nil {
		return err
	}
	var out bytes.Buffer
	if err := t.Execute(&out, &page{Lang: languages[0], Book: e.book, Exported: true}); err != nil {
		return err
	}
	b.files["index.html"], err = b.relative(out.Bytes(), "/")
	return err
}

// page writes a page with every address in it made relative.
func (b *bookMaker) page(address string) error {
	body, err := b.ask(address)
	if err != nil {
		return err
	}
	if bytes.Contains(body, []byte(`class="math"`)) {
		for _, name := range []string{"vendor/katex.min.js", "vendor/katex.LICENSE"} {
			b.files["static/"+name] = b.face.assets[name].body
		}
	}
	b.files[fileOf(address)], err = b.relative(body, address)
	return err
}

// fileOf is the file of a page's address.
func fileOf(address string) string {
	if strings.HasSuffix(address, "/") {
		address += "index"
	}
	return strings.TrimPrefix(address, "/") + ".html"
}

// addresses are those in the elements of a page, and in those that its data holds
// as text. A quote in text is never a bare one.
var addresses = regexp.MustCompile(`\b(href|src|action)=(\\?")([^"\\]*)`)

// relative makes the addresses of a page relative to it.
func (b *bookMaker) relative(text []byte, page string) (_ []byte, err error) {
	root := bookRoot
	if page == "/" {
		root = ""
	}
	base := &url.URL{Path: page}
	text = addresses.ReplaceAllFunc(text, func(found []byte) []byte {
		m := addresses.FindSubmatch(found)
		to, e := b.resolve(base, string(m[3]))
		if e != nil {
			err = errors.Join(err, fmt.Errorf("%s: %w", page, e))
		}
		if to == "" {
			return found
		}
		return []byte(string(m[1]) + "=" + string(m[2]) + root + to)
	})
	return text, err
}

// resolve returns where an address of a page leads, from the book's folder; empty
// when it stays as it is: in the page, or out of the book.
func (b *bookMaker) resolve(base *url.URL, to string) (string, error) {
	if to == "" || strings.HasPrefix(to, "#") {
		return "", nil
	}
	u, err := base.Parse(strings.ReplaceAll(to, "&amp;", "&"))
	if err != nil || u.Scheme != "" || u.Host != "" {
		return "", err
	}
	if name, ok := strings.CutPrefix(u.Path, "/static/"); ok {
		return b.asset(name, to)
	}
	if u.Path == "/" {
		return "index.html", nil
	}
	r, err := http.NewRequest(http.MethodGet, u.Path, nil)
	if err != nil {
		return "", err
	}
	h, _ := b.mux.Handler(r)
	lang, _, _ := strings.Cut(strings.TrimPrefix(u.Path, "/"), "/")
	switch rt, ok := h.(bookRoute); {
	case !ok || !spoken(lang):
		return "", fmt.Errorf("%q leads nowhere", to)
	case rt.needs&book == 0: // it needs a server
		return fileOf("/" + lang + "/exported"), nil
	}
	b.want(u.Path)
	file := &url.URL{Path: fileOf(u.Path), RawQuery: u.RawQuery, Fragment: u.Fragment}
	return strings.ReplaceAll(file.String(), "&", "&amp;"), nil
}

// asset takes a static file into the book, and the licence beside it.
func (b *bookMaker) asset(name, to string) (string, error) {
	a, ok := b.face.assets[name]
	if !ok {
		return "", fmt.Errorf("%q: there is no such file", to)
	}
	b.files["static/"+name] = a.body
	stem, _, _ := strings.Cut(path.Base(name), ".")
	for _, of := range []string{stem, "uPlot"} { // which the script holds
		if l, ok := b.face.assets["vendor/"+of+".LICENSE"]; ok {
			b.files["static/vendor/"+of+".LICENSE"] = l.body
		}
	}
	return strings.TrimPrefix(to, "/"), nil
}
