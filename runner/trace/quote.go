package trace

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"strings"
)

// Quote is some lines of source around the one that a frame names.
type Quote struct {
	From  int      `json:"from"` // number of the first line
	Lines []string `json:"lines"`
}

// around is how many lines are quoted on either side.
const around = 3

// Quotes reads the places in the module's own source that the events' frames
// name, by FILE:LINE. What lies elsewhere is not read.
func Quotes(root string, events []Event) map[string]Quote {
	quotes, files := map[string]Quote{}, map[string][][]byte{}
	dir, err := os.OpenRoot(root)
	if err != nil {
		return quotes
	}
	defer dir.Close()
	for _, e := range events {
		for _, f := range e.Stack {
			if !fs.ValidPath(f.File) || !strings.HasSuffix(f.File, ".go") {
				continue
			}
			lines, ok := files[f.File]
			if !ok {
				text, _ := dir.ReadFile(f.File)
				lines = bytes.Split(text, []byte("\n"))
				files[f.File] = lines
			}
			if f.Line >= 1 && f.Line < len(lines) {
				quotes[fmt.Sprintf("%s:%d", f.File, f.Line)] = quote(lines, f.Line)
			}
		}
	}
	return quotes
}

func quote(lines [][]byte, line int) Quote {
	q := Quote{From: max(1, line-around)}
	for _, text := range lines[q.From-1 : min(len(lines), line+around)] {
		q.Lines = append(q.Lines, string(bytes.ToValidUTF8(text, []byte("?"))))
	}
	return q
}
