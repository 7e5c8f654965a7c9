package site

import (
	"net/http"

	"socketlabs/runner"
)

// suffer switches a fault of a running run on, from now on.
func (s *Site) suffer(w http.ResponseWriter, r *http.Request) error {
	var x extra
	if err := decode(r, &x); err != nil {
		return err
	}
	run, err := s.carried(r.PathValue("id"))
	if err != nil {
		return err
	}
	f, err := x.fault(run.Seconds())
	if err == nil {
		err = s.cappedFault(s.visitor(r), f)
	}
	if err != nil {
		return err
	}
	id, err := run.Suffer(f)
	switch {
	case err == nil:
		return reply(w, http.StatusCreated, map[string]string{"id": id})
	case told(err).status == http.StatusInternalServerError:
		return x.refused(err)
	}
	return err
}

// relieve switches a fault off.
func (s *Site) relieve(w http.ResponseWriter, r *http.Request) error {
	run, err := s.carried(r.PathValue("id"))
	if err == nil {
		err = run.Relieve(r.PathValue("fault"))
	}
	if err == nil {
		w.WriteHeader(http.StatusNoContent)
	}
	return err
}

// carried returns a run that this process carries.
func (s *Site) carried(id string) (*runner.Run, error) {
	if run, ok := s.cfg.Runner.Live(id); ok {
		return run, s.unsealed(id)
	}
	sum, err := s.cfg.Runner.Summary(id)
	switch {
	case err != nil:
		return nil, err
	case !sum.Phase.Over():
		return nil, errElsewhere
	}
	return nil, runner.ErrNotMeasuring
}
