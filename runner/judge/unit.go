package judge

import (
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

// dimension is seconds to one power times bytes to another.
type dimension struct {
	seconds, bytes int
	written        bool // a number that stands in the expression, and may convert
	unknown        bool
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

// Check returns the unit of the values that a check compares: of its first comparison
// when it passes, as that is the one which is told; else the one that all of them have.
func (u *Units) Check(expr string, pass bool) string {
	tree, err := parse(expr)
	if err != nil {
		return ""
	}
	unit := ""
	for i, part := range conjuncts(tree) {
		b, ok := part.(*ast.BinaryNode)
		if !ok {
			return ""
		}
		of := u.tree(b.Left).unit()
		if i > 0 && of != unit {
			return ""
		}
		if unit = of; pass {
			return unit
		}
	}
	return unit
}

func dimensionOf(unit string) dimension {
	switch unit {
	case "":
		return dimension{}
	case "%":
		return dimension{written: true} // a hundredth
	case "seconds":
		return dimension{seconds: 1}
	case "bytes":
		return dimension{bytes: 1}
	case "per second":
		return dimension{seconds: -1}
	}
	return dimension{unknown: true}
}

func (d dimension) unit() string {
	switch d {
	case dimension{seconds: 1}:
		return "seconds"
	case dimension{bytes: 1}:
		return "bytes"
	}
	return ""
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

// plain says that it is a number without a unit.
func (d dimension) plain() bool { return !d.unknown && d.seconds == 0 && d.bytes == 0 }

// plus is what two amounts come to that are added, or of which one is taken.
func (d dimension) plus(o dimension) dimension {
	if d.unknown || o.unknown || d.seconds != o.seconds || d.bytes != o.bytes {
		return dimension{unknown: true}
	}
	d.written = d.written && o.written
	return d
}

// product multiplies, or with -1 divides. An amount divided by a number that is written
// is a count of pieces of that size; multiplied by one, it is in a unit that nobody says.
func product(l, r dimension, sign int) dimension {
	switch {
	case l.unknown || r.unknown:
		return dimension{unknown: true}
	case r.written && !l.plain() && sign < 0:
		return dimension{}
	case r.written && !l.plain(), l.written && !r.plain() && sign > 0:
		return dimension{unknown: true}
	}
	return dimension{seconds: l.seconds + sign*r.seconds, bytes: l.bytes + sign*r.bytes, written: l.written && r.written}
}
