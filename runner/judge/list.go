package judge

import (
	"errors"
	"fmt"
	"slices"

	"github.com/expr-lang/expr/ast"

	"socketlabs/labs/telemetry"
)

// Sweep evaluates expressions over the blocks of a sweep. What one block has as a
// value is a list here, in the order of the swept values; X[0] is its first
// value and X[-1] its last, min(X), max(X) and len(X) are over all, where X is
// any expression of one block: min(load.requests / ask.rate). A name that is the
// same in every block, like a knob that is not swept, stays a value.
type Sweep struct{ words *vocabulary }

// many makes a vocabulary one of lists.
type many struct {
	blocks []*vocabulary
	view   func(block int, measured bool) (view, error)
}

// NewSweep takes the judges of a sweep's blocks in order. Judges of runs that have
// not begun, or that are void, have no values.
func NewSweep(blocks []*Judge) (*Sweep, error) {
	if len(blocks) == 0 {
		return nil, errors.New("judge: a sweep has at least one block")
	}
	m := &many{}
	for _, j := range blocks {
		m.blocks = append(m.blocks, j.words)
	}
	trust := make([]string, len(blocks))
	m.view = func(i int, measured bool) (view, error) {
		switch {
		case !blocks[i].begun:
			return view{}, errNotBegun
		case !measured: // known before the run
			return blocks[i].measured(), nil
		case trust[i] == "":
			trust[i] = blocks[i].Finish().Trust
		}
		if trust[i] == "void" {
			return view{}, fmt.Errorf("block %d is void", i+1)
		}
		return blocks[i].measured(), nil
	}
	return &Sweep{&vocabulary{many: m}}, nil
}

// NewSweepLinter is NewLinter for expressions over the blocks of a sweep, given
// the question of each.
func NewSweepLinter(blocks []telemetry.Question) (*Linter, error) {
	m := &many{}
	for _, q := range blocks {
		l, err := NewLinter(q)
		if err != nil {
			return nil, err
		}
		m.blocks = append(m.blocks, l.words)
	}
	if len(m.blocks) == 0 {
		return nil, errors.New("judge: a sweep has at least one block")
	}
	return &Linter{&vocabulary{many: m}}, nil
}

// Value evaluates an expression, for a placeholder of the prose: float64, string
// or bool. The error says why there is no value.
func (s *Sweep) Value(expr string) (any, error) {
	n, err := s.words.compile(expr)
	if err != nil {
		return nil, err
	}
	v, err := n.eval(view{})
	if err != nil {
		return nil, err
	}
	return v.bare(), nil
}

// Checks judges the sweep's checks. One that does not compile has no value.
func (s *Sweep) Checks(formulas []telemetry.Formula) []telemetry.Check {
	var out []telemetry.Check
	for _, f := range formulas {
		c, err := s.words.compileCheck(f)
		if err != nil {
			out = append(out, telemetry.Check{ID: f.ID, Expr: f.Expr, Why: err.Error()})
			continue
		}
		out = append(out, c.judge(view{}))
	}
	return out
}

// Guesses compares predictions with the sweep.
func (s *Sweep) Guesses(predictions []telemetry.Prediction) []telemetry.Guess {
	var out []telemetry.Guess
	for _, p := range predictions {
		a, err := s.words.compileAnswer(p)
		if err != nil {
			out = append(out, telemetry.Guess{ID: p.ID, Kind: p.Kind, Given: p.Given, Skipped: p.Skipped, Why: err.Error()})
			continue
		}
		a.uses.others = true // its noise is not that of one block's quarters
		out = append(out, a.judge(view{}))
	}
	return out
}

// node compiles what means something else over several blocks; ok is false for
// what does not.
func (m *many) node(tree ast.Node) (n node, ok bool, err error) {
	switch t := tree.(type) {
	case *ast.MemberNode:
		if at, indexed := index(t.Property); indexed && !t.Optional {
			n, err = m.element(t.Node, at)
			return n, true, err
		}
		n, err = m.shared(tree)
		return n, true, err
	case *ast.IdentifierNode:
		n, err = m.shared(tree)
		return n, true, err
	case *ast.BuiltinNode:
		return m.overAll(t.Name, t.Arguments)
	case *ast.CallNode:
		return m.overAll(t.Callee.String(), t.Arguments)
	}
	return n, false, nil
}

