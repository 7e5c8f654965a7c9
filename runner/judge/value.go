package judge

import (
	"fmt"
	"math"
)

// kind is the type of a value.
type kind int

const (
	number kind = iota
	truth       // n is 0 or 1
	text
)

func (k kind) String() string {
	return [...]string{"a number", "true or false", "a text"}[k]
}

// value is what an expression comes to.
type value struct {
	kind kind
	n    float64
	s    string
}

func numberOf(n float64) value { return value{kind: number, n: n} }

func truthOf(b bool) value {
	if b {
		return value{kind: truth, n: 1}
	}
	return value{kind: truth}
}

func textOf(s string) value { return value{kind: text, s: s} }

// bare returns v as float64, bool or string.
func (v value) bare() any {
	switch v.kind {
	case truth:
		return v.n != 0
	case text:
		return v.s
	}
	return v.n
}

// fromBare is the opposite of bare; it takes what decoders of JSON and YAML give.
func fromBare(v any) (value, error) {
	switch v := v.(type) {
	case bool:
		return truthOf(v), nil
	case string:
		return textOf(v), nil
	case float64:
		return numberOf(v), nil
	case int:
		return numberOf(float64(v)), nil
	case int64:
		return numberOf(float64(v)), nil
	}
	return value{}, fmt.Errorf("%T is no number, text, true or false", v)
}

// near is how far apart, relative to the larger, two numbers with fractions may
// be and still be equal: they come out of divisions.
const near = 1e-9

// order compares two numbers: -1, 0 or 1. Whole numbers are equal when they are
// the same, others when they are within near.
func order(a, b float64) int {
	same := a == b
	if a != math.Trunc(a) || b != math.Trunc(b) {
		same = math.Abs(a-b) <= near*max(math.Abs(a), math.Abs(b))
	}
	switch {
	case same:
		return 0
	case a < b:
		return -1
	}
	return 1
}

// finite returns n, or why it is no value.
func finite(n float64, what string) (value, error) {
	if math.IsNaN(n) || math.IsInf(n, 0) {
		return value{}, fmt.Errorf("%s is not a finite number", what)
	}
	return numberOf(n), nil
}
