package main

import (
	"bytes"
	"fmt"
	"maps"
	"os/exec"
	"slices"
	"strings"
)

// unknown asks hunspell, once, which of the words its dictionary does not know.
func unknown(dictionary string, words map[string]bool) (map[string]bool, error) {
	cmd := exec.Command("hunspell", "-d", dictionary, "-i", "UTF-8", "-l")
	cmd.Stdin = strings.NewReader(strings.Join(slices.Sorted(maps.Keys(words)), "\n") + "\n")
	var out, complaint bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &complaint
	if err := cmd.Run(); err != nil || complaint.Len() > 0 {
		return nil, fmt.Errorf("hunspell -d %s: %v %s(apt-get install hunspell hunspell-en-gb hunspell-ko)", dictionary, err, complaint.String())
	}
	set := map[string]bool{}
	for w := range strings.FieldsSeq(out.String()) {
		set[w] = true
	}
	return set, nil
}
