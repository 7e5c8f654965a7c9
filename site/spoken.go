package site

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"socketlabs/content"
)

// only are the groups of words that the scripts of some pages say, or of none, and which.
var only = map[string]string{"exported": "", "names": "", "replay": "", "labs": "", "glossary": "", "keys": "", "scope": "microscope", "mystery": "mystery", "harden": "hardening", "errmap": "errormap", "tree": "tree", "book": "book", "printed": "book", "join": "join", "me": "me", "workshop": "workshop", "lead": "workshop wall",
	"teach": "notes plan workshop", "plan": "plan", "report": "report", "takehome": "me", "wall": "wall watch", "seat": "wall watch workshop", "machine": "wall", "watch": "watch", "propose": "watch"}

// inClass are those that are said in a workshop only.
var inClass = map[string]bool{"class": true, "vote": true, "hand": true, "proposal": true, "queue": true}

// ofRuns are those that are said where there are runs.
var ofRuns = map[string]bool{"doctor": true, "capacity": true, "map": true, "note": true, "reason": true, "compare": true, "predict": true, "exercise": true, "run": true, "runs": true, "doubt": true, "notes": true,
	"history": true, "state": true, "table": true, "log": true, "beneath": true, "trust": true, "sockets": true, "experiment": true}

// spoken are the words that only the scripts of this page can say, or of some like it.
func (f *face) spoken(page string, workshop bool) map[string]content.Text {
	said := map[string]content.Text{}
	for key, t := range f.scripts {
		group, _, _ := strings.Cut(key, ".")
		if of, ok := only[group]; ok && slices.Contains(strings.Fields(of), page) || workshop && inClass[group] {
			said[key] = t
		}
	}
	return said
}

// say writes the words that the scripts of every page can say into the modules that hold
// them: a browser gets those once, and not with each page.
func (f *face) say() error {
	every, runs := map[string]content.Text{}, map[string]content.Text{}
	for key, t := range f.scripts {
		group, _, _ := strings.Cut(key, ".")
		_, special := only[group]
		switch {
		case special || inClass[group]:
		case ofRuns[group]:
			runs[key] = t
		default:
			every[key] = t
		}
	}
	return errors.Join(f.write("js/said.js", every), f.write("js/saidrun.js", runs))
}

// write puts words where a module has = {};
func (f *face) write(module string, said map[string]content.Text) error {
	text, err := json.Marshal(said)
	if err != nil {
		return err
	}
	place := []byte("= {};")
	a, ok := f.assets[module]
	if !ok || bytes.Count(a.body, place) != 1 {
		return fmt.Errorf("static/%s: it has no one place for words: %s", module, place)
	}
	f.assets[module] = newAsset(module, bytes.Replace(a.body, place, []byte("= "+string(text)+";"), 1))
	return nil
}

// labels are the words of words.yaml that scripts say. Those of metrics, knobs and labs
// stand beside what they name.
func labels(w content.Words) content.Words {
	w.Metrics, w.Knobs, w.Labs = nil, nil, nil
	return w
}
