package site

import (
	"errors"
	"net/http"
	"strconv"
	"strings"

	"socketlabs/content"
	"socketlabs/labs/telemetry"
	"socketlabs/runner"
)

// nameRun gives a run a name.
func (s *Site) nameRun(w http.ResponseWriter, r *http.Request) error {
	var body struct {
		Name string `json:"name"`
	}
	if err := decode(r, &body); err != nil {
		return err
	}
	if err := s.cfg.Runner.Name(r.PathValue("id"), body.Name); err != nil {
		return explained(err)
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// notes are what is written about a run.
func (s *Site) notes(w http.ResponseWriter, r *http.Request) error {
	n, err := s.cfg.Runner.Notes(r.PathValue("id"))
	if err != nil {
		return err
	}
	n.Notes = list(n.Notes)
	return reply(w, http.StatusOK, map[string]any{"name": n.Name, "notes": n.Notes, "imported": n.Imported})
}

// noted reads a note; its id is in the address.
func noted(r *http.Request) (telemetry.Note, error) {
	var body struct {
		T     float64 `json:"t"`
		To    float64 `json:"to"`
		Block int     `json:"block"`
		Chart string  `json:"chart"`
		Text  string  `json:"text"`
	}
	err := decode(r, &body)
	return telemetry.Note{T: body.T, To: body.To, Block: body.Block, Chart: body.Chart, Text: body.Text}, err
}

// addNote writes a note about a run.
func (s *Site) addNote(w http.ResponseWriter, r *http.Request) error {
	n, err := noted(r)
	if err != nil {
		return err
	}
	sum, err := s.cfg.Runner.Summary(r.PathValue("id"))
	if err != nil {
		return err
	}
	if !s.visitor(r).learns() && asker(sum) != "" {
		n.By = telemetry.ByInstructor
	}
	if n, err = s.cfg.Runner.AddNote(sum.ID, n); err != nil {
		return explained(err)
	}
	return reply(w, http.StatusCreated, n)
}

// setNote changes one.
func (s *Site) setNote(w http.ResponseWriter, r *http.Request) error {
	n, err := noted(r)
	if err != nil {
		return err
	}
	if n.ID, err = strconv.Atoi(r.PathValue("note")); err != nil {
		return errNotFound
	}
	if n.By, err = s.author(r.PathValue("id"), n.ID); err != nil {
		return err
	}
	if s.visitor(r).learns() && n.By != "" { // they may delete it, and not put words into it
		return errInstructor
	}
	if err := s.cfg.Runner.SetNote(r.PathValue("id"), n); err != nil {
		return explained(err)
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// author is who wrote a note: empty, or telemetry.ByInstructor.
func (s *Site) author(run string, note int) (string, error) {
	n, err := s.cfg.Runner.Notes(run)
	if err != nil {
		return "", err
	}
	for _, other := range n.Notes {
		if other.ID == note {
			return other.By, nil
		}
	}
	return "", runner.ErrNoNote
}

// removeNote deletes one.
func (s *Site) removeNote(w http.ResponseWriter, r *http.Request) error {
	note, err := strconv.Atoi(r.PathValue("note"))
	if err != nil {
		return errNotFound
	}
	if err := s.cfg.Runner.RemoveNote(r.PathValue("id"), note); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// takeRecording imports the recording that is the request's body.
func (s *Site) takeRecording(w http.ResponseWriter, r *http.Request) error {
	sum, err := s.cfg.Runner.Import(r.Body)
	if err != nil {
		return explained(err)
	}
	w.Header().Set("Location", "/api/runs/"+sum.ID)
	return reply(w, http.StatusCreated, sum)
}

// explained adds to an error's words what exactly was not allowed.
func explained(err error) error {
	for _, known := range []error{telemetry.ErrNote, runner.ErrRecording} {
		if errors.Is(err, known) {
			detail := telemetry.Visible(strings.TrimPrefix(err.Error(), known.Error()+": "))
			lead := map[error]content.Text{
				telemetry.ErrNote:   {Ko: "쓸 수 없는 이름이나 메모입니다. ", En: "That name or note cannot be kept. "},
				runner.ErrRecording: {Ko: "소켓 실험실의 기록 파일이 아니거나 온전하지 않습니다. 내보내기의 ‘기록과 메모 (.jsonl.gz)’를 다시 받아 고르세요. 읽다가 막힌 곳: ", En: "That is not a complete recording of Socket Labs. Export it again as “recording with notes (.jsonl.gz)” and choose that file. Where reading stopped: "},
			}[known]
			return &refusal{err: err, text: content.Text{Ko: lead.Ko + detail, En: lead.En + detail}}
		}
	}
	return err
}
