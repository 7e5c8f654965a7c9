package content

import (
	"io/fs"
	"path"
	"slices"
	"strings"

	"socketlabs/labs"
)

// wordbook is words.yaml with the labels that somebody needs.
type wordbook struct {
	Words
	file   *file
	lines  map[string]int  // of each group
	needed map[string]bool // group and name, once each
}

// readWords reads words.yaml. What every page shows must be in it.
func readWords(fsys fs.FS, prefix string, p *problems) *wordbook {
	w := &wordbook{file: &file{path.Join(prefix, "words.yaml"), 0, p, 0}, lines: map[string]int{}, needed: map[string]bool{}}
	groups := w.groups()
	for _, words := range groups {
		*words = map[string]Text{}
	}
	text, err := fs.ReadFile(fsys, "words.yaml")
	if err != nil {
		w.file.fail(1, "there is no such file: it has the labels of knobs, metrics and units")
		return w
	}
	if v, ok := parseYAML(w.file, text); ok {
		w.read(v, groups)
	}
	w.always()
	return w
}

func (w *wordbook) groups() map[string]*map[string]Text {
	return map[string]*map[string]Text{
		"knobs": &w.Knobs, "settings": &w.Settings, "faults": &w.Faults, "metrics": &w.Metrics,
		"groups": &w.Groups, "units": &w.Units, "queues": &w.Queues, "labs": &w.Labs,
	}
}

func (w *wordbook) read(v value, groups map[string]*map[string]Text) {
	known := []string{"labs", "knobs", "settings", "faults", "groups", "units", "queues", "metrics"}
	for _, f := range v.fields() {
		words, ok := groups[f.name]
		if !ok {
			f.keyed().fail("%s", unknown("group of words", f.name, "there are", known))
			continue
		}
		w.lines[f.name] = f.line
		for _, label := range f.fields() {
			(*words)[label.name] = label.bilingual()
		}
	}
}

// bilingual reads {ko: …, en: …}.
func (f field) bilingual() Text {
	keys := f.keys("a label", []string{"ko", "en"}, nil)
	t := Text{Ko: keys["ko"].word(), En: keys["en"].word()}
	for _, lang := range []string{"ko", "en"} {
		if _, ok := keys[lang]; !ok {
			f.keyed().fail("%q has no label in %s: {ko: …, en: …}", f.name, lang)
		}
	}
	return t
}

// always asks for the labels that do not depend on a lesson.
func (w *wordbook) always() {
	for _, s := range labs.LoadSettings() {
		w.need("settings", s.Name, "a setting of the load")
		w.unit(s.Unit, "the unit of "+s.Name)
	}
	for _, k := range labs.FaultKinds() { // a run can be given any of them
		w.fault(k)
	}
	for _, u := range []string{"seconds", "bytes", "per second"} {
		w.unit(u, "a unit of metrics")
	}
	for _, q := range queues() {
		w.need("queues", q, "an answer of queue predictions")
	}
}

func (w *wordbook) settings(list []labs.Setting, of string) {
	for _, s := range list {
		w.need("settings", s.Name, "a setting of "+of)
		w.unit(s.Unit, "the unit of "+s.Name)
	}
}

// need records a problem when a label is missing, once.
func (w *wordbook) need(group, name, why string) {
	if name == "" || w.needed[group+" "+name] {
		return
	}
	w.needed[group+" "+name] = true
	if _, ok := (*w.groups()[group])[name]; !ok {
		w.file.fail(w.lines[group], "%s has no label for %s, %s: add  %s: {ko: …, en: …}", group, name, why, name)
	}
}

func (w *wordbook) metric(name, why string) { w.need("metrics", name, why) }
func (w *wordbook) group(name string)       { w.need("groups", name, "a group of charts") }
func (w *wordbook) unit(name, why string)   { w.need("units", name, why) }

func (w *wordbook) fault(k labs.FaultKind) {
	w.need("faults", k.Name, "a kind of fault")
	w.need("settings", "at", "when a fault begins")
	w.need("settings", "for", "how long a fault lasts")
	w.settings(k.Settings, "the fault "+k.Name)
}

func (w *wordbook) lab(l labs.Lab) {
	w.need("labs", l.Name, "a lab")
	for _, k := range l.Knobs {
		w.need("knobs", k.Name, "a knob of labs/"+l.Name)
		w.unit(k.Unit, "the unit of "+k.Name)
	}
}

// queueChoices are the answers of a queue prediction in words.
func (w *wordbook) queueChoices() []ChoiceText {
	var list []ChoiceText
	for _, q := range queues() {
		list = append(list, ChoiceText{ID: q, Text: w.Queues[q].escaped()})
	}
	return list
}

// title cuts "ko | en" in two.
func title(line string) (Text, bool) {
	parts := strings.Split(line, "|")
	for i := range parts {
		parts[i] = strings.TrimSpace(parts[i])
	}
	if len(parts) != 2 || slices.Contains(parts, "") {
		return Text{}, false
	}
	return Text{Ko: parts[0], En: parts[1]}, true
}
