package site

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"math"
	"sync"
	"time"

	"socketlabs/labs/telemetry"
	"socketlabs/runner"
)

const (
	// pointEvery is the shortest time between two points of a seat's chart.
	pointEvery = 0.2
	// mostPoints is how many points a chart has at most: a long block has them further
	// apart.
	mostPoints = 40
)

// runTrace is a run as its seat on the wall draws it: how it stands, and a point for each
// step of its newest block. It is made of the run's own events.
type runTrace struct {
	id string

	mu sync.Mutex // guards what follows
	standing
	block  int
	begin  telemetry.Block
	total  float64 // seconds from the block's load to its end
	points []tracePoint
	told   []uint64 // the version of the wall that each point was new in
	last   traceValues
	from   float64 // when the next point begins, since load began
	newest float64 // p99
}

// tracePoint is seconds since load began, requests a second, p99 in seconds (null
// before there is one), and errors since the point before.
type tracePoint [4]*float64

// traceValues are what a point is made of. Counters are cumulative.
type traceValues struct {
	Requests *float64 `json:"load.requests"`
	Errors   float64  `json:"load.errors"`
	Failed   float64  `json:"load.failed"`
	Expired  float64  `json:"load.expired"`
	P99      *float64 `json:"load.p99"`
}

func (v traceValues) wrong() float64 { return v.Errors + v.Failed + v.Expired }

// traceEvent is what a trace reads of an event: histograms, sockets and what the
// kernel said are not decoded.
type traceEvent struct {
	T      float64          `json:"t"`
	Kind   telemetry.Kind   `json:"kind"`
	Block  int              `json:"block"`
	Values traceValues      `json:"values"`
	State  *telemetry.State `json:"state"`
	Begin  *telemetry.Block `json:"begin"`
	End    *telemetry.End   `json:"end"`
}

