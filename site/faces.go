package site

import (
	"embed"
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"go.yaml.in/yaml/v3"

	"socketlabs/content"
	"socketlabs/labs"
	"socketlabs/site/harden"
)

//go:embed static templates text.yaml tables.yaml
var embedded embed.FS

// face is what the workbook looks like: static files, templates and texts.
type face struct {
	assets  map[string]*asset
	hash    string                            // of all assets
	bundled func() (map[string]*asset, error) // the scripts of pages, made when they are first asked for
	pages   *template.Template
	texts   map[string]content.Text  // by dotted key
	scripts map[string]content.Text  // those of text.yaml, for the page's scripts
	plain   map[string]template.HTML // texts, both languages of each side by side
}

// faces holds the newest face. It changes only in development.
type faces struct {
	dev string // the folder site/ to read from; empty: what is embedded
	log *slog.Logger

	mu     sync.Mutex // guards stamp and newest
	stamp  uint64
	newest *face
}

func newFaces(cfg Config) (*faces, error) {
	f := &faces{log: cfg.Log}
	files := fs.FS(embedded)
	if dir := filepath.Join(cfg.Root, "site"); cfg.Dev {
		f.dev, f.stamp, files = dir, stamp(dir), os.DirFS(dir)
	}
	var err error
	f.newest, err = readFace(files)
	return f, err
}

// current returns the newest face. One that cannot be read changes nothing.
func (f *faces) current() *face {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.dev == "" {
		return f.newest
	}
	if now := stamp(f.dev); now != f.stamp {
		f.stamp = now
		face, err := readFace(os.DirFS(f.dev))
		if err != nil {
			f.log.Error("site: the old face stays", "error", err)
			return f.newest
		}
		f.newest = face
	}
	return f.newest
}

func readFace(files fs.FS) (*face, error) {
	f := &face{texts: map[string]content.Text{}}
	source, err := fs.ReadFile(files, "text.yaml")
	if err != nil {
		return nil, err
	}
	var tree any
	if err := yaml.Unmarshal(source, &tree); err != nil {
		return nil, fmt.Errorf("text.yaml: %w", err)
	}
	flatten(f.texts, "", tree)
	f.scripts = maps.Clone(f.texts)
	if err := tableTexts(files, f.texts); err != nil {
		return nil, err
	}
	f.plain = map[string]template.HTML{}
	for key, t := range f.texts {
		f.plain[key] = both(t)
	}
	if f.assets, err = readAssets(files); err != nil {
		return nil, err
	}
	if err := f.say(); err != nil {
		return nil, err
	}
	f.hash = hashOf(f.assets)
	f.bundled = sync.OnceValues(func() (map[string]*asset, error) { return bundleScripts(f.assets) })
	f.pages, err = template.New("").Funcs(f.funcs()).ParseFS(files, "templates/*.html")
	if err != nil {
		return nil, fmt.Errorf("templates: %w", err)
	}
	return f, nil
}

// tableTexts adds the words of tables.yaml: of the pages that look things up, which
// no script says and no other page carries.
func tableTexts(files fs.FS, into map[string]content.Text) error {
	source, err := fs.ReadFile(files, "tables.yaml")
	var tree any
	if err == nil {
		err = yaml.Unmarshal(source, &tree)
	}
	if err != nil {
		return fmt.Errorf("tables.yaml: %w", err)
	}
	flatten(into, "", tree)
	return nil
}

// flatten collects the texts of a tree under dotted keys.
func flatten(into map[string]content.Text, key string, node any) {
	tree, ok := node.(map[string]any)
	if !ok {
		return
	}
	ko, isKo := tree["ko"].(string)
	en, isEn := tree["en"].(string)
	if isKo && isEn {
		into[key] = content.Text{Ko: ko, En: en}
		return
	}
	for name, child := range tree {
		flatten(into, strings.TrimPrefix(key+"."+name, "."), child)
	}
}

