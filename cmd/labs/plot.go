package main

import (
	"fmt"
	"io"
	"math"
	"strings"

	"socketlabs/content"
	"socketlabs/runner/judge"
)

// Size of the plot, in characters.
const (
	plotWide = 60
	plotHigh = 14
)

// plot draws throughput to the right against p99 upwards, on a logarithmic scale.
// A letter stands for a curve; a void step is not drawn.
func plot(w io.Writer, curves []judge.Curve) {
	most, low, high := 0.0, math.Inf(1), 0.0
	for _, c := range curves {
		for _, s := range c.Steps {
			if drawn(s) {
				most, low, high = max(most, *s.Throughput), min(low, *s.P99), max(high, *s.P99)
			}
		}
	}
	if high == 0 || most == 0 {
		return
	}
	rows := make([][]rune, plotHigh)
	for i := range rows {
		rows[i] = []rune(strings.Repeat(" ", plotWide))
	}
	var names []string
	for i, c := range curves {
		letter := rune('a' + i%26)
		if c.Server != "" {
			names = append(names, fmt.Sprintf("%c %s", letter, c.Server))
		}
		for _, s := range c.Steps {
			if drawn(s) {
				x := int(*s.Throughput / most * (plotWide - 1))
				rows[plotHigh-1-height(*s.P99, low, high)][x] = letter
			}
		}
	}
	fmt.Fprintf(w, "\n  p99 %s\n", content.Format(high, "ms"))
	for _, row := range rows {
		fmt.Fprintf(w, "  │%s\n", string(row))
	}
	fmt.Fprintf(w, "  └%s %.0f answers/s\n  p99 %s  %s\n", strings.Repeat("─", plotWide), most, content.Format(low, "ms"), strings.Join(names, "  "))
}

func drawn(s judge.Point) bool {
	return s.Trust != "void" && s.Throughput != nil && s.P99 != nil && *s.P99 > 0
}

func height(v, low, high float64) int {
	if low == high {
		return 0
	}
	return int(math.Log(v/low) / math.Log(high/low) * (plotHigh - 1))
}
