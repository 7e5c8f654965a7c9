package judge

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/expr-lang/expr/ast"
)

func (v *vocabulary) unary(t *ast.UnaryNode) (node, error) {
	want := number
	if t.Operator == "!" || t.Operator == "not" {
		want = truth
	}
	n, err := v.operand(t.Node, want)
	if err != nil {
		return n, err
	}
	return lift(want, []node{n}, func(of []float64) (float64, error) {
		switch {
		case want == truth:
			return 1 - of[0], nil
		case t.Operator == "-":
			return -of[0], nil
		}
		return of[0], nil
	}), nil
}

// lift makes a node of a function of numbers or truths.
func lift(k kind, of []node, f func([]float64) (float64, error)) node {
	out := node{kind: k}
	for _, n := range of {
		out.uses = out.uses.and(n.uses)
	}
	out.eval = func(in view) (value, error) {
		ns := make([]float64, len(of))
		for i, n := range of {
			v, err := n.eval(in)
			if err != nil {
				return value{}, err
			}
			ns[i] = v.n
		}
		n, err := f(ns)
		return value{kind: k, n: n}, err
	}
	return out
}

func (v *vocabulary) binary(t *ast.BinaryNode) (node, error) {
	if isComparison(t.Operator) {
		l, r, err := v.sides(t)
		if err != nil {
			return node{}, err
		}
		return compare(t.Operator, l, r), nil
	}
	switch t.Operator {
	case "&&", "and", "||", "or":
		return v.logic(t)
	case "+", "-", "*", "/", "%", "**", "^":
		return v.arithmetic(t)
	}
	return node{}, fmt.Errorf("%s: there is no operator %s here", t, t.Operator)
}

// both compiles two operands of the same kind.
func (v *vocabulary) both(t *ast.BinaryNode, k kind) (l, r node, err error) {
	if l, err = v.operand(t.Left, k); err != nil {
		return l, r, err
	}
	r, err = v.operand(t.Right, k)
	return l, r, err
}

func (v *vocabulary) arithmetic(t *ast.BinaryNode) (node, error) {
	l, r, err := v.both(t, number)
	if err != nil {
		return node{}, err
	}
	whole, divisor := t.String(), t.Right.String()
	return lift(number, []node{l, r}, func(of []float64) (float64, error) {
		if of[1] == 0 && (t.Operator == "/" || t.Operator == "%") {
			return 0, fmt.Errorf("%s divides by %s, which is 0", whole, divisor)
		}
		n, err := finite(calculate(t.Operator, of[0], of[1]), whole)
		return n.n, err
	}), nil
}

func calculate(op string, a, b float64) float64 {
	switch op {
	case "+":
		return a + b
	case "-":
		return a - b
	case "*":
		return a * b
	case "/":
		return a / b
	case "%":
		return math.Mod(a, b)
	}
	return math.Pow(a, b)
}

func isComparison(op string) bool {
	return slices.Contains([]string{"==", "!=", "<", "<=", ">", ">="}, op)
}

// sides compiles the two sides of a comparison.
func (v *vocabulary) sides(t *ast.BinaryNode) (l, r node, err error) {
	if l, err = v.operand(t.Left, number, truth, text); err != nil {
		return l, r, err
	}
	if r, err = v.operand(t.Right, number, truth, text); err != nil {
		return l, r, err
	}
	if (l.kind == text) != (r.kind == text) {
		return l, r, fmt.Errorf("%s compares %s with %s", t, l.kind, r.kind)
	}
	if l.kind == text && t.Operator != "==" && t.Operator != "!=" {
		return l, r, fmt.Errorf("%s: texts are equal or not: there is no %s for them", t, t.Operator)
	}
	return l, r, nil
}

func compare(op string, l, r node) node {
	return node{kind: truth, uses: l.uses.and(r.uses), eval: func(in view) (value, error) {
		a, err := l.eval(in)
		if err != nil {
			return a, err
		}
		b, err := r.eval(in)
		if err != nil {
			return b, err
		}
		return truthOf(holds(op, a, b)), nil
	}}
}

// holds compares two values of comparable kinds.
func holds(op string, a, b value) bool {
	o := order(a.n, b.n)
	if a.kind == text {
		o = strings.Compare(a.s, b.s)
	}
	switch op {
	case "==":
		return o == 0
	case "!=":
		return o != 0
	case "<":
		return o < 0
	case "<=":
		return o <= 0
	case ">":
		return o > 0
	}
	return o >= 0
}

// logic evaluates its right side only when the left does not decide.
func (v *vocabulary) logic(t *ast.BinaryNode) (node, error) {
	l, r, err := v.both(t, truth)
	if err != nil {
		return node{}, err
	}
	decides := t.Operator == "||" || t.Operator == "or"
	return node{kind: truth, uses: l.uses.and(r.uses), eval: func(in view) (value, error) {
		a, err := l.eval(in)
		if err != nil || (a.n != 0) == decides {
			return a, err
		}
		return r.eval(in)
	}}, nil
}

// choice is c ? a : b.
func (v *vocabulary) choice(t *ast.ConditionalNode) (node, error) {
	c, err := v.operand(t.Cond, truth)
	if err != nil {
		return node{}, err
	}
	a, err := v.operand(t.Exp1, number, truth, text)
	if err != nil {
		return node{}, err
	}
	b, err := v.operand(t.Exp2, a.kind)
	if err != nil {
		return node{}, err
	}
	out := node{kind: a.kind, uses: c.uses.and(a.uses).and(b.uses)}
	if a.texts != nil && b.texts != nil {
		out.texts = slices.Concat(a.texts, b.texts)
	}
	out.eval = func(in view) (value, error) {
		yes, err := c.eval(in)
		switch {
		case err != nil:
			return yes, err
		case yes.n != 0:
			return a.eval(in)
		}
		return b.eval(in)
	}
	return out, nil
}

// functions that may be called.
var functions = []string{"abs", "ceil", "floor", "round", "min", "max", "len"}

func (v *vocabulary) call(name string, arguments []ast.Node) (node, error) {
	if !slices.Contains(functions, name) {
		return node{}, fmt.Errorf("%s: no such function%s there are %s", name, nearest(name, functions), strings.Join(functions, ", "))
	}
	many := name == "min" || name == "max"
	if len(arguments) == 0 || len(arguments) > 1 && !many {
		return node{}, fmt.Errorf("%s takes one argument, and only min and max take more", name)
	}
	if name == "len" {
		return v.length(arguments[0])
	}
	of := make([]node, len(arguments))
	for i, a := range arguments {
		var err error
		if of[i], err = v.operand(a, number); err != nil {
			return node{}, err
		}
	}
	return lift(number, of, func(of []float64) (float64, error) { return apply(name, of), nil }), nil
}

func apply(name string, of []float64) float64 {
	switch name {
	case "abs":
		return math.Abs(of[0])
	case "ceil":
		return math.Ceil(of[0])
	case "floor":
		return math.Floor(of[0])
	case "round":
		return math.Round(of[0])
	case "min":
		return slices.Min(of)
	}
	return slices.Max(of)
}

// length counts the characters of a text.
func (v *vocabulary) length(tree ast.Node) (node, error) {
	n, err := v.operand(tree, text)
	if err != nil {
		return n, err
	}
	return node{kind: number, uses: n.uses.and(uses{}), eval: func(in view) (value, error) {
		s, err := n.eval(in)
		return numberOf(float64(len([]rune(s.s)))), err
	}}, nil
}
