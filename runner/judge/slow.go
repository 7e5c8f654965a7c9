package judge

import (
	"fmt"
	"slices"
	"strings"

	"github.com/expr-lang/expr/ast"

	"socketlabs/labs/telemetry"
)

// Slow says whether a machine that is busy with something else could make a check
// of the question hold: one that wants a wait, a queue or a cost to be long, or
// little to be done. One that wants the opposite is kept from holding at most. The
// error is that of a check that cannot be read.
func Slow(q telemetry.Question) (bool, error) {
	s := slowness{derived: map[string]ast.Node{}}
	for _, f := range q.Derive {
		tree, err := parse(f.Expr)
		if err != nil {
			return false, fmt.Errorf("%s: %w", f.ID, err)
		}
		s.derived[f.ID] = tree
	}
	for _, w := range q.Windows {
		s.windows = append(s.windows, w.Name)
	}
	for _, f := range q.Checks {
		tree, err := parse(f.Expr)
		if err != nil {
			return false, fmt.Errorf("%s: %w", f.ID, err)
		}
		if s.claimed(tree, true) {
			return true, nil
		}
	}
	return false, nil
}

// slowness reads expressions by what a busy machine does to them.
type slowness struct {
	derived map[string]ast.Node
	windows []string
}

// trend is what a busy machine does to a number.
type trend struct{ up, down bool }

func (t trend) and(o trend) trend { return trend{t.up || o.up, t.down || o.down} }
func (t trend) turned() trend     { return trend{t.down, t.up} }

// claimed says whether a busy machine could make a condition hold, or, with want
// false, not hold.
func (s slowness) claimed(tree ast.Node, want bool) bool {
	switch t := tree.(type) {
	case *ast.UnaryNode:
		return s.claimed(t.Node, want != (t.Operator == "!" || t.Operator == "not"))
	case *ast.ConditionalNode:
		return s.claimed(t.Cond, true) || s.claimed(t.Cond, false) || s.claimed(t.Exp1, want) || s.claimed(t.Exp2, want)
	case *ast.BinaryNode:
		both := s.trend(t.Left).and(s.trend(t.Right).turned()) // of left - right
		switch t.Operator {
		case "&&", "and", "||", "or":
			return s.claimed(t.Left, want) || s.claimed(t.Right, want)
		case ">", ">=":
			return want && both.up || !want && both.down
		case "<", "<=":
			return want && both.down || !want && both.up
		case "==", "!=":
			none := zero(t.Left) || zero(t.Right)
			if want == (t.Operator == "==") {
				return both.down || both.up && !none
			}
			return both.up || both.down && !none
		}
	}
	return false
}

func zero(tree ast.Node) bool {
	n, ok := tree.(*ast.IntegerNode)
	return ok && n.Value == 0
}

// trend of an expression. What is spent on each request goes where the spending
// goes, and what is done in each second where the doing goes; abs is about being
// near, which a busy machine does not bring about.
func (s slowness) trend(tree ast.Node) trend {
	switch t := tree.(type) {
	case *ast.IdentifierNode, *ast.MemberNode:
		return s.named(tree)
	case *ast.UnaryNode:
		if t.Operator == "-" {
			return s.trend(t.Node).turned()
		}
		return s.trend(t.Node)
	case *ast.BinaryNode:
		left, right := s.trend(t.Left), s.trend(t.Right)
		switch t.Operator {
		case "-":
			return left.and(right.turned())
		case "/":
			if right.down && !right.up {
				return left
			}
			return left.and(right.turned())
		}
		return left.and(right)
	case *ast.ConditionalNode:
		return s.trend(t.Exp1).and(s.trend(t.Exp2))
	case *ast.BuiltinNode:
		return s.called(t.Name, t.Arguments)
	case *ast.CallNode:
		return s.called(t.Callee.String(), t.Arguments)
	}
	return trend{}
}

func (s slowness) called(name string, with []ast.Node) (all trend) {
	for _, a := range with {
		all = all.and(s.trend(a))
	}
	if name == "abs" {
		return trend{}
	}
	return all
}

func (s slowness) named(tree ast.Node) trend {
	path, err := dotted(tree)
	if err != nil { // a step of a sweep
		return trend{true, true}
	}
	if slices.Contains(s.windows, path[0]) {
		path = path[1:]
	}
	if len(path) == 0 {
		return trend{}
	}
	if formula, ok := s.derived[path[0]]; ok {
		return s.trend(formula)
	}
	name := strings.Join(path, ".")
	if len(path) > 1 && path[0] == telemetry.FromLab && (slices.Contains(workerGauges, path[1]) || slices.Contains(outGauges, path[1])) {
		return trend{up: true}
	}
	for _, d := range directions {
		if strings.HasPrefix(name, d.prefix) {
			return trend{up: d.better == "lower", down: d.better == "higher"}
		}
	}
	return trend{}
}
