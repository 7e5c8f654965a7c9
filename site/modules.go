package site

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"html/template"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
)

// allHash is the hash of all assets, as the first part of an address.
var allHash = regexp.MustCompile(`^[0-9a-f]{16}$`)

// hashOf sums up all assets. Modules name each other by relative addresses, so that
// one of them keeps the others under the hash that its own address has.
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

// module returns the address of a module, which the browser keeps with all that it
// imports.
func (f *face) module(name string) (string, error) {
	if f.assets[name] == nil {
		return "", fmt.Errorf("module %s: there is no such file under static/", name)
	}
	return "/static/" + f.hash + "/" + name, nil
}

// imports are the modules that a module imports, and those that these do: each once.
func (f *face) imports(entry string) []string {
	var all []string
	var follow func(name string)
	follow = func(name string) {
		a := f.assets[name]
		if a == nil || slices.Contains(all, name) {
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

// preloads tell the browser of the modules that a module will import, so that it does
// not learn of them one after the other.
func (f *face) preloads(entry string) template.HTML {
	var b strings.Builder
	for _, name := range f.imports(entry) {
		fmt.Fprintf(&b, "<link rel=\"modulepreload\" href=\"/static/%s/%s\">\n", f.hash, name)
	}
	return template.HTML(b.String()) // of our own files' names
}
