package site

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
)

// A page's modules are sent in a few scripts: a class of learners who open their first
// page at once would ask for a hundred files each. A script sees what those before it
// declare.
const (
	baseScript  = "scripts/base.js"       // what every page needs
	panelScript = "scripts/panel.js"      // what a run needs besides
	classScript = "scripts/class.js"      // what a workshop's pages need besides
	appScript   = "scripts/app.js"        // begins the page
	scopeScript = "scripts/microscope.js" // and the microscope's
)

// panel are the modules that only a page with a run needs, with what they alone import.
var panel = []string{"js/bench.js", "js/replayed.js", "js/capacity.js", "js/recordings.js", "js/exercise.js"}

// Scripts are the scripts of every page, in the order in which they run.
func (p *page) Scripts() []string {
	if p.Role.Workshop {
		return []string{baseScript, panelScript, classScript, appScript}
	}
	return []string{baseScript, panelScript, appScript}
}

// bundleScripts makes the scripts of all pages.
func bundleScripts(assets map[string]*asset) (map[string]*asset, error) {
	const class, app, scope = "js/inclass.js", "js/app.js", "js/microscope.js"
	made, err := bundleAll(assets, class, app, scope)
	if err != nil {
		return nil, err
	}
	base, ofApp, ofClass := imports(assets, app, panel), imports(assets, app, nil), imports(assets, class, nil)
	texts := map[string]*strings.Builder{}
	for _, m := range made {
		script := panelScript
		switch {
		case m.file == app:
			script = appScript
		case slices.Contains(base, m.file):
			script = baseScript
		case slices.Contains(ofApp, m.file):
		case m.file == class || slices.Contains(ofClass, m.file):
			script = classScript
		default:
			script = scopeScript
		}
		if texts[script] == nil {
			texts[script] = &strings.Builder{}
			texts[script].WriteString(strict)
		}
		texts[script].WriteString(m.text)
	}
	scripts := map[string]*asset{}
	for name, text := range texts {
		scripts[name] = newAsset(name, []byte(text.String()))
	}
	return scripts, nil
}

// imports are the modules that a module imports, and those that these do, each once;
// without some, and what only they import.
func imports(assets map[string]*asset, entry string, without []string) []string {
	var all []string
	var follow func(name string)
	follow = func(name string) {
		a := assets[name]
		if a == nil || slices.Contains(all, name) || slices.Contains(without, name) {
			return
		}
		all = append(all, name)
		for _, m := range importLine.FindAllSubmatch(a.body, -1) {
			follow(path.Join(path.Dir(name), string(m[3])))
		}
	}
	follow(entry)
	return all[min(1, len(all)):]
}

// allHash is the hash of all assets, as the first part of an address.
var allHash = regexp.MustCompile(`^[0-9a-f]{16}$`)

// hashOf sums up all assets. A script is made of many, and names others by relative
// addresses, so that it keeps them under the hash that its own address has.
func hashOf(assets map[string]*asset) string {
	sum := sha256.New()
	for _, name := range slices.Sorted(maps.Keys(assets)) {
		fmt.Fprintln(sum, name, assets[name].hash)
	}
	return hex.EncodeToString(sum.Sum(nil)[:8])
}

// asset returns the address of a static file with its hash.
func (f *face) asset(name string) (string, error) {
	a, ok := f.assets[name]
	if !ok {
		return "", fmt.Errorf("asset %s: there is no such file under static/", name)
	}
	return "/static/" + name + "?v=" + a.hash, nil
}

// script returns the address of one of a page's scripts, which the browser keeps.
func (f *face) script(name string) string { return "/static/" + f.hash + "/" + name }

// file is a static file, or one of the scripts; nil where there is none.
func (f *face) file(name string) (*asset, error) {
	if !strings.HasPrefix(name, "scripts/") {
		return f.assets[name], nil
	}
	scripts, err := f.bundled()
	return scripts[name], err
}
