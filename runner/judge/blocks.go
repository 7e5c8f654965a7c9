package judge

import (
	"errors"
	"slices"

	"socketlabs/labs/telemetry"
)

// Block is one block of a run, judged.
type Block struct {
	Number int // counts from 0, in the order of time
	Slot   int // its place in the plan's order; of a repeat, that of what it repeats
	Arm    int
	telemetry.BlockEnd
	Judge *Judge // of a replay, with every event of the block
}

// Compares compiles what a comparison asks of each block.
func (j *Judge) Compares(c telemetry.Comparing) error {
	_, err := j.words.figures("comparison of", exprs(c))
	if err == nil {
		_, err = foretold(c)
	}
	return err
}

func exprs(c telemetry.Comparing) []string {
	var out []string
	for _, m := range c.Metrics {
		out = append(out, m.Expr)
	}
	return out
}

// End judges the measured window of one block of several.
func (j *Judge) End(label string, c *telemetry.Comparing) telemetry.BlockEnd {
	v := j.Finish()
	end := telemetry.BlockEnd{Label: label, Trust: v.Trust, Doubts: v.Doubts, Checks: v.Checks, Metrics: v.Metrics,
		Watched: map[string]float64{}, Missing: map[string]string{}}
	figures := slices.Clone(j.watch)
	if c != nil {
		more, _ := j.words.figures("", exprs(*c)) // they compiled before: see Compares
		figures = append(figures, more...)
	}
	for _, f := range figures {
		value, err := f.eval(j.measured())
		if !j.begun {
			err = errNotBegun
		}
		if err != nil {
			end.Missing[f.name] = err.Error()
			continue
		}
		end.Watched[f.name] = value.n
	}
	return end
}

// ReplayBlocks judges every block of a recording again, in the order of time.
// Of a run that was cut off the last block may not have begun.
func ReplayBlocks(events []telemetry.Event) ([]Block, error) {
	blocks, err := replayed(events)
	for i := range blocks {
		b := &blocks[i]
		end := b.Judge.End(b.Label, events[0].Run.Compare)
		end.Retry = b.Retry
		b.BlockEnd = end
		if c := events[0].Run.Compare; c != nil {
			now := SoFar(*c, blocks[:i+1])
			b.SoFar = &now
		}
	}
	return blocks, err
}

// replayed is ReplayBlocks without what each block came to but its label.
func replayed(events []telemetry.Event) ([]Block, error) {
	if len(events) == 0 || events[0].Run == nil {
		return nil, errors.New("judge: a recording begins with its run")
	}
	head := *events[0].Run
	var blocks []Block
	for number, of := range byBlock(events) {
		b, err := replay(head, of)
		if err != nil {
			return nil, err
		}
		b.Number = number
		blocks = append(blocks, b)
	}
	return blocks, nil
}

// byBlock returns each block's events. Blocks are dense, but a recording is
// bytes from outside: it makes at most as many blocks as it has events.
func byBlock(events []telemetry.Event) [][]telemetry.Event {
	out := [][]telemetry.Event{nil}
	for _, e := range events {
		if e.Block == len(out) {
			out = append(out, nil)
		}
		if e.Block >= 0 && e.Block < len(out) {
			out[e.Block] = append(out[e.Block], e)
		}
	}
	return out
}

// replay gives one block's events to its judge. Its arm is known from its clock;
// samples before that are the base of its counters.
func replay(head telemetry.Run, events []telemetry.Event) (Block, error) {
	var b Block
	q := head.Question
	at := slices.IndexFunc(events, func(e telemetry.Event) bool { return e.Kind == telemetry.KindBlock && e.Begin != nil })
	if at >= 0 {
		begin := *events[at].Begin
		b.Slot, b.Arm, b.Label = begin.Slot, begin.Arm, begin.Label
		if b.Arm > 0 && b.Arm < len(head.Arms) {
			q = head.Arms[b.Arm].Question
		}
	}
	j, err := New(q, head.Host)
	if err != nil {
		return b, err
	}
	if head.Compare != nil {
		if err := j.Compares(*head.Compare); err != nil {
			return b, err
		}
	}
	for i, e := range events {
		switch {
		case i == at:
			j.Begin(*e.Begin)
		case e.Kind == telemetry.KindBlockEnd && e.BlockEnd != nil:
			b.Retry = e.BlockEnd.Retry
		default:
			j.Add(e)
		}
	}
	b.Judge = j
	return b, nil
}

// Conclude says what the blocks of a run amount to together.
func Conclude(head telemetry.Run, blocks []Block) Verdict {
	slots := bySlot(blocks)
	void := 0
	v := Verdict{Trust: "green", Doubts: worst(blocks)}
	for _, b := range slots {
		switch b.Trust {
		case "void":
			void++
			v.Trust = "amber"
		case "amber":
			v.Trust = "amber"
		}
	}
	if 2*void > len(slots) || len(slots) == 0 {
		v.Trust = "void"
	}
	if head.Sweep != nil {
		v.sweep(*head.Sweep, slots, void)
	}
	if head.Compare != nil {
		v.compare(*head.Compare, blocks)
	}
	return v
}

// compare adds what the blocks say against each other, and what was foretold of
// that. A comparison without pairs proves nothing.
func (v *Verdict) compare(c telemetry.Comparing, blocks []Block) {
	result := Compare(c, blocks)
	v.Comparison = &result
	if result.Pairs < leastPairs {
		v.Trust = "void"
	}
	answers, err := foretold(c)
	if err != nil || len(result.Metrics) == 0 {
		return // the run would not have begun: see Compares
	}
	for _, a := range answers {
		g := telemetry.Guess{ID: a.ID, Kind: a.Kind, Given: a.Given, Skipped: a.Skipped, Why: "the run is void"}
		if v.Trust != "void" {
			answer, _ := answerTo(a.Prediction, &result.Metrics[0]) // compiled before
			g = answer.judge(view{})
		}
		v.Guesses = append(v.Guesses, g)
	}
}

// bySlot returns the block that counts in each place of the plan: the last one.
func bySlot(blocks []Block) []Block {
	var out []Block
	for _, b := range blocks {
		i := slices.IndexFunc(out, func(o Block) bool { return o.Slot == b.Slot })
		if i < 0 {
			out = append(out, b)
			continue
		}
		out[i] = b
	}
	slices.SortStableFunc(out, func(a, b Block) int { return a.Slot - b.Slot })
	return out
}

// worst returns of every kind of doubt the one that lies furthest from its bound.
// A block that is void does not make the run void: that is Conclude's.
func worst(blocks []Block) []telemetry.Doubt {
	var out []telemetry.Doubt
	for _, b := range bySlot(blocks) {
		for _, d := range b.Doubts {
			d.Void = false
			i := slices.IndexFunc(out, func(o telemetry.Doubt) bool { return o.Code == d.Code })
			switch {
			case i < 0:
				out = append(out, d)
			case d.Value > out[i].Value:
				out[i] = d
			}
		}
	}
	return out
}
