package runner

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"slices"

	"socketlabs/labs/telemetry"
	"socketlabs/runner/judge"
)

// maxLine bounds a line of a recording.
const maxLine = 16 << 20

// ReadRecording reads a recording, gzipped or not. A last line that is torn is
// left out; the error names the first other line that is no event.
func ReadRecording(r io.Reader) ([]telemetry.Event, error) { return readRecording(r, nil, nil) }

// ReadKinds is ReadRecording for events of some kinds. The lines of others are
// passed over undecoded: samples are most of a recording.
func ReadKinds(r io.Reader, kinds ...telemetry.Kind) ([]telemetry.Event, error) {
	return readKinds(r, nil, kinds)
}

// ReadFor is ReadRecording for a replay that is asked for the values of some
// expressions: of samples it reads what those may need.
func ReadFor(r io.Reader, exprs []string) ([]telemetry.Event, error) {
	needs := func(head telemetry.Run) func(string) bool { return judge.Needs(head, exprs) }
	return readKinds(r, needs, []telemetry.Kind{telemetry.KindRun, telemetry.KindBlock, telemetry.KindSample, telemetry.KindBlockEnd})
}

// ReadMetrics is ReadRecording for a drawing of some metrics: of samples it reads those,
// and of the rest what stands around them, the figures and the end.
func ReadMetrics(r io.Reader, metrics []string) ([]telemetry.Event, error) {
	needs := func(telemetry.Run) func(string) bool {
		return func(metric string) bool { return slices.Contains(metrics, metric) }
	}
	return readKinds(r, needs, []telemetry.Kind{telemetry.KindRun, telemetry.KindBlock, telemetry.KindSample, telemetry.KindFigures, telemetry.KindBlockEnd, telemetry.KindEnd})
}

func readKinds(r io.Reader, needs needs, kinds []telemetry.Kind) ([]telemetry.Event, error) {
	var marks [][]byte
	for _, k := range kinds {
		marks = append(marks, []byte(`"kind":"`+string(k)+`"`))
	}
	events, err := readRecording(r, needs, func(line []byte) bool {
		return slices.ContainsFunc(marks, func(mark []byte) bool { return bytes.Contains(line[:min(len(line), heading)], mark) }) ||
			slices.ContainsFunc(marks, func(mark []byte) bool { return bytes.Contains(line, mark) })
	})
	return slices.DeleteFunc(events, func(e telemetry.Event) bool { return !slices.Contains(kinds, e.Kind) }), err
}

// heading is within how many bytes a line says its kind, as we write it.
const heading = 64

// needs says of which metrics a run's samples are needed; nil: of all.
type needs func(head telemetry.Run) func(metric string) bool

// readRecording decodes the lines that are wanted; nil: all.
func readRecording(r io.Reader, needs needs, wanted func(line []byte) bool) ([]telemetry.Event, error) {
	in := bufio.NewReader(r)
	if magic, _ := in.Peek(2); bytes.Equal(magic, []byte{0x1f, 0x8b}) {
		z, err := gzip.NewReader(in)
		if err != nil {
			return nil, fmt.Errorf("recording: %w", err)
		}
		in = bufio.NewReaderSize(z, 32<<10)
	}
	var events []telemetry.Event
	var decoder telemetry.Decoder
	var line []byte
	for n := 1; ; n++ {
		var err error
		line, err = readLine(in, line[:0])
		if err != nil && err != io.EOF {
			return events, fmt.Errorf("recording: line %d: %w", n, err)
		}
		torn := err == io.EOF
		if len(line) > 0 && (wanted == nil || wanted(line)) {
			var e telemetry.Event
			if err := decoder.Decode(line, &e); err == nil {
				events = append(events, e)
			} else if !torn {
				return events, fmt.Errorf("recording: line %d: %w", n, err)
			}
			if len(events) == 1 && e.Run != nil && needs != nil {
				decoder = telemetry.Decoder{Wants: needs(*e.Run)}
			}
		}
		if torn {
			return events, nil
		}
	}
}

// readLine appends the next line to line, without its end; io.EOF with a line that has none.
func readLine(in *bufio.Reader, line []byte) ([]byte, error) {
	for {
		part, err := in.ReadSlice('\n')
		line = append(line, part...)
		switch {
		case len(line) > maxLine:
			return nil, errors.New("is too long")
		case err == bufio.ErrBufferFull:
			continue
		case err != nil:
			return line, err
		}
		return line[:len(line)-1], nil
	}
}
