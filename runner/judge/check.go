package judge

import (
	"fmt"

	"github.com/expr-lang/expr/ast"

	"socketlabs/labs/telemetry"
)

// check is comparisons that must all hold.
type check struct {
	telemetry.Formula
	parts []comparison
	uses  uses
}

// comparison has the measured value on its left and the bound on its right.
type comparison struct {
	op          string
	left, right node
}

// compileCheck compiles comparisons joined by &&. True and false count as 1
// and 0; texts cannot be shown beside each other on a scale and are refused.
func (v *vocabulary) compileCheck(f telemetry.Formula) (check, error) {
	tree, err := parse(f.Expr)
	if err != nil {
		return check{}, err
	}
	if _, err := v.whole(tree); err != nil {
		return check{}, err
	}
	c := check{Formula: f}
	for _, part := range conjuncts(tree) {
		p, err := v.comparison(part)
		if err != nil {
			return c, err
		}
		c.parts = append(c.parts, p)
		c.uses = c.uses.and(p.left.uses).and(p.right.uses)
	}
	return c, nil
}

// conjuncts returns what && joins.
func conjuncts(tree ast.Node) []ast.Node {
	if b, ok := tree.(*ast.BinaryNode); ok && (b.Operator == "&&" || b.Operator == "and") {
		return append(conjuncts(b.Left), conjuncts(b.Right)...)
	}
	return []ast.Node{tree}
}

func (v *vocabulary) comparison(tree ast.Node) (comparison, error) {
	b, ok := tree.(*ast.BinaryNode)
	if !ok || !isComparison(b.Operator) {
		return comparison{}, fmt.Errorf("%s is no comparison: a check is comparisons joined by &&, as in %s == 0", tree, tree)
	}
	l, r, err := v.sides(b)
	switch {
	case err != nil:
		return comparison{}, err
	case l.kind == text:
		return comparison{}, fmt.Errorf("%s compares texts: a check compares numbers", tree)
	case !l.uses.measured() && r.uses.measured():
		return comparison{}, fmt.Errorf("%s: the measured value stands on the left, its bound on the right", tree)
	}
	return comparison{b.Operator, l, r}, nil
}

// judge shows the first comparison that fails, or else the first.
func (c check) judge(v view) telemetry.Check {
	first := c.result(c.parts[0], v)
	if !first.Pass {
		return first
	}
	for _, p := range c.parts[1:] {
		if r := c.result(p, v); !r.Pass {
			return r
		}
	}
	return first
}

func (c check) result(p comparison, v view) telemetry.Check {
	out := telemetry.Check{ID: c.ID, Expr: c.Expr, Op: p.op}
	left, err := p.left.eval(v)
	if err != nil {
		out.Why = err.Error()
	} else {
		out.Value = &left.n
	}
	right, err := p.right.eval(v)
	switch {
	case err == nil:
		out.Bound = &right.n
	case out.Why == "":
		out.Why = err.Error()
	}
	out.Pass = out.Why == "" && holds(p.op, left, right)
	return out
}
