// Package lab is what every lab does that is not its lesson: flags with ranges,
// the address, telemetry on standard output, and the end by signal.
package lab

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// SettingKind is the type of a setting's value.
type SettingKind string

const (
	Bool     SettingKind = "bool"     // bool
	Int      SettingKind = "int"      // float64 without a fraction
	Float    SettingKind = "float"    // float64
	Duration SettingKind = "duration" // float64, seconds
	Choice   SettingKind = "choice"   // string
)

// Setting is something that a person may turn: a knob of a lab, a setting of
// the load, a parameter of a fault. Its values are bool, float64 or string.
type Setting struct {
	Name    string      `json:"name"`
	Kind    SettingKind `json:"kind"`
	Default any         `json:"default"`
	Min     float64     `json:"min,omitempty"`
	Max     float64     `json:"max,omitempty"`
	Unit    string      `json:"unit,omitempty"` // bytes, seconds, per second …
	Choices []string    `json:"choices,omitempty"`
	Doc     string      `json:"doc,omitempty"`
}

// domain is how a flag's usage ends: [64..1048576 bytes], [0..60s] or [one|threads].
var domain = regexp.MustCompile(`^(.*?)\s*\[([^\[\]]+)\]$`)

// ParseUsage splits a flag's usage into its text and its domain and returns the
// setting that they describe. A flag that is no bool must have a domain.
func ParseUsage(name string, kind SettingKind, value any, usage string) (Setting, error) {
	s := Setting{Name: name, Kind: kind, Default: value, Doc: usage}
	if kind == Bool {
		return s, nil
	}
	parts := domain.FindStringSubmatch(usage)
	if parts == nil {
		return s, fmt.Errorf("flag -%s: its usage must end in a range like [1..100 bytes] or choices like [a|b]", name)
	}
	s.Doc = parts[1]
	if kind == Choice {
		s.Choices = strings.Split(parts[2], "|")
		_, err := s.Check(value)
		return s, err
	}
	bounds, unit, _ := strings.Cut(parts[2], " ")
	low, high, ok := strings.Cut(bounds, "..")
	var errLow, errHigh error
	s.Min, errLow = s.number(low)
	s.Max, errHigh = s.number(high)
	if !ok || errLow != nil || errHigh != nil || s.Min > s.Max {
		return s, fmt.Errorf("flag -%s: %q is no range like [1..100 bytes]", name, parts[2])
	}
	s.Unit = unit
	if kind == Duration {
		s.Unit = "seconds"
	}
	_, err := s.Check(value)
	return s, err
}

// Parse reads a value as a person types it: on for a bool, 4096 or 4KiB for
// bytes, 1.5 or 1500ms for seconds. Its errors name the value and what is allowed.
func (s Setting) Parse(text string) (any, error) {
	switch s.Kind {
	case Bool:
		switch text {
		case "true", "on", "1", "yes":
			return true, nil
		case "false", "off", "0", "no":
			return false, nil
		}
		return nil, s.refuse(text)
	case Choice:
		return s.Check(text)
	}
	n, err := s.number(text)
	if err != nil {
		return nil, s.refuse(text)
	}
	return s.Check(n)
}

// Check returns v in the form of the setting's kind, or an error that names v
// and what is allowed. It takes what a YAML or JSON decoder gives.
func (s Setting) Check(v any) (any, error) {
	switch v := v.(type) {
	case bool:
		if s.Kind == Bool {
			return v, nil
		}
	case string:
		if s.Kind == Choice && slices.Contains(s.Choices, v) {
			return v, nil
		}
		if s.Kind != Choice && s.Kind != Bool {
			if n, err := s.number(v); err == nil {
				return s.Check(n)
			}
		}
	case int:
		return s.Check(float64(v))
	case int64:
		return s.Check(float64(v))
	case time.Duration:
		return s.Check(v.Seconds())
	case float64:
		if s.Kind == Choice { // YAML takes 1.3 for a number
			return s.Check(plain(v))
		}
		whole := s.Kind != Int || v == math.Trunc(v)
		if s.Kind != Bool && whole && v >= s.Min && v <= s.Max {
			return v, nil
		}
	}
	return nil, s.refuse(fmt.Sprint(v))
}

// Text writes a value as a flag's argument.
func (s Setting) Text(v any) string {
	switch v := v.(type) {
	case float64:
		if s.Kind == Duration {
			return time.Duration(math.Round(v * 1e9)).String()
		}
		return strconv.FormatFloat(v, 'f', -1, 64)
	default:
		return fmt.Sprint(v)
	}
}

// Allowed says what values are accepted, in words.
func (s Setting) Allowed() string {
	switch s.Kind {
	case Bool:
		return "true or false"
	case Choice:
		return "one of " + strings.Join(s.Choices, ", ")
	}
	what := "a number"
	if s.Kind == Int {
		what = "a whole number"
	}
	unit := s.Unit
	if unit != "" {
		unit = " " + unit
	}
	return fmt.Sprintf("%s from %s to %s%s", what, plain(s.Min), plain(s.Max), unit)
}

func (s Setting) refuse(text string) error {
	return fmt.Errorf("%s: %q is not allowed: it takes %s", s.Name, text, s.Allowed())
}

func plain(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }

var multiples = map[string]float64{"": 1, "k": 1e3, "K": 1 << 10, "KiB": 1 << 10, "M": 1 << 20, "MiB": 1 << 20}

// number reads 4096, 4KiB, 1.5s or 250ms.
func (s Setting) number(text string) (float64, error) {
	text = strings.TrimSpace(text)
	if s.Kind == Duration {
		if d, err := time.ParseDuration(text); err == nil {
			return d.Seconds(), nil
		}
	}
	digits := strings.TrimRightFunc(text, func(r rune) bool { return r >= 'A' })
	factor, ok := multiples[strings.TrimSpace(text[len(digits):])]
	if !ok || factor != 1 && s.Kind == Duration {
		return 0, fmt.Errorf("%q is no number", text)
	}
	n, err := strconv.ParseFloat(strings.TrimSpace(digits), 64)
	if err != nil || math.IsNaN(n) || math.IsInf(n, 0) {
		return 0, fmt.Errorf("%q is no number", text)
	}
	return n * factor, nil
}
