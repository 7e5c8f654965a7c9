package runner

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"unicode/utf8"

	"socketlabs/labs"
	"socketlabs/labs/telemetry"
)

// Bounds of a recording that was not made here. What is drawn of it takes memory
// by its names times its ticks, so both have one.
const (
	maxForeignLine  = 4 << 20   // bytes: the sockets of 10,000 connections are a quarter of it
	maxForeignFirst = 512 << 10 // bytes of the first and of the last line, which every list of runs reads
	maxForeignTime  = 1800      // seconds
	maxForeignNames = 600       // metrics
	maxForeignTalk  = 24 << 20  // bytes of all events but samples, which a page gets whole
)

var (
	foreignExperiment = regexp.MustCompile(`^[a-z0-9-]{1,64}/[a-z0-9-]{1,64}$`)
	foreignName       = regexp.MustCompile(`^[a-z][a-z0-9_.]{0,79}$`)
	foreignID         = regexp.MustCompile(`^[a-z][a-z0-9_-]{0,63}$`)
	foreignCode       = regexp.MustCompile(`^[0-9a-z]{0,64}$`)
)

// findings are what the inspection of a recording has found out.
type findings struct {
	run   telemetry.Run
	notes telemetry.Notes
}

// inspection reads a recording that was not made here, line by line.
type inspection struct {
	findings
	line  int
	seq   uint64
	ended bool
	talk  int
	names map[string]bool
}

// inspect copies a recording's events to w and returns what they are about, or
// an error that names the first line that a recording of ours would not have.
func inspect(in *bufio.Reader, w io.Writer) (findings, error) {
	i := inspection{names: map[string]bool{}}
	out := bufio.NewWriterSize(w, 64<<10)
	for {
		i.line++
		line, err := boundedLine(in)
		switch {
		case err == io.EOF && len(line) == 0:
			return i.whole(out.Flush())
		case err == io.EOF:
			return findings{}, bad(i.line, "it is cut off: ask for the whole file")
		case errors.Is(err, errLong):
			return findings{}, bad(i.line, "it is longer than %d MiB", maxForeignLine>>20)
		case errors.Is(err, ErrRecording):
			return findings{}, err
		case err != nil:
			return findings{}, fmt.Errorf("%w: %w", ErrRecording, err)
		}
		keep, err := i.event(line)
		if err != nil {
			return findings{}, err
		}
		if keep {
			if _, err := out.Write(append(line, '\n')); err != nil {
				return findings{}, fmt.Errorf("%w: %w", ErrDiskFull, err)
			}
		}
	}
}

// whole is the answer after the last line.
func (i *inspection) whole(written error) (findings, error) {
	switch {
	case written != nil:
		return findings{}, fmt.Errorf("%w: %w", ErrDiskFull, written)
	case !i.ended:
		return findings{}, bad(i.line, "the run's end is missing: ask for the whole file")
	}
	return i.findings, nil
}

// event checks one line. Notes are kept beside the recording, not in it.
func (i *inspection) event(line []byte) (keep bool, err error) {
	var e telemetry.Event
	if !utf8.Valid(line) {
		return false, bad(i.line, "it is not UTF-8")
	}
	if err := json.Unmarshal(line, &e); err != nil {
		return false, bad(i.line, "it is no event: %v", err)
	}
	switch {
	case i.line == 1:
		err = i.first(e, line)
	case i.ended:
		return false, bad(i.line, "it comes after the run's end")
	case e.Kind == telemetry.KindNotes:
		return false, i.noted(e)
	case e.Kind == telemetry.KindRun:
		return false, bad(i.line, "another run begins: a recording has one")
	}
	if err != nil {
		return false, err
	}
	i.seq++
	if e.Seq != i.seq {
		return false, bad(i.line, "its sequence number is %d, not %d: a line is missing or changed", e.Seq, i.seq)
	}
	return true, i.body(e, line)
}

// noted takes the notes that an export has put behind the first event.
func (i *inspection) noted(e telemetry.Event) error {
	if i.line != 2 || e.Notes == nil {
		return bad(i.line, "notes stand in line 2 only")
	}
	if err := e.Notes.Check(); err != nil {
		return bad(i.line, "%v", err)
	}
	i.notes = *e.Notes
	return nil
}

