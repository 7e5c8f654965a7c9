package judge

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/parser"
)

// Bounds of an expression: characters as written, and steps of evaluation with
// the derived metrics that it names filled in.
const (
	maxText = 500
	maxCost = 10000
)

// node is a compiled expression. We use expr-lang's grammar and compile its tree
// ourselves, because every name is known beforehand, so that its kind can be
// checked before the run, and because a value that is missing must say why.
type node struct {
	kind  kind
	eval  func(view) (value, error) // the error says why there is no value
	uses  uses
	gauge string   // not empty: the bare name of this gauge, which alone means .last
	texts []string // the texts that it can come to, when they are written in it
}

// uses says what an expression is made of.
type uses struct {
	counters bool    // measured: counters
	averages bool    // measured: means, and quantiles that many observations stand for
	others   bool    // measured: anything else
	until    float64 // the end of the latest window that it names
	cost     int     // nodes
}

func (u uses) and(o uses) uses {
	return uses{u.counters || o.counters, u.averages || o.averages, u.others || o.others, max(u.until, o.until), min(u.cost+o.cost+1, maxCost+1)}
}

func (u uses) measured() bool { return u.counters || u.averages || u.others }

func constant(v value) node {
	n := node{kind: v.kind, eval: func(view) (value, error) { return v, nil }}
	if v.kind == text {
		n.texts = []string{v.s}
	}
	return n
}

func measured(name string, u uses, of func(view) (float64, error)) node {
	return node{kind: number, uses: u, eval: func(in view) (value, error) {
		n, err := of(in)
		if err != nil {
			return value{}, err
		}
		return finite(n, name)
	}}
}

// parse returns the tree of an expression.
func parse(expr string) (ast.Node, error) {
	if len(expr) > maxText {
		return nil, fmt.Errorf("longer than %d characters: derive a metric from a part of it", maxText)
	}
	tree, err := parser.Parse(expr)
	var at *file.Error
	switch {
	case errors.As(err, &at):
		return nil, fmt.Errorf("%s at character %d", at.Message, at.Column+1)
	case err != nil:
		return nil, err
	}
	return tree.Node, nil
}

// compile compiles an expression in which a gauge may stand alone.
func (v *vocabulary) compile(expr string) (node, error) {
	tree, err := parse(expr)
	if err != nil {
		return node{}, err
	}
	return v.whole(tree)
}

func (v *vocabulary) whole(tree ast.Node) (node, error) {
	n, err := v.node(tree)
	if err == nil && n.uses.cost > maxCost {
		err = errors.New("too long with its derived metrics filled in")
	}
	return n, err
}

func (v *vocabulary) node(tree ast.Node) (node, error) {
	if v.many != nil {
		if n, ok, err := v.many.node(tree); ok {
			return n, err
		}
	}
	switch t := tree.(type) {
	case *ast.IntegerNode:
		return constant(numberOf(float64(t.Value))), nil
	case *ast.FloatNode:
		return constant(numberOf(t.Value)), nil
	case *ast.BoolNode:
		return constant(truthOf(t.Value)), nil
	case *ast.StringNode:
		return constant(textOf(t.Value)), nil
	case *ast.IdentifierNode, *ast.MemberNode:
		path, err := dotted(tree)
		if err != nil {
			return node{}, err
		}
		return v.name(path)
	case *ast.UnaryNode:
		return v.unary(t)
	case *ast.BinaryNode:
		return v.binary(t)
	case *ast.ConditionalNode:
		return v.choice(t)
	case *ast.BuiltinNode:
		return v.call(t.Name, t.Arguments)
	case *ast.CallNode:
		return v.call(t.Callee.String(), t.Arguments)
	}
	return node{}, fmt.Errorf("%s: an expression is made of names, numbers, texts, + - * / %% **, comparisons, && || !, c ? a : b and %s",
		tree, strings.Join(functions, " "))
}

// dotted returns the parts of a name with dots.
func dotted(tree ast.Node) ([]string, error) {
	switch t := tree.(type) {
	case *ast.IdentifierNode:
		return []string{t.Value}, nil
	case *ast.MemberNode:
		property, ok := t.Property.(*ast.StringNode)
		if !ok || t.Optional {
			break
		}
		path, err := dotted(t.Node)
		return append(path, property.Value), err
	}
	return nil, fmt.Errorf("%s: only names have dots behind them, and nothing has brackets", tree)
}

// operand compiles a part of an expression, which must be of one of the kinds.
func (v *vocabulary) operand(tree ast.Node, kinds ...kind) (node, error) {
	n, err := v.node(tree)
	switch {
	case err != nil:
		return n, err
	case n.gauge != "":
		return n, fmt.Errorf("%s is a gauge: write %s.last, .min, .max or .mean", n.gauge, n.gauge)
	case !slices.Contains(kinds, n.kind) && n.kind == truth:
		return n, fmt.Errorf("%s is true or false: write (%s ? 1 : 0) to calculate with it", tree, tree)
	case !slices.Contains(kinds, n.kind):
		return n, fmt.Errorf("%s is %s and not %s", tree, n.kind, kinds[0])
	}
	return n, nil
}
