package lab

import (
	"encoding/json"
	"fmt"
	"io"
	"net/netip"
	"os"
	"reflect"
	"strconv"
	"sync"
	"text/tabwriter"
	"time"

	"golang.org/x/sys/unix"

	"socketlabs/labs/telemetry"
)

// reporter says on standard output what the lab counts: events for the runner,
// or words for a person at a terminal.
type reporter struct {
	out      io.Writer // nil once nobody reads it
	terminal bool
	fields   []field
	values   map[string]float64
	once     sync.Once
	stop     chan struct{} // nil until begun
	ticking  sync.WaitGroup
}

type field struct {
	name  string
	value func() float64
}

func newReporter(m any) *reporter {
	_, err := unix.IoctlGetTermios(int(os.Stdout.Fd()), unix.TCGETS)
	return &reporter{out: os.Stdout, terminal: err == nil, fields: fields(m), values: map[string]float64{}}
}

// fields finds the counters and gauges of the struct that m points to, and of
// those that are embedded in it.
func fields(m any) []field {
	v := reflect.ValueOf(m).Elem()
	var list []field
	for i := range v.NumField() {
		if v.Type().Field(i).Anonymous {
			list = append(list, fields(v.Field(i).Addr().Interface())...)
			continue
		}
		name := telemetry.Name(v.Type().Field(i).Name)
		switch x := v.Field(i).Addr().Interface().(type) {
		case *telemetry.Counter:
			list = append(list, field{name, func() float64 { return float64(x.Value()) }})
		case *telemetry.Gauge:
			list = append(list, field{name, func() float64 { return float64(x.Value()) }})
		default:
			panic(fmt.Sprintf("lab: m.%s is no telemetry.Counter and no telemetry.Gauge", v.Type().Field(i).Name))
		}
	}
	return list
}

// begin announces the address and starts the samples.
func (r *reporter) begin(addr netip.AddrPort) {
	r.once.Do(func() {
		r.stop = make(chan struct{})
		if r.terminal {
			fmt.Fprintf(r.out, "listening on %s, Ctrl+C drains\n", addr)
			return
		}
		r.write(telemetry.Event{T: monotonic().Seconds(), Kind: telemetry.KindState, From: telemetry.FromLab, State: &telemetry.State{
			Phase: telemetry.Running,
			Facts: map[string]string{"addr": addr.String(), "pid": strconv.Itoa(os.Getpid())},
		}})
		r.ticking.Go(r.tick)
	})
}

// end stops the samples and says the last word. It returns whether begin was called.
func (r *reporter) end() bool {
	if r.stop == nil {
		return false
	}
	close(r.stop)
	r.ticking.Wait()
	if r.terminal {
		r.summary()
	} else {
		r.sample(grid(monotonic()) + telemetry.Tick)
	}
	return true
}

// tick samples on the grid that all sources share. A process that was stopped
// for a while goes on with the present; counters lose nothing by it.
func (r *reporter) tick() {
	for {
		now := monotonic()
		select {
		case <-r.stop:
			return
		case <-time.After(grid(now) + telemetry.Tick - now):
			r.sample(grid(monotonic()))
		}
	}
}

// sample reports all fields, at time t of the grid.
func (r *reporter) sample(t time.Duration) {
	for _, f := range r.fields {
		r.values["lab."+f.name] = f.value()
	}
	r.write(telemetry.Event{T: float64(t/telemetry.Tick) / 10, Kind: telemetry.KindSample, From: telemetry.FromLab, Values: r.values})
}

// write writes one event as one line. A reader that is gone ends the report,
// not the lab.
func (r *reporter) write(e telemetry.Event) {
	if r.out == nil {
		return
	}
	line, err := json.Marshal(e)
	if err == nil {
		_, err = r.out.Write(append(line, '\n'))
	}
	if err != nil {
		r.out = nil
	}
}

func (r *reporter) summary() {
	table := tabwriter.NewWriter(r.out, 0, 0, 2, ' ', tabwriter.AlignRight)
	for _, f := range r.fields {
		fmt.Fprintf(table, "%.0f\t %s\n", f.value(), f.name)
	}
	table.Flush()
}

// monotonic reads CLOCK_MONOTONIC, which all processes of the machine share.
func monotonic() time.Duration {
	var ts unix.Timespec
	unix.ClockGettime(unix.CLOCK_MONOTONIC, &ts) // fails for no valid clock
	return time.Duration(ts.Nano())
}

// grid is the last grid time that is not after t.
func grid(t time.Duration) time.Duration { return t.Truncate(telemetry.Tick) }
