package main

import (
	"fmt"
	"io"
	"math"
	"slices"
	"text/tabwriter"
)

// table is what was measured at one point.
type table struct {
	point   point
	engines []engine
	rows    []map[string]figure // a repetition each, by engine
}

// rate is what engines are compared by: requests per CPU second of the server.
func (f figure) rate() float64 {
	if f.Server == 0 {
		return 0
	}
	return f.Requests / f.Server
}

// best returns the best Go engine of others by a measure of which more is better.
func (t *table) best(row map[string]figure, of func(figure) float64) float64 {
	best := 0.0
	for _, e := range t.engines {
		if f, ok := row[e.name]; ok && e.kind == peer {
			best = max(best, of(f))
		}
	}
	return best
}

func (t *table) print(w io.Writer) {
	var others, steal []float64
	for _, row := range t.rows {
		o, s := 0.0, 0.0
		for _, f := range row {
			o, s = o+f.Others/float64(len(row)), s+f.Steal/float64(len(row))
		}
		others, steal = append(others, 100*o), append(steal, 100*s)
	}
	fmt.Fprintf(w, "\n%s   others had %s %% of the CPUs, steal %s %%\n", t.point, spread(others, "%.0f"), spread(steal, "%.1f"))
	out := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	if t.point.depth == 0 {
		fmt.Fprintln(out, "engine\tKiB/connection\tto the best Go engine's\t")
		t.each(func(name string, f func(of func(figure, map[string]figure) float64) []float64) {
			fmt.Fprintf(out, "%s\t%s\t%s\t\n", name,
				spread(f(func(x figure, _ map[string]figure) float64 { return x.PerConnection / 1024 }), "%.2f"),
				spread(f(func(x figure, row map[string]figure) float64 {
					return x.PerConnection * t.best(row, func(y figure) float64 { return 1 / max(1, y.PerConnection) })
				}), "%.2f"))
		})
		out.Flush()
		return
	}
	fmt.Fprintln(out, "engine\tµs CPU/request\tto the best Go engine\tto C\treq/s\tp50 µs\tp99 µs\tcalls/request\t")
	t.each(func(name string, f func(of func(figure, map[string]figure) float64) []float64) {
		calls := ""
		if n := median(f(func(x figure, _ map[string]figure) float64 { return x.Calls })); n > 0 {
			calls = fmt.Sprintf("%.2f", n)
		}
		fmt.Fprintf(out, "%s\t%s\t%s\t%s\t%.0f\t%.0f\t%.0f\t%s\t\n", name,
			spread(f(func(x figure, _ map[string]figure) float64 { return 1e6 / x.rate() }), "%.2f"),
			spread(f(func(x figure, row map[string]figure) float64 { return x.rate() / t.best(row, figure.rate) }), "%.2f"),
			spread(f(func(x figure, row map[string]figure) float64 { return x.rate() / row["C"].rate() }), "%.2f"),
			median(f(func(x figure, _ map[string]figure) float64 { return x.Requests / x.Wall })),
			median(f(func(x figure, _ map[string]figure) float64 { return 1e6 * x.P50 })),
			median(f(func(x figure, _ map[string]figure) float64 { return 1e6 * x.P99 })), calls)
	})
	out.Flush()
}

// each calls do with every engine and a way to get one number of each repetition.
func (t *table) each(do func(name string, f func(of func(figure, map[string]figure) float64) []float64)) {
	for _, e := range t.engines {
		values := func(of func(figure, map[string]figure) float64) []float64 {
			var list []float64
			for _, row := range t.rows {
				if f, ok := row[e.name]; ok {
					list = append(list, of(f, row))
				}
			}
			return list
		}
		if len(values(func(figure, map[string]figure) float64 { return 0 })) > 0 {
			do(e.name, values)
		}
	}
}

func printClients(w io.Writer, p point, rows []map[string]float64, names ...string) {
	fmt.Fprintf(w, "\nclients at %s, against the C server\n", p)
	out := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(out, "client\tµs CPU/request\tours is better by\t")
	for _, name := range names {
		var cost, ratio []float64
		for _, row := range rows {
			cost, ratio = append(cost, 1e6/row[name]), append(ratio, row[names[0]]/row[name])
		}
		fmt.Fprintf(out, "%s\t%s\t%s\t\n", name, spread(cost, "%.2f"), spread(ratio, "%.2f"))
	}
	out.Flush()
}

// spread is the median and, in brackets, the least and the most.
func spread(list []float64, format string) string {
	list = slices.DeleteFunc(slices.Clone(list), func(v float64) bool { return math.IsNaN(v) || math.IsInf(v, 0) }) // ratios to what was not measured
	if len(list) == 0 {
		return "-"
	}
	return fmt.Sprintf(format+" ("+format+".."+format+")", median(list), slices.Min(list), slices.Max(list))
}

func median(list []float64) float64 {
	if len(list) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(list))
	return (sorted[len(sorted)/2] + sorted[(len(sorted)-1)/2]) / 2
}