// body checks what any event may hold.
func (i *inspection) body(e telemetry.Event, line []byte) error {
	if e.Block < 0 || e.Block >= 4*labs.MaxBlocks {
		return bad(i.line, "it is of block %d", e.Block)
	}
	if math.IsNaN(e.T) || e.T < 0 || e.T > maxForeignTime {
		return bad(i.line, "its time is %v s", e.T)
	}
	for name := range e.Values {
		if e.Kind == telemetry.KindSample && !i.named(name) {
			return bad(i.line, "the metric %.80q has no name of ours, or there are more than %d", name, maxForeignNames)
		}
	}
	if e.Kind != telemetry.KindSample {
		i.talk += len(line)
	}
	if i.talk > maxForeignTalk {
		return bad(i.line, "logs and tables have more than %d MiB", maxForeignTalk>>20)
	}
	if ok, known := complete(e); !known {
		return bad(i.line, "the kind %.40q is unknown: update Socket Labs", e.Kind)
	} else if !ok {
		return bad(i.line, "a part of it is missing")
	}
	if e.State != nil {
		if !foreignID.MatchString(string(e.State.Phase)) {
			return bad(i.line, "%.40q is no phase", e.State.Phase)
		}
		return i.facts(e.State.Facts)
	}
	if e.End != nil {
		i.ended = true
		if len(line) > maxForeignFirst || !e.End.Phase.Over() || !slices.Contains([]string{"", "green", "amber", "void"}, e.End.Trust) {
			return bad(i.line, "it is no end of a run")
		}
	}
	return nil
}

// named says whether a metric may have this name, and counts the names.
func (i *inspection) named(name string) bool {
	if !i.names[name] && foreignName.MatchString(name) {
		i.names[name] = true
	}
	return i.names[name] && len(i.names) <= maxForeignNames
}

// facts are put into commands that a person copies: nothing else may stand there.
func (i *inspection) facts(facts map[string]string) error {
	for name, v := range facts {
		var err error
		switch name {
		case "addr":
			_, err = netip.ParseAddrPort(v)
		case "pid":
			_, err = strconv.ParseUint(v, 10, 32)
		default:
			if len(v) > 200 || !foreignID.MatchString(name) {
				err = errors.New("it is none of ours")
			}
		}
		if err != nil {
			return bad(i.line, "the fact %.40q: %v", name, err)
		}
	}
	return nil
}

// complete says whether an event has what its kind promises.
func complete(e telemetry.Event) (ok, known bool) {
	switch e.Kind {
	case telemetry.KindRun:
		return e.Run != nil, true
	case telemetry.KindState:
		return e.State != nil, true
	case telemetry.KindBlock:
		return e.Begin != nil && e.Begin.Seconds > 0 && e.Begin.Warmup >= 0 && e.Begin.Start >= 0 && e.Begin.Start+e.Begin.Warmup+e.Begin.Seconds <= maxForeignTime, true
	case telemetry.KindFault:
		return e.Fault != nil, true
	case telemetry.KindCheck:
		return e.Check != nil && foreignID.MatchString(e.Check.ID), true
	case telemetry.KindBlockEnd:
		return e.BlockEnd != nil, true
	case telemetry.KindPath:
		return e.Path != nil, true
	case telemetry.KindEnd:
		return e.End != nil, true
	case telemetry.KindSample, telemetry.KindFigures, telemetry.KindSockets, telemetry.KindLog:
		return true, true
	}
	return false, false
}

var errLong = errors.New("runner: the line is too long")

// boundedLine is readLine for lines that are not ours.
func boundedLine(in *bufio.Reader) ([]byte, error) {
	var line []byte
	for {
		part, err := in.ReadSlice('\n')
		line = append(line, part...)
		switch {
		case len(line) > maxForeignLine:
			return nil, errLong
		case err == bufio.ErrBufferFull:
			continue
		case err != nil:
			return line, err
		}
		return line[:len(line)-1], nil
	}
}
