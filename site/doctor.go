package site

import (
	"bytes"
	"net/http"
	"sync"

	"socketlabs/content"
	"socketlabs/runner"
	"socketlabs/runner/judge"
)

// patients are the runs that were examined lately: a page asks once a second,
// and only what is new is read then.
type patients struct {
	mu   sync.Mutex // guards have
	have map[string]*runner.Patient
}

// maxPatients bounds how many are kept.
const maxPatients = 8

func (p *patients) of(r *runner.Runner, id string) (*runner.Patient, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if known, ok := p.have[id]; ok {
		return known, nil
	}
	patient, err := r.Patient(id)
	if err != nil {
		return nil, err
	}
	if p.have == nil || len(p.have) >= maxPatients {
		p.have = map[string]*runner.Patient{}
	}
	p.have[id] = patient
	return patient, nil
}

func (p *patients) forget(id string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.have, id)
}

// doctor examines a run, so far or to its end.
func (s *Site) doctor(w http.ResponseWriter, r *http.Request) error {
	patient, err := s.patients.of(s.cfg.Runner, r.PathValue("id"))
	if err != nil {
		return err
	}
	x, err := patient.Examine()
	if err != nil {
		return err
	}
	return reply(w, http.StatusOK, x)
}

// authorDoctor examines the author's recording of an experiment.
func (s *Site) authorDoctor(w http.ResponseWriter, r *http.Request) error {
	x, err := s.shelf.edition().book.Find(r.PathValue("lesson") + "/" + r.PathValue("experiment"))
	if err != nil || x.Author == nil {
		return errNotFound
	}
	found, err := examined(x)
	if err != nil {
		return err
	}
	return reply(w, http.StatusOK, found)
}

func examined(x *content.Experiment) (judge.Examination, error) {
	events, err := runner.ReadRecording(bytes.NewReader(x.Author))
	if err != nil {
		return judge.Examination{}, err
	}
	var d judge.Doctor
	for _, e := range events {
		if err := d.Add(e); err != nil {
			return judge.Examination{}, err
		}
	}
	return d.Examine(), nil
}
