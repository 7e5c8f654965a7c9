package runner

import (
	"socketlabs/labs/telemetry"
)

// journal is where a run's events go: to its recording, then to its readers. It
// has one writer.
type journal struct {
	id      string
	archive *archive
	rec     *recording
	stream  *stream
	seq     uint64
	block   int   // that the events belong to
	err     error // of the first write that failed; nothing is written after it but the end
}

// begin creates the recording and the stream of a run with its first event.
func begin(a *archive, id string, header telemetry.Event) (*journal, error) {
	path, err := a.path(id)
	if err != nil {
		return nil, err
	}
	f := newFrame(1, []telemetry.Event{header})
	rec, err := record(path, f.lines())
	a.wrote(err)
	if err != nil {
		return nil, err
	}
	j := &journal{id: id, archive: a, rec: rec, stream: newStream(), seq: f.to}
	j.stream.append(f, false)
	return j, nil
}

// write appends events as one frame. When they cannot be recorded nobody gets
// them, and the run must end.
func (j *journal) write(events ...telemetry.Event) error {
	if j.err != nil || len(events) == 0 {
		return j.err
	}
	for i := range events {
		events[i].Block = j.block
	}
	f := newFrame(j.seq+1, events)
	err := j.rec.write(f.lines())
	j.archive.wrote(err)
	if err != nil {
		j.err = fails("disk-full", err.Error())
		return j.err
	}
	j.seq = f.to
	j.stream.append(f, false)
	return nil
}

// end writes the last event and closes the recording. Readers get it in any case.
func (j *journal) end(e telemetry.Event) error {
	f := newFrame(j.seq+1, []telemetry.Event{e})
	err := j.rec.write(f.lines())
	if err != nil {
		j.archive.owe(j.id, f.event(0))
	}
	if e := j.rec.close(); err == nil {
		err = e
	}
	if j.err == nil || err != nil {
		j.archive.wrote(err)
	}
	j.stream.append(f, true)
	return err
}
