package judge

import (
	"slices"
	"strings"

	"github.com/expr-lang/expr/ast"

	"socketlabs/labs/telemetry"
)

// Units says in which of the schema's units an expression's value is: seconds, bytes,
// or none. It is inferred from what the expression is made of and never guessed: CPU
// time by a count is in seconds, by a time in none (cores), and a product of two times
// in none that we have. A number in the expression may convert: load.mean * 1000 is no
// longer in seconds, and lab.bytes / 1048576 counts mebibytes.
type Units struct {
	known   map[string]dimension // by the name of a metric, a setting, a derived metric
	windows map[string]bool
}

// NewUnits takes the names that the question has, and the unit of every setting by its
// name in expressions, knob.NAME or ask.NAME.
func NewUnits(q telemetry.Question, settings map[string]string) *Units {
	u := &Units{known: map[string]dimension{"host.cores": {}, "host.memory": {bytes: 1}}, windows: map[string]bool{}}
	for _, list := range [][]telemetry.Metric{telemetry.Catalogue(), q.Metrics} {
		for _, m := range list {
			u.known[m.Name] = dimensionOf(m.Unit)
		}
	}
	for name, unit := range settings {
		u.known[name] = dimensionOf(unit)
	}
	for _, w := range q.Windows {
		u.windows[w.Name] = true
	}
	for _, f := range q.Derive {
		u.known[f.ID] = u.dimension(f.Expr)
	}
	return u
}

// Of returns the unit of an expression's value: seconds, bytes, or empty.
func (u *Units) Of(expr string) string { return u.dimension(expr).unit() }

// Side is one comparison of a check: its operator, and the unit of its measured side.
type Side struct {
	Op   string `json:"op"`
	Unit string `json:"unit"`
}

// Sides returns the comparisons that a check joins, in order.
func (u *Units) Sides(expr string) []Side {
	tree, err := parse(expr)
	if err != nil {
		return nil
	}
	var sides []Side
	for _, part := range conjuncts(tree) {
		if b, ok := part.(*ast.BinaryNode); ok {
			sides = append(sides, Side{b.Operator, u.tree(b.Left).unit()})
		}
	}
	return sides
}

// Check returns the unit of a judged check's value and bound: they are those of its
// first comparison when it passes, and else of one with its operator.
func (u *Units) Check(c telemetry.Check) string {
	sides := u.Sides(c.Expr)
	if len(sides) == 0 {
		return ""
	}
	if c.Pass {
		return sides[0].Unit
	}
	sides = slices.DeleteFunc(sides, func(s Side) bool { return s.Op != c.Op })
	if len(sides) == 0 || slices.ContainsFunc(sides, func(s Side) bool { return s != sides[0] }) {
		return ""
	}
	return sides[0].Unit
}

func (u *Units) dimension(expr string) dimension {
	tree, err := parse(expr)
	if err != nil {
		return dimension{unknown: true}
	}
	return u.tree(tree)
}

func (u *Units) tree(tree ast.Node) dimension {
	switch t := tree.(type) {
	case *ast.IntegerNode, *ast.FloatNode:
		return dimension{written: true}
	case *ast.IdentifierNode:
		return u.name([]string{t.Value})
	case *ast.MemberNode:
		if _, block := index(t.Property); block { // of a sweep
			return u.tree(t.Node)
		}
		if path, err := dotted(t); err == nil {
			return u.name(path)
		}
	case *ast.UnaryNode:
		return u.tree(t.Node)
	case *ast.BinaryNode:
		return u.binary(t)
	case *ast.ConditionalNode:
		return u.tree(t.Exp1).plus(u.tree(t.Exp2))
	case *ast.BuiltinNode:
		return u.call(t.Name, t.Arguments)
	case *ast.CallNode:
		return u.call(t.Callee.String(), t.Arguments)
	}
	return dimension{unknown: true}
}

// name is a metric, or a part of one like load.p99, with a window before it or not.
func (u *Units) name(path []string) dimension {
	if len(path) > 1 && u.windows[path[0]] {
		path = path[1:]
	}
	if len(path) == 1 && path[0] == "seconds" {
		return dimension{seconds: 1}
	}
	for i := len(path); i > 0; i-- {
		d, ok := u.known[strings.Join(path[:i], ".")]
		switch {
		case ok && i < len(path) && path[len(path)-1] == "count": // of observations
			return dimension{}
		case ok:
			return d
		}
	}
	return dimension{unknown: true}
}

func (u *Units) call(name string, arguments []ast.Node) dimension {
	if name == "len" || len(arguments) == 0 {
		return dimension{}
	}
	d := u.tree(arguments[0])
	for _, a := range arguments[1:] {
		d = d.plus(u.tree(a))
	}
	return d
}

func (u *Units) binary(t *ast.BinaryNode) dimension {
	l, r := u.tree(t.Left), u.tree(t.Right)
	switch t.Operator {
	case "+", "-", "%":
		return l.plus(r)
	case "*":
		return product(l, r, 1)
	case "/":
		return product(l, r, -1)
	case "**", "^":
		if l.plain() && r.plain() {
			return dimension{written: l.written && r.written}
		}
		return dimension{unknown: true}
	}
	return dimension{} // true or false
}
