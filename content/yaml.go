package content

import (
	"errors"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// value is a node of a YAML text that knows where to complain. Its methods
// record a wrong type as a problem and return a zero value; an absent value
// (no node) is silent.
type value struct {
	node *yaml.Node
	file *file
}

// field is one entry of a mapping.
type field struct {
	name string
	line int
	value
}

var yamlLine = regexp.MustCompile(`line (\d+): `)

// parseYAML reads one strict document: no aliases, no tags, no second document.
func parseYAML(f *file, text []byte) (value, bool) {
	f = f.from(0)
	f.lines = max(1, strings.Count(strings.TrimSuffix(string(text), "\n"), "\n")+1)
	dec := yaml.NewDecoder(strings.NewReader(string(text)))
	var doc yaml.Node
	if err := dec.Decode(&doc); err != nil || len(doc.Content) == 0 {
		if err == nil || err.Error() == "EOF" {
			err = errors.New("it is empty")
		}
		f.yamlError(err)
		return value{}, false
	}
	if err := dec.Decode(new(yaml.Node)); err == nil {
		f.fail(1, "one YAML document a text: remove what follows the line ---")
		return value{}, false
	}
	v := value{doc.Content[0], f}
	return v, v.plain()
}

func (f *file) yamlError(err error) {
	line, text := 1, strings.TrimPrefix(err.Error(), "yaml: ")
	if m := yamlLine.FindStringSubmatch(text); m != nil {
		line, _ = strconv.Atoi(m[1])
		text = strings.Replace(text, m[0], "", 1)
	}
	f.fail(line, "YAML: %s", text)
}

// plain refuses aliases, anchors and tags: a value stands where it is used.
func (v value) plain() bool {
	switch {
	case v.node.Kind == yaml.AliasNode || v.node.Anchor != "":
		return v.fail("write the value out: anchors and aliases are not read")
	case v.node.Style&yaml.TaggedStyle != 0:
		return v.fail("%s: tags are not read", v.node.Tag)
	}
	for _, c := range v.node.Content {
		if !(value{c, v.file}).plain() {
			return false
		}
	}
	return true
}

func (v value) absent() bool { return v.node == nil }

// fail records a problem at the value and returns false.
func (v value) fail(format string, args ...any) bool {
	v.file.fail(v.node.Line, format, args...)
	return false
}

// line is the value's line in its text.
func (v value) line() int {
	if v.node == nil {
		return 1
	}
	return v.node.Line
}

// fields returns a mapping's entries in order.
func (v value) fields() []field {
	if v.absent() {
		return nil
	}
	if v.node.Kind != yaml.MappingNode {
		v.fail("%s: write name: value", v.what())
		return nil
	}
	seen := map[string]bool{}
	var list []field
	for i := 0; i+1 < len(v.node.Content); i += 2 {
		key := v.node.Content[i]
		switch {
		case key.Kind != yaml.ScalarNode:
			v.file.fail(key.Line, "a name is one word")
		case seen[key.Value]:
			v.file.fail(key.Line, "%q stands here twice", key.Value)
		default:
			seen[key.Value] = true
			list = append(list, field{key.Value, key.Line, value{v.node.Content[i+1], v.file}})
		}
	}
	return list
}

// key returns a mapping's key of that name, to complain there.
func (v value) key(name string) value {
	if i := index(v.node, name); i >= 0 {
		return value{v.node.Content[i], v.file}
	}
	return v
}

// keys returns the entries by name and refuses names that are not known. Those
// that a later version will read are refused with that word.
func (v value) keys(what string, known, later []string) map[string]value {
	out := map[string]value{}
	for _, f := range v.fields() {
		switch {
		case slices.Contains(known, f.name):
			out[f.name] = f.value
		case slices.Contains(later, f.name):
			v.file.fail(f.line, "%s: this comes later; remove it until then", f.name)
		default:
			v.file.fail(f.line, "%s", unknown("key", f.name, what+" has", known))
		}
	}
	return out
}

// items returns a list's elements.
func (v value) items() []value {
	if v.absent() {
		return nil
	}
	if v.node.Kind != yaml.SequenceNode {
		v.fail("%s: write a list like [a, b]", v.what())
		return nil
	}
	list := make([]value, len(v.node.Content))
	for i, c := range v.node.Content {
		list[i] = value{c, v.file}
	}
	return list
}

// texts returns a list of texts.
func (v value) texts() []string {
	var list []string
	for _, item := range v.items() {
		if s := item.text(); s != "" {
			list = append(list, s)
		}
	}
	return list
}

// text returns a text; one that YAML reads as a number or bool is refused.
func (v value) text() string {
	if v.absent() {
		return ""
	}
	if v.node.Kind == yaml.ScalarNode && (v.node.Tag == "!!int" || v.node.Tag == "!!float" || v.node.Tag == "!!bool") {
		v.fail(`%s: this is a text: write "%s"`, v.node.Value, v.node.Value)
		return ""
	}
	return v.word()
}

// word returns a scalar as it is written, whatever YAML takes it for.
func (v value) word() string {
	switch {
	case v.absent():
	case v.node.Kind != yaml.ScalarNode:
		v.fail("%s: write a text", v.what())
	case v.node.Tag == "!!null" || strings.TrimSpace(v.node.Value) == "":
		v.fail("a text is missing")
	default:
		return strings.TrimSpace(v.node.Value)
	}
	return ""
}

// number returns a finite number, or def when there is none.
func (v value) number(def float64) float64 {
	if v.absent() {
		return def
	}
	if n, ok := v.scalar().(float64); ok && !math.IsInf(n, 0) && !math.IsNaN(n) {
		return n
	}
	v.fail("%s: write a number", v.what())
	return def
}

// scalar returns bool, float64 or string, or nil for anything else.
func (v value) scalar() any {
	if v.absent() || v.node.Kind != yaml.ScalarNode {
		return nil
	}
	switch v.node.Tag {
	case "!!bool":
		var b bool
		if v.node.Decode(&b) == nil {
			return b
		}
	case "!!int", "!!float":
		var n float64
		if v.node.Decode(&n) == nil {
			return n
		}
	case "!!null":
		return nil
	}
	return v.node.Value
}

// what names a value in a message.
func (v value) what() string {
	switch v.node.Kind {
	case yaml.MappingNode:
		return "a map stands here"
	case yaml.SequenceNode:
		return "a list stands here"
	}
	if v.node.Tag == "!!null" {
		return "nothing stands here"
	}
	return strconv.Quote(v.node.Value)
}

// merge lays the entries of over on those of base: maps merge, the rest
// replaces, and the order is the base's.
func merge(base, over *yaml.Node) *yaml.Node {
	if base == nil || base.Kind != yaml.MappingNode || over.Kind != yaml.MappingNode {
		return over
	}
	out := *over
	out.Content = append([]*yaml.Node(nil), base.Content...)
	for i := 0; i+1 < len(over.Content); i += 2 {
		key, val := over.Content[i], over.Content[i+1]
		if j := index(&out, key.Value); j >= 0 {
			out.Content[j], out.Content[j+1] = key, merge(out.Content[j+1], val)
		} else {
			out.Content = append(out.Content, key, val)
		}
	}
	return &out
}

// without returns a mapping less some of its entries.
func without(n *yaml.Node, names ...string) *yaml.Node {
	out := *n
	out.Content = nil
	for i := 0; i+1 < len(n.Content); i += 2 {
		if !slices.Contains(names, n.Content[i].Value) {
			out.Content = append(out.Content, n.Content[i], n.Content[i+1])
		}
	}
	return &out
}

// index returns where a key stands in a mapping's Content, or -1.
func index(n *yaml.Node, key string) int {
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return i
		}
	}
	return -1
}
