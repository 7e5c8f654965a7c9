package site

import (
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"socketlabs/labs"
	"socketlabs/labs/telemetry"
	"socketlabs/runner"
)

// Exporter writes recordings as files to keep or to give away. It needs no site:
// the command line has one of its own.
type Exporter struct {
	runner  *runner.Runner
	shelf   *shelf
	faces   *faces
	version string
}

// NewExporter reads the book and the page's files for exports of r's runs.
func NewExporter(root string, r *runner.Runner, log *slog.Logger) (*Exporter, error) {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	f, err := newFaces(Config{Root: root, Log: log})
	if err != nil {
		return nil, err
	}
	return &Exporter{runner: r, shelf: newShelf(root, r, log), faces: f, version: version()}, nil
}

// Formats are what Export writes, with the ending of the file's name.
var formats = []struct{ name, ending, kind string }{
	{"recording", ".jsonl.gz", "application/gzip"},
	{"csv", ".csv", "text/csv; charset=utf-8"},
	{"json", ".json", "application/json; charset=utf-8"},
	{"html", ".html", "text/html; charset=utf-8"},
}

// ErrFormat is for an export in no format of ours.
var ErrFormat = errors.New("site: the formats are recording, csv, json and html")

// FileName is what a run's export is called: epoll-drained-ID.csv.
func FileName(s runner.Summary, as string) (string, error) {
	for _, f := range formats {
		if f.name == as {
			return strings.ReplaceAll(s.Experiment, "/", "-") + "-" + s.ID + f.ending, nil
		}
	}
	return "", ErrFormat
}

// Export writes a run: recording is the gzipped recording with its notes, csv
// every metric at every tick, json the series as the page draws it, html one file
// that replays the run without a network. ErrFormat, runner.ErrNoRun,
// runner.ErrRunning.
func (x *Exporter) Export(w io.Writer, id, as string) error {
	if as == "recording" {
		return x.runner.Export(w, id)
	}
	s, err := x.runner.Summary(id)
	if err != nil {
		return err
	}
	if !s.Phase.Over() {
		return runner.ErrRunning
	}
	notes, err := x.runner.Notes(id)
	if err != nil {
		return err
	}
	if as == "html" {
		return x.html(w, s, notes)
	}
	run, err := x.read(id, allBlocks)
	if err != nil {
		return err
	}
	switch as {
	case "csv":
		return writeCSV(w, run, notes.Notes)
	case "json":
		return json.NewEncoder(w).Encode(map[string]any{"run": s, "notes": notes, "series": run.series})
	}
	return ErrFormat
}

// html writes the file that replays a run, with every block of it.
func (x *Exporter) html(w io.Writer, s runner.Summary, notes telemetry.Notes) error {
	run, err := x.read(s.ID, 0)
	if err != nil {
		return err
	}
	blocks := []series{run.series}
	for n := 1; n < len(run.starts); n++ {
		one, err := x.read(s.ID, n)
		if err != nil {
			return err
		}
		blocks = append(blocks, one.series)
	}
	return x.replay(w, s, run, blocks, notes)
}

// recorded is a recording as an export needs it.
type recorded struct {
	series series
	run    telemetry.Run
	asked  labs.Spec
	starts []float64 // when the load of each block began
}

// read reads what there is of a run: of one block or allBlocks. Of one, the series
// still tells that there are others.
func (x *Exporter) read(id string, block int) (recorded, error) {
	rd, err := x.runner.Follow(id, 0)
	if err != nil {
		return recorded{}, err
	}
	var out recorded
	m := newSeriesMaker(block)
	_, err = available(rd, func(batch []byte) error {
		return split(batch, func(e telemetry.Event, raw json.RawMessage) {
			m.add(e, raw)
			switch {
			case e.Run != nil:
				out.run = *e.Run
				out.asked = askedOf(raw)
			case e.Begin != nil:
				out.starts = append(out.starts, e.Begin.Start)
			}
		})
	})
	out.series = m.done()
	return out, err
}

// askedOf is the spec in a recording's first event.
func askedOf(first json.RawMessage) labs.Spec {
	var e struct {
		Run struct {
			Asked labs.Spec `json:"asked"`
		} `json:"run"`
	}
	json.Unmarshal(first, &e) // a spec of another form is an empty one
	return e.Run.Asked
}

// at is the moment of a note, in seconds since the run began.
func (r recorded) at(n telemetry.Note) float64 {
	if n.Block >= len(r.starts) {
		return n.T
	}
	return r.starts[n.Block] + n.T
}

// writeCSV writes one row a tick (RFC 4180): seconds since the first load began,
// the block when there are several, every metric in the schema's units, counters
// as they count in their block, and what was noted then.
func writeCSV(w io.Writer, run recorded, notes []telemetry.Note) error {
	s, start := run.series, 0.0
	head := []string{"t"}
	if len(run.starts) > 0 {
		start = run.starts[0]
	}
	if len(run.starts) > 1 {
		head = append(head, "block")
	}
	out := csv.NewWriter(w)
	out.UseCRLF = true
	names := slices.Sorted(maps.Keys(s.Values))
	out.Write(append(append(head, names...), "note")) // errors stay in out
	block := 0
	for row, t := range s.T {
		next := t + telemetry.Tick.Seconds()/2
		cells := []string{strconv.FormatFloat(round1(t-start), 'f', -1, 64)}
		if len(run.starts) > 1 {
			for block+1 < len(run.starts) && run.starts[block+1] < next {
				block++
			}
			cells = append(cells, strconv.Itoa(block))
		}
		for _, name := range names {
			cell := ""
			if v := s.Values[name][row]; v != nil {
				cell = strconv.FormatFloat(*v, 'g', -1, 64)
			}
			cells = append(cells, cell)
		}
		var said []string
		for len(notes) > 0 && (run.at(notes[0]) < next || row == len(s.T)-1) {
			said = append(said, notes[0].Text)
			notes = notes[1:]
		}
		out.Write(append(cells, harmless(strings.Join(said, " · "))))
	}
	out.Flush()
	return out.Error()
}

func round1(v float64) float64 {
	v, _ = strconv.ParseFloat(fmt.Sprintf("%.1f", v), 64)
	return v + 0 // no -0
}

// harmless keeps a spreadsheet from taking a text for a formula: what begins like
// one gets the apostrophe that says text.
func harmless(text string) string {
	if text != "" && strings.ContainsRune("=+-@\t\r|%", rune(text[0])) {
		return "'" + text
	}
	return text
}

// exportRun sends a run as a file.
func (s *Site) exportRun(w http.ResponseWriter, r *http.Request) error {
	id, as := r.PathValue("id"), r.PathValue("as")
	sum, err := s.cfg.Runner.Summary(id)
	if err != nil {
		return err
	}
	name, err := FileName(sum, as)
	if err != nil {
		return errNotFound
	}
	if !sum.Phase.Over() {
		return runner.ErrRunning
	}
	if s.sealed(sum) {
		return errSealed
	}
	for _, f := range formats {
		if f.name == as {
			attach(w, filepath.Base(name), f.kind)
		}
	}
	if err := s.exporter().Export(w, id, as); err != nil {
		w.Header().Del("Content-Disposition")
		return err
	}
	return nil
}

// exporter shares what the site has read.
func (s *Site) exporter() *Exporter {
	return &Exporter{runner: s.cfg.Runner, shelf: s.shelf, faces: s.faces, version: s.cfg.Version}
}
