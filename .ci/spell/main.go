// Command spell reads what the project says to people, in Korean and English, and
// reports words that hunspell's dictionaries, the glossary and words.txt do not
// know, particles that do not fit what they follow, and other slips (rules.go).
//
// It is run from the root of the tree and ends with 1 when it found something.
// words.txt is sorted; a word in it that no text has any more is reported too.
package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

const wordList = ".ci/spell/words.txt"

func main() {
	found, err := check(".")
	if err != nil {
		fmt.Fprintln(os.Stderr, "spell:", err)
		os.Exit(2)
	}
	for _, f := range found {
		fmt.Println(f)
	}
	if len(found) > 0 {
		fmt.Printf("spell: %d to mend; a word that is right goes into %s, or into content/glossary.yaml as a term\n", len(found), wordList)
		os.Exit(1)
	}
}

// check returns what is wrong in the tree, as file:line: what, in order.
func check(root string) ([]string, error) {
	t := newText()
	if err := t.words(root); err != nil {
		return nil, err
	}
	files, err := tracked(root)
	if err != nil {
		return nil, err
	}
	for _, name := range files {
		lines, err := read(root, name)
		if err != nil {
			return nil, err
		}
		for _, l := range lines {
			t.add(l)
		}
		if err := t.code(root, name); err != nil {
			return nil, err
		}
	}
	return t.judge()
}

// tracked lists the files whose texts are read. The sources of labs are none: the
// author's recordings are of exactly those bytes.
func tracked(root string) ([]string, error) {
	out, err := exec.Command("git", "-C", root, "ls-files", "*.md", "*.yaml", "*.go", "site/static/js/*.js", "content/toc.txt").Output()
	if err != nil {
		return nil, fmt.Errorf("git ls-files: %w", err)
	}
	return slices.DeleteFunc(strings.Fields(string(out)), func(name string) bool {
		lab := strings.HasPrefix(name, "labs/") && strings.Count(name, "/") > 1
		return lab || strings.Contains(name, "/testdata/") || strings.HasPrefix(name, ".ci/spell/")
	}), nil
}

// words reads the project's own words: the list, and the glossary's terms.
func (t *text) words(root string) error {
	list, err := os.ReadFile(filepath.Join(root, wordList))
	if err != nil {
		return err
	}
	last := ""
	for i, w := range strings.Fields(string(list)) {
		if w <= last {
			t.fail(line{wordList, i + 1, ""}, "%s stands after %s: the list is sorted, each word once", w, last)
		}
		last = w
		t.listed[w] = i + 1
		t.know(w)
	}
	book, err := os.ReadFile(filepath.Join(root, "content/glossary.yaml"))
	if err != nil {
		return err
	}
	var terms map[string]struct {
		Ko, En string
		Also   struct{ Ko, En []string }
	}
	if err := yaml.Unmarshal(book, &terms); err != nil {
		return fmt.Errorf("content/glossary.yaml: %w", err)
	}
	for _, term := range terms {
		for _, form := range slices.Concat([]string{term.Ko, term.En}, term.Also.Ko, term.Also.En) {
			for _, w := range wordIn.FindAllString(form, -1) {
				t.know(w)
			}
		}
	}
	return nil
}

// program says whether a file is one, of which comments and messages are read.
func program(name string) bool { return slices.Contains([]string{".go", ".js"}, filepath.Ext(name)) }

// code adds the names in a program's code to what its comments may say.
func (t *text) code(root, name string) error {
	if !program(name) {
		return nil
	}
	src, err := os.ReadFile(filepath.Join(root, name))
	if err == nil {
		identifiers(src, t.names)
	}
	return err
}