// index returns the whole number in brackets.
func index(tree ast.Node) (int, bool) {
	switch t := tree.(type) {
	case *ast.IntegerNode:
		return t.Value, true
	case *ast.UnaryNode:
		if i, ok := t.Node.(*ast.IntegerNode); ok && t.Operator == "-" {
			return -i.Value, true
		}
	}
	return 0, false
}

// each compiles an expression of one block for every block.
func (m *many) each(tree ast.Node, kinds ...kind) ([]node, error) {
	out := make([]node, len(m.blocks))
	for i, words := range m.blocks {
		var err error
		if out[i], err = words.operand(tree, kinds...); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// of evaluates a block's node in its block.
func (m *many) of(n node, block int) (value, error) {
	if m.view == nil {
		return value{}, errNotBegun
	}
	in, err := m.view(block, n.uses.measured())
	if err != nil {
		return value{}, err
	}
	return n.eval(in)
}

// element is X[at]; a negative place counts from the end.
func (m *many) element(tree ast.Node, at int) (node, error) {
	all, err := m.each(tree, number, truth, text)
	if err != nil {
		return node{}, err
	}
	block := at
	if at < 0 {
		block += len(all)
	}
	if block < 0 || block >= len(all) {
		return node{}, fmt.Errorf("%s[%d]: there are %d blocks: [0] to [%d], and [-1] for the last", tree, at, len(all), len(all)-1)
	}
	n := all[block]
	n.eval = func(view) (value, error) { return m.of(all[block], block) }
	return n, nil
}

// shared is a name whose value is known before the run and the same in every block.
func (m *many) shared(tree ast.Node) (node, error) {
	path, err := dotted(tree)
	if err != nil {
		return node{}, err
	}
	all := make([]node, len(m.blocks))
	for i, words := range m.blocks {
		if all[i], err = words.name(path); err != nil {
			return node{}, err
		}
	}
	first, list := all[0], all[0].uses.measured() || all[0].gauge != ""
	for _, n := range all {
		if list = list || n.uses.measured(); !list {
			a, errA := first.eval(view{span: span{0, 1}})
			b, errB := n.eval(view{span: span{0, 1}})
			list = errA != nil || errB != nil || a != b
		}
	}
	if list || slices.Equal(path, []string{"seconds"}) {
		return node{}, fmt.Errorf("%s is a list in a sweep, one value for each of the %d blocks: write %s[0], %s[-1], min(%s) or max(%s)", tree, len(all), tree, tree, tree, tree)
	}
	return first, nil
}

// overAll is min, max or len of one argument, over all blocks.
func (m *many) overAll(name string, arguments []ast.Node) (node, bool, error) {
	if len(arguments) != 1 || name != "min" && name != "max" && name != "len" {
		return node{}, false, nil
	}
	all, err := m.each(arguments[0], number)
	if err != nil {
		return node{}, true, err
	}
	n := node{kind: number}
	for _, part := range all {
		n.uses = n.uses.and(part.uses)
	}
	n.eval = func(view) (value, error) {
		if name == "len" {
			return numberOf(float64(len(all))), nil
		}
		values := make([]float64, len(all))
		for i, part := range all {
			v, err := m.of(part, i)
			if err != nil {
				return value{}, err
			}
			values[i] = v.n
		}
		return numberOf(apply(name, values)), nil
	}
	return n, true, nil
}

// sweep judges what all blocks of a sweep are asked together. Checks need every
// block: when one is void, so is the run.
func (v *Verdict) sweep(asked telemetry.Sweeping, blocks []Block, void int) {
	var judges []*Judge
	for _, b := range blocks {
		if b.Judge == nil {
			return
		}
		judges = append(judges, b.Judge)
	}
	s, err := NewSweep(judges)
	if err != nil {
		return
	}
	if void > 0 && len(asked.Checks) > 0 {
		v.Trust = "void"
	}
	if v.Trust == "void" {
		for _, p := range asked.Predictions {
			v.Guesses = append(v.Guesses, telemetry.Guess{ID: p.ID, Kind: p.Kind, Given: p.Given, Skipped: p.Skipped, Why: "the run is void"})
		}
		return
	}
	v.Checks, v.Guesses = s.Checks(asked.Checks), s.Guesses(asked.Predictions)
}

// ReplaySweep returns a recorded sweep, every block judged again.
func ReplaySweep(events []telemetry.Event) (*Sweep, error) {
	blocks, err := replayed(events)
	if err != nil {
		return nil, err
	}
	var judges []*Judge
	for _, b := range bySlot(blocks) {
		judges = append(judges, b.Judge)
	}
	return NewSweep(judges)
}