// take reads a batch of events.
func (t *runTrace) take(batch []byte) error {
	var events []traceEvent
	if err := json.Unmarshal(batch, &events); err != nil {
		return err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, e := range events {
		t.add(e)
	}
	return nil
}

func (t *runTrace) add(e traceEvent) {
	switch {
	case e.State != nil:
		t.phase, t.reason = e.State.Phase, e.State.Reason
	case e.Begin != nil:
		t.block, t.begin, t.total = e.Block, *e.Begin, e.Begin.Warmup+e.Begin.Seconds
		t.points, t.told, t.last, t.from, t.newest = nil, nil, traceValues{}, t.step(), math.NaN()
	case e.End != nil:
		t.phase, t.reason, t.ended = e.End.Phase, e.End.Reason, e.T
		for _, d := range e.End.Doubts {
			if d.Void && t.doubt == nil {
				t.doubt = &d
			}
		}
		if e.End.Trust == "void" && t.doubt == nil {
			t.doubt = &telemetry.Doubt{Void: true}
		}
	case e.Kind == telemetry.KindSample && e.Block == t.block:
		t.sample(e)
	}
}

// step is the time between two points, a whole number of ticks.
func (t *runTrace) step() float64 {
	tick := telemetry.Tick.Seconds()
	return max(pointEvery, math.Ceil(t.total/mostPoints/tick-0.01)*tick)
}

func (t *runTrace) sample(e traceEvent) {
	if e.Values.P99 != nil {
		t.newest = *e.Values.P99
	}
	if e.Values.Requests == nil || t.total == 0 {
		return
	}
	at := e.T - t.begin.Start
	if at < t.from-telemetry.Tick.Seconds()/2 {
		return
	}
	took := at - t.from + t.step()
	before := 0.0
	if t.last.Requests != nil {
		before = *t.last.Requests
	}
	p := tracePoint{rounded(at), rounded(max(0, *e.Values.Requests-before) / took), nil, rounded(max(0, e.Values.wrong()-t.last.wrong()))}
	if !math.IsNaN(t.newest) {
		p[2] = rounded(t.newest)
	}
	t.points, t.last, t.from = append(t.points, p), e.Values, at+t.step()
}

// rounded has three significant digits: nobody sees more on a chart of that size.
func rounded(v float64) *float64 {
	if v == 0 || math.IsNaN(v) || math.IsInf(v, 0) {
		zero := 0.0
		return &zero
	}
	scale := math.Pow(10, 2-math.Floor(math.Log10(math.Abs(v))))
	v = math.Round(v*scale) / scale
	return &v
}

// standing is how a run stands as far as its events were read.
type standing struct {
	phase  telemetry.Phase // empty: nothing was read yet
	reason *telemetry.Reason
	doubt  *telemetry.Doubt // why it is void
	ended  float64          // seconds from the run's beginning to its end; 0: it goes on
}

// stands returns it; of no trace, that nothing was read.
func (t *runTrace) stands() standing {
	if t == nil {
		return standing{}
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.standing
}

// traceNews is what a wall is told of a trace: the points from number From on; those
// before it, and of the same block, it has.
type traceNews struct {
	Run    string       `json:"run"`
	Block  int          `json:"block"`
	From   int          `json:"from"`
	Total  float64      `json:"total"`
	Points []tracePoint `json:"points"`
}

// look notes which points are new in a version of the wall, and says whether any are.
func (t *runTrace) look(version uint64) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	n := len(t.told)
	for range t.points[n:] {
		t.told = append(t.told, version)
	}
	return len(t.told) > n
}

// since returns the points that are newer than a version of the wall; nil: none are.
func (t *runTrace) since(version uint64) *traceNews {
	t.mu.Lock()
	defer t.mu.Unlock()
	from := len(t.told)
	for from > 0 && t.told[from-1] > version {
		from--
	}
	if from == len(t.told) {
		return nil
	}
	return &traceNews{t.id, t.block, from, t.total, t.points[from:len(t.told):len(t.told)]}
}

// read follows the run until it or the site has ended.
func (t *runTrace) read(ctx context.Context, rd *runner.Reader) error {
	for {
		b, err := rd.Next(ctx)
		if errors.Is(err, io.EOF) || ctx.Err() != nil {
			return nil
		}
		if err == nil {
			err = t.take(b.JSON)
		}
		if err != nil {
			return err
		}
	}
}

// traces are those of the newest run of each seat. Runs that go on are followed;
// recordings are read one after the other, at a quarter of one core.
type traces struct {
	mu      sync.Mutex // guards what follows
	of      map[string]*runTrace
	unread  []*runTrace
	reading bool
}

// need returns the traces of these runs and forgets the others.
func (ts *traces) need(s *Site, runs []string) map[string]*runTrace {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	had := ts.of
	ts.of = make(map[string]*runTrace, len(runs))
	for _, id := range runs {
		if t, ok := had[id]; ok {
			ts.of[id] = t
			continue
		}
		t := &runTrace{id: id}
		ts.of[id] = t
		if _, live := s.cfg.Runner.Live(id); live {
			s.tasks.Go(func() { s.readTrace(t) })
		} else {
			ts.unread = append(ts.unread, t)
		}
	}
	if len(ts.unread) > 0 && !ts.reading {
		ts.reading = true
		s.tasks.Go(func() { ts.catchUp(s) })
	}
	return ts.of
}

// catchUp reads recordings until all are read.
func (ts *traces) catchUp(s *Site) {
	for s.ending.Err() == nil {
		ts.mu.Lock()
		if len(ts.unread) == 0 {
			ts.reading = false
			ts.mu.Unlock()
			return
		}
		t := ts.unread[0]
		ts.unread = ts.unread[1:]
		wanted := ts.of[t.id] == t
		ts.mu.Unlock()
		if !wanted {
			continue
		}
		began := time.Now()
		s.readTrace(t)
		select {
		case <-time.After(3 * time.Since(began)):
		case <-s.ending.Done():
		}
	}
}

func (s *Site) readTrace(t *runTrace) {
	rd, err := s.follow(t.id, 0)
	if err == nil {
		err = t.read(s.ending, rd)
	}
	if err != nil && !errors.Is(err, runner.ErrNoRun) { // it was deleted meanwhile
		s.log.Error("site: trace a run", "run", t.id, "error", err)
	}
}