// funcs are what templates may call.
func (f *face) funcs() template.FuncMap {
	return template.FuncMap{
		"asset":  f.asset,
		"script": f.script,
		"text":   f.text,
		"textIn": f.textIn,
		"both":   both,
		"html":   func(v any) template.HTML { return template.HTML(fmt.Sprint(v)) }, // of our own renderer only
		"path":   func(lang string, parts ...string) string { return "/" + lang + "/" + strings.Join(parts, "/") },
		"dict":   dict,
		"add":    func(a, b int) int { return a + b },
		"diff":   labs.Diff,
		"signal": shownSignal,
		"goal":   shownGoal,
		"leftOut": func(l harden.Left) template.HTML {
			return both(content.Text{Ko: Said("ko", "harden.left."+l.Why, l.Args...), En: Said("en", "harden.left."+l.Why, l.Args...)})
		},
		"wrongNumber": func(p *harden.Problem) template.HTML {
			return both(content.Text{Ko: Said("ko", "harden.wrong."+p.Code, p.Args...), En: Said("en", "harden.wrong."+p.Code, p.Args...)})
		},
		"hardenFile": func(file, query, lang string) template.URL { // a query that url.Values made
			return template.URL("/api/hardening/" + file + "?" + query + "&lang=" + lang)
		},
		"tables":      tablesOf,
		"unit":        Quantity,
		"settingName": SettingName,
		"experimentPath": func(name string) string { // epoll/fits is in /ko/epoll#fits
			return strings.Replace(name, "/", "#", 1)
		},
		"questionPath": func(name string) string { // epoll/stall/where is in /ko/epoll#where
			lesson, _, _ := strings.Cut(name, "/")
			return lesson + "#" + name[strings.LastIndexByte(name, '/')+1:]
		},
		"measured": measured,
		"cell":     (*printed).cell,
		"num":      func(v float64) string { return content.Format(v, "") },
	}
}

// style is the text of style sheets, for a file that holds its own.
func (f *face) style(names ...string) string {
	var b strings.Builder
	for _, file := range sheetFiles(names...) {
		b.Write(f.assets[file].body)
		b.WriteByte('\n')
	}
	return b.String()
}

// text returns the words of text.yaml in both languages, {name} filled in from
// pairs of name and value.
func (f *face) text(key string, args ...any) (template.HTML, error) {
	if h, ok := f.plain[key]; ok && len(args) == 0 {
		return h, nil
	}
	t, err := f.said(key, args)
	return both(t), err
}

// textIn is text in one language, for an attribute.
func (f *face) textIn(lang, key string, args ...any) (string, error) {
	t, err := f.said(key, args)
	if lang == "ko" {
		return t.Ko, err
	}
	return t.En, err
}

func (f *face) said(key string, args []any) (content.Text, error) {
	t, ok := f.texts[key]
	if !ok {
		return t, fmt.Errorf("text %s: text.yaml has no such key", key)
	}
	if len(args) == 0 {
		return t, nil
	}
	var pairs []string
	for i := 0; i+1 < len(args); i += 2 {
		pairs = append(pairs, fmt.Sprintf("{%v}", args[i]), fmt.Sprint(args[i+1]))
	}
	fill := strings.NewReplacer(pairs...)
	return content.Text{Ko: fill.Replace(t.Ko), En: fill.Replace(t.En)}, nil
}

// both shows a text in both languages; the page shows the one it is in.
func both(t content.Text) template.HTML {
	return template.HTML(`<span lang="ko">` + template.HTMLEscapeString(t.Ko) + `</span><span lang="en">` + template.HTMLEscapeString(t.En) + `</span>`)
}

// dict passes several values to a template by name.
func dict(pairs ...any) (map[string]any, error) {
	if len(pairs)%2 != 0 {
		return nil, errors.New("dict: it takes pairs of name and value")
	}
	m := map[string]any{}
	for i := 0; i < len(pairs); i += 2 {
		m[fmt.Sprint(pairs[i])] = pairs[i+1]
	}
	return m, nil
}

// page returns the template of that name, however its file spells it.
func (f *face) page(name string) (*template.Template, error) {
	for _, n := range []string{name, name + ".html"} {
		if t := f.pages.Lookup(n); t != nil {
			return t, nil
		}
	}
	return nil, fmt.Errorf("template %s: there is none", name)
}
