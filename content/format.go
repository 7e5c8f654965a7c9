package content

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
)

// typed are expressions of what an experiment asks for. Nobody measured it, so it has
// the digits that its author gave it.
var typed = regexp.MustCompile(`^(seconds|(ask|knob)\.[a-z_]+|[a-z_]+\.seconds)$`)

// Text prints a value where the placeholder stands, as Format does, but 0.8 that was
// asked for as 0.8 and not as 0.800.
func (p Placeholder) Text(v any) string {
	if f, ok := v.(float64); ok && p.Format == "" && typed.MatchString(p.Expr) && math.Abs(f) < 1<<53 {
		return grouped(strconv.FormatFloat(f+0, 'f', -1, 64))
	}
	return Format(v, p.Format)
}

// unit is what a format makes of a value.
type unit struct {
	factor float64
	suffix string
}

// units are the formats of placeholders: from seconds, bytes, a share or a rate.
func units() map[string]unit {
	return map[string]unit{
		"ms": {1e3, " ms"}, "us": {1e6, " µs"}, "s": {1, " s"},
		"KiB": {1.0 / (1 << 10), " KiB"}, "MiB": {1.0 / (1 << 20), " MiB"},
		"%": {100, "%"}, "/s": {1, "/s"},
	}
}

// formats are their names, in the order of messages.
func formats() []string { return []string{"ms", "us", "s", "KiB", "MiB", "%", "/s"} }

// Format prints a value as a placeholder does: three significant digits,
// integers in full, with a comma before each thousand; the format converts
// from seconds, bytes or a share and adds the unit. A text stands as it is; no
// value is a dash.
func Format(v any, format string) string {
	switch v := v.(type) {
	case nil:
		return "–"
	case string:
		return v
	case float64:
		return measure(v, format)
	case float32:
		return measure(float64(v), format)
	case int:
		return measure(float64(v), format)
	case int64:
		return measure(float64(v), format)
	case uint64:
		return measure(float64(v), format)
	default:
		return fmt.Sprint(v)
	}
}

func measure(v float64, format string) string {
	u, ok := units()[format]
	if !ok {
		u = unit{1, ""}
	}
	if v *= u.factor; math.IsNaN(v) || math.IsInf(v, 0) {
		return "–"
	}
	return digits(v) + u.suffix
}

// digits writes an integer in full and a fraction with three significant
// digits, without an exponent as long as that is readable.
func digits(v float64) string {
	size := math.Abs(v)
	if whole := math.Round(v); math.Abs(v-whole) <= 1e-9*size && size < 1<<53 {
		return grouped(strconv.FormatFloat(whole+0, 'f', 0, 64)) // +0: no "-0"
	}
	if size < 1e-6 || size >= 1<<53 {
		return strconv.FormatFloat(v, 'g', 3, 64)
	}
	// Rounded first, so that 99.96 is 100 and not 100.0.
	v, _ = strconv.ParseFloat(strconv.FormatFloat(v, 'e', 2, 64), 64)
	places := 2 - int(math.Floor(math.Log10(math.Abs(v))+1e-12))
	return grouped(strconv.FormatFloat(v, 'f', max(places, 0), 64))
}

// grouped puts a comma before each thousand of a decimal number.
func grouped(s string) string {
	end := strings.IndexByte(s, '.')
	if end < 0 {
		end = len(s)
	}
	for i := end - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
