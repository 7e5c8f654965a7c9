package site

import (
	"strings"
	"sync"

	"go.yaml.in/yaml/v3"

	"socketlabs/content"
)

// saidTexts are the words of text.yaml and tables.yaml for the command line.
var saidTexts = sync.OnceValue(func() map[string]content.Text {
	texts := map[string]content.Text{}
	source, err := embedded.ReadFile("text.yaml")
	var tree any
	if err == nil && yaml.Unmarshal(source, &tree) == nil {
		flatten(texts, "", tree)
	}
	tableTexts(embedded, texts) // it is embedded, and a test reads it
	return texts
})

// Said returns the words of a key of text.yaml in a language, with {name}
// filled in from pairs; the key itself where there are none.
func Said(lang, key string, pairs ...string) string {
	t, ok := saidTexts()[key]
	if !ok {
		return key
	}
	text := t.En
	if lang == "ko" {
		text = t.Ko
	}
	for i := 0; i+1 < len(pairs); i += 2 {
		text = strings.ReplaceAll(text, "{"+pairs[i]+"}", pairs[i+1])
	}
	return text
}
