package runner

// FileDiff is what became of a file.
type FileDiff struct {
	Name  string     `json:"name"`
	Lines []DiffLine `json:"lines"`
}

// DiffLine is a line of it: kept (" "), new ("+"), gone ("-"), or lines that are
// left out ("…"). A and B are its number before and after, 0 where it is not.
type DiffLine struct {
	Op   string `json:"op"`
	A    int    `json:"a,omitempty"`
	B    int    `json:"b,omitempty"`
	Text string `json:"text"`
}

const (
	diffAround = 2    // kept lines that are shown around a change
	maxDiff    = 2000 // lines of a file that are compared
)

// diffLines compares two files by the longest common subsequence of their lines,
// found by dynamic programming between what they have in common at both ends.
func diffLines(a, b []string) []DiffLine {
	a, b = a[:min(len(a), maxDiff)], b[:min(len(b), maxDiff)]
	head := 0
	for head < len(a) && head < len(b) && a[head] == b[head] {
		head++
	}
	tail := 0
	for tail < len(a)-head && tail < len(b)-head && a[len(a)-1-tail] == b[len(b)-1-tail] {
		tail++
	}
	var all []DiffLine
	for i := range head {
		all = append(all, DiffLine{" ", i + 1, i + 1, a[i]})
	}
	all = append(all, middle(a[head:len(a)-tail], b[head:len(b)-tail], head)...)
	for i := range tail {
		x, y := len(a)-tail+i, len(b)-tail+i
		all = append(all, DiffLine{" ", x + 1, y + 1, a[x]})
	}
	return around(all)
}

// middle is the part in which the files differ; both begin after offset lines.
func middle(a, b []string, offset int) []DiffLine {
	common := make([][]int32, len(a)+1) // of a[i:] and b[j:]
	for i := range common {
		common[i] = make([]int32, len(b)+1)
	}
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			if a[i] == b[j] {
				common[i][j] = common[i+1][j+1] + 1
			} else {
				common[i][j] = max(common[i+1][j], common[i][j+1])
			}
		}
	}
	var out []DiffLine
	i, j := 0, 0
	for i < len(a) || j < len(b) {
		switch {
		case i < len(a) && j < len(b) && a[i] == b[j]:
			out = append(out, DiffLine{" ", offset + i + 1, offset + j + 1, a[i]})
			i, j = i+1, j+1
		case j == len(b) || i < len(a) && common[i+1][j] >= common[i][j+1]:
			out = append(out, DiffLine{Op: "-", A: offset + i + 1, Text: a[i]})
			i++
		default:
			out = append(out, DiffLine{Op: "+", B: offset + j + 1, Text: b[j]})
			j++
		}
	}
	return out
}

// around keeps the changes and a few lines about them.
func around(all []DiffLine) []DiffLine {
	keep := make([]bool, len(all))
	for i, l := range all {
		if l.Op == " " {
			continue
		}
		for k := max(0, i-diffAround); k <= min(len(all)-1, i+diffAround); k++ {
			keep[k] = true
		}
	}
	out := []DiffLine{}
	for i, l := range all {
		switch {
		case keep[i]:
			out = append(out, l)
		case i > 0 && keep[i-1]:
			out = append(out, DiffLine{Op: "…"})
		}
	}
	return out
}
