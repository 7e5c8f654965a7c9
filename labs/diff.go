package labs

import "strings"

// DiffLine is a line of two texts beside each other.
type DiffLine struct {
	Op   string `json:"op"` // " " both have it, "-" only the first, "+" only the second
	Text string `json:"text"`
}

// maxDiff bounds the lines of one side that are compared; what is longer is shown whole.
const maxDiff = 2000

// Diff tells how a text became another, line by line, by their longest common
// subsequence. Of equal texts every line is in both.
func Diff(from, to string) []DiffLine {
	a, b := splitLines(from), splitLines(to)
	var out []DiffLine
	add := func(op string, lines ...string) {
		for _, l := range lines {
			out = append(out, DiffLine{op, l})
		}
	}
	if len(a) > maxDiff || len(b) > maxDiff {
		add("-", a...)
		add("+", b...)
		return out
	}
	common := subsequences(a, b)
	i, j := 0, 0
	for i < len(a) && j < len(b) {
		switch {
		case a[i] == b[j]:
			add(" ", a[i])
			i, j = i+1, j+1
		case common[i+1][j] >= common[i][j+1]:
			add("-", a[i])
			i++
		default:
			add("+", b[j])
			j++
		}
	}
	add("-", a[i:]...)
	add("+", b[j:]...)
	return out
}

// subsequences is the length of the longest common subsequence of a[i:] and b[j:].
func subsequences(a, b []string) [][]int {
	n := make([][]int, len(a)+1)
	for i := range n {
		n[i] = make([]int, len(b)+1)
	}
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			if a[i] == b[j] {
				n[i][j] = n[i+1][j+1] + 1
			} else {
				n[i][j] = max(n[i+1][j], n[i][j+1])
			}
		}
	}
	return n
}

func splitLines(text string) []string {
	text = strings.TrimRight(text, "\n")
	if text == "" {
		return nil
	}
	return strings.Split(text, "\n")
}
