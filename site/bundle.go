package site

import (
	"fmt"
	"path"
	"regexp"
	"strings"
)

// Our modules speak a small part of ECMAScript's: import { a, b } or import name
// from a relative address, and export before a declaration or in a list at the
// end. That is all that bundle needs to know.
var (
	importLine = regexp.MustCompile(`(?m)^import (?:(\w+)|\{([^}]*)\}) from "(\.{1,2}/[^"]+)";\n`)
	exportWord = regexp.MustCompile(`(?m)^export ((?:async )?(?:const|let|function\*?|class) (\w+))`)
	exportList = regexp.MustCompile(`(?m)^export \{([^}]*)\};?\n?`)
	remark     = regexp.MustCompile(`(?ms)^[\t ]*/\*.*?\*/[\t ]*\n`) // on lines of its own: code may stand in it
	moduleWord = regexp.MustCompile(`(?m)^(?:import|export)\b.*`)
)

// bundler makes a script of modules and of all that they import.
type bundler struct {
	assets map[string]*asset
	names  map[string]string // of a module's object, by its path; empty while it is being read
	made   []bundled         // those that a module imports are before it
}

// bundled is a module as a statement of a script.
type bundled struct{ file, text string }

// strict is how each script begins, as modules are strict.
const strict = "\"use strict\";\n"

// bundle returns the script of a module: each module is a function that returns
// what it exports, those that it imports before it. The same files give the same
// script.
func bundle(assets map[string]*asset, entry string) (string, error) {
	made, err := bundleAll(assets, entry)
	var out strings.Builder
	out.WriteString(strict)
	for _, m := range made {
		out.WriteString(m.text)
	}
	return out.String(), err
}

// bundleAll returns the statements of several modules, those of the first before what
// only the next import.
func bundleAll(assets map[string]*asset, entries ...string) ([]bundled, error) {
	b := &bundler{assets: assets, names: map[string]string{}}
	for _, entry := range entries {
		if _, err := b.module(entry); err != nil {
			return nil, err
		}
	}
	return b.made, nil
}

// module writes a module, once, and returns the name of its object.
func (b *bundler) module(file string) (string, error) {
	if name, seen := b.names[file]; seen {
		if name == "" {
			return "", fmt.Errorf("bundle: %s imports itself over others", file)
		}
		return name, nil
	}
	a, ok := b.assets[file]
	if !ok {
		return "", fmt.Errorf("bundle: there is no %s", file)
	}
	b.names[file] = ""
	source := remark.ReplaceAllString(string(a.body), "")
	var err error
	source = importLine.ReplaceAllStringFunc(source, func(line string) string {
		m := importLine.FindStringSubmatch(line)
		from, e := b.module(path.Join(path.Dir(file), m[3]))
		if e != nil && err == nil {
			err = e
		}
		if m[1] != "" {
			return "const " + m[1] + " = " + from + ".default;\n"
		}
		return "const {" + strings.ReplaceAll(m[2], " as ", ": ") + "} = " + from + ";\n"
	})
	if err != nil {
		return "", err
	}
	var exports []string
	source = exportWord.ReplaceAllStringFunc(source, func(line string) string {
		m := exportWord.FindStringSubmatch(line)
		exports = append(exports, m[2])
		return m[1]
	})
	source = exportList.ReplaceAllStringFunc(source, func(line string) string {
		for item := range strings.SplitSeq(exportList.FindStringSubmatch(line)[1], ",") {
			if name, as, renamed := strings.Cut(strings.TrimSpace(item), " as "); renamed {
				exports = append(exports, as+": "+name)
			} else if name != "" {
				exports = append(exports, name)
			}
		}
		return ""
	})
	if left := moduleWord.FindString(source); left != "" {
		return "", fmt.Errorf("bundle: %s: %q is written in another way than the others", file, left)
	}
	name := fmt.Sprintf("module%d", len(b.made)+1)
	b.names[file] = name
	b.made = append(b.made, bundled{file, fmt.Sprintf("// %s\nconst %s = (() => {\n%s\nreturn { %s };\n})();\n", file, name, source, strings.Join(exports, ", "))})
	return name, nil
}
