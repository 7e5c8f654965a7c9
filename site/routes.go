package site

import (
	"errors"
	"net/http"
	"strings"
)

// languages that the workbook speaks; the first is for those who ask for neither.
var languages = [...]string{"ko", "en"}

// route is one line of what the site answers.
type route struct {
	pattern string // of http.ServeMux; /{lang}/ stands for each language
	needs   need
	serve   func(*Site, http.ResponseWriter, *http.Request) error
}

// routes is everything that the site answers. Of a workshop's learner, a route takes
// requests only if it is marked learner; where it names a run, only of their own. The
// owner's alone are: what follows files while they are edited (only so many can), what
// this machine's tools look at (verify, traces), what comes from outside (recordings),
// code (exercises), and what the site says of itself (metrics).
func routes() []route {
	return []route{
		{"GET /{$}", person | learner, (*Site).front},
		{"GET /{lang}/{$}", person | book | learner, (*Site).home},
		{"GET /{lang}/{lesson}", person | book | learner, (*Site).lesson},
		{"GET /{lang}/labs", person | book | learner, (*Site).labsPage},
		{"GET /{lang}/mystery", person | learner, (*Site).mysteryPage},
		{"GET /{lang}/microscope", person, (*Site).microscopePage},
		{"GET /{lang}/capacity", person | learner, (*Site).capacityPage},
		{"GET /{lang}/tree", person | learner, (*Site).tree},
		{"GET /{lang}/glossary", person | book | learner, (*Site).glossary},
		{"GET /{lang}/errors-map", person | learner, (*Site).errorMapPage},
		{"GET /{lang}/checklist", person | learner, (*Site).checklistPage},
		{"GET /{lang}/harden", person | learner, (*Site).hardeningPage},
		{"GET /{lang}/book", person | book | learner, (*Site).bookPage},
		{"GET /{lang}/search", person | book | learner, (*Site).searchPage},
		{"GET /{lang}/runs", person | learner, (*Site).runsPage},
		{"GET /{lang}/runs/{id}", person | learner, (*Site).runPage},
		{"GET /join", person | open, (*Site).joinFront},
		{"GET /{lang}/join", person | open, (*Site).joinPage},
		{"POST /{lang}/join", person | open | command, (*Site).join},
		{"POST /{lang}/resume", person | open | command, (*Site).resume},
		{"GET /{lang}/me", person | learner, (*Site).mePage},
		{"POST /{lang}/me/name", person | command | learner, (*Site).renameMe},
		{"POST /{lang}/me/code", person | command | learner, (*Site).renewMe},
		{"POST /{lang}/me/delete", person | command | learner, (*Site).deleteMe},
		{"GET /{lang}/wall", person, (*Site).wallPage},
		{"GET /{lang}/wall/{person}", person, (*Site).watchPage},
		{"GET /{lang}/workshop", person, (*Site).workshopPage},
		{"GET /{lang}/workshop/notes/{lesson}", person, (*Site).notesPage},
		{"GET /{lang}/workshop/plans/{plan}", person, (*Site).planPage},
		{"GET /{lang}/workshop/report", person, (*Site).reportPage},
		{"POST /{lang}/workshop/door", person | command, (*Site).door},
		{"POST /{lang}/workshop/people/{person}", person | command, (*Site).changePerson},
		{"POST /{lang}/workshop/rehearsal", person | command, (*Site).endRehearsal},
		{"GET /static/{path...}", open, (*Site).static},
		{"/", person | learner, (*Site).nowhere},

		{"GET /api/lessons/{lesson}", learner, (*Site).lessonData},
		{"GET /api/lessons/{lesson}/shown", learner, (*Site).shownValues},
		{"GET /api/lessons/{lesson}/events", socket, (*Site).changes},
		{"GET /api/search", learner, (*Site).search},
		{"GET /api/labs/{lab}", learner, (*Site).lab},
		{"GET /api/status", learner, (*Site).status},

		{"POST /api/runs", command | learner, (*Site).start},
		{"POST /api/comparisons", command | learner, (*Site).compare},
		{"GET /api/queue", learner, (*Site).queue},
		{"POST /api/queue/pause", command, (*Site).pauseQueue},
		{"POST /api/queue/resume", command, (*Site).resumeQueue},
		{"POST /api/runs/stop-all", command, (*Site).stopAll},
		{"POST /api/runs/{id}/first", command, (*Site).first},
		{"GET /api/runs", learner, (*Site).runs},
		{"GET /api/runs/{id}", learner, (*Site).run},
		{"POST /api/runs/{id}/stop", command | learner, (*Site).stop},
		{"POST /api/runs/{id}/faults", command | learner, (*Site).suffer},
		{"DELETE /api/runs/{id}/faults/{fault}", command | learner, (*Site).relieve},
		{"DELETE /api/runs/{id}", command | learner, (*Site).remove},
		{"POST /api/recordings", command | upload, (*Site).takeRecording},
		{"PUT /api/runs/{id}/name", command | learner, (*Site).nameRun},
		{"GET /api/runs/{id}/notes", learner, (*Site).notes},
		{"POST /api/runs/{id}/notes", command | learner, (*Site).addNote},
		{"PUT /api/runs/{id}/notes/{note}", command | learner, (*Site).setNote},
		{"DELETE /api/runs/{id}/notes/{note}", command | learner, (*Site).removeNote},
		{"GET /api/runs/{id}/export/{as}", learner, (*Site).exportRun},
		{"POST /api/sweeps", command | learner, (*Site).startSweep},
		{"GET /api/sweeps", learner, (*Site).sweeps},
		{"GET /api/runs/{id}/capacity", learner, (*Site).capacity},
		{"GET /api/runs/{id}/series", learner, (*Site).runSeries},
		{"GET /api/runs/{id}/over/{other}", learner, (*Site).overlay},
		{"GET /api/runs/{id}/events", socket | learner, (*Site).events},
		{"GET /api/runs/{id}/doctor", learner, (*Site).doctor},
		{"GET /api/runs/{id}/log", learner, (*Site).logText},
		{"GET /api/runs/{id}/recording", learner, (*Site).recording},
		{"GET /api/experiments/{lesson}/{experiment}/author/series", book | learner, (*Site).authorSeries},
		{"GET /api/experiments/{lesson}/{experiment}/author/capacity", book | learner, (*Site).authorCapacity},
		{"GET /api/experiments/{lesson}/{experiment}/author/doctor", book | learner, (*Site).authorDoctor},

		{"GET /api/wall/events", socket, (*Site).wallEvents},
		{"POST /api/wall/proposals", command, (*Site).propose},
		{"DELETE /api/wall/proposals/{person}", command, (*Site).withdraw},
		{"PUT /api/class/proposal", command | learner, (*Site).answerProposal},
		{"GET /api/class/events", socket | learner, (*Site).classEvents},
		{"PUT /api/class/here", command, (*Site).putHere},
		{"DELETE /api/class/here", command, (*Site).removeHere},
		{"PUT /api/class/gate", command, (*Site).putGate},
		{"PUT /api/class/hints/{lesson}", command, (*Site).putHints},
		{"POST /api/class/notes", command, (*Site).broadcast},
		{"POST /api/class/votes", command, (*Site).beginVote},
		{"POST /api/class/votes/{vote}/{step}", command, (*Site).stepVote},
		{"PUT /api/class/votes/{vote}/answer", command | learner, (*Site).putVote},
		{"GET /api/class/results/{lesson}/{experiment}/{prediction}", 0, (*Site).results},
		{"GET /api/class/report.html", 0, (*Site).reportFile},
		{"GET /api/class/report.csv", 0, (*Site).reportCSV},
		{"GET /api/class/report.jsonl", 0, (*Site).reportLines},
		{"GET /api/me/recordings", learner, (*Site).takeHome},
		{"PUT /api/class/follow", command | learner, (*Site).putFollow},
		{"PUT /api/class/hand", command | learner, (*Site).raiseHand},
		{"DELETE /api/class/hand", command | learner, (*Site).lowerHand},
		{"POST /api/class/hands/{person}/answer", command, (*Site).answerHand},
		{"DELETE /api/class/hands/{person}", command, (*Site).dismissHand},
		{"POST /api/class/start", command, (*Site).startForAll},

		{"GET /api/hardening/{file}", learner, (*Site).hardeningFile},
		{"POST /api/hardening/verify", command, (*Site).verifyHardening},

		{"POST /api/mysteries/{seed}/answer", command | learner, (*Site).answerMystery},

		{"POST /api/traces", command, (*Site).startTrace},
		{"GET /api/traces", 0, (*Site).traces},
		{"GET /api/traces/{id}", 0, (*Site).trace},
		{"POST /api/traces/{id}/stop", command, (*Site).stopTrace},

		{"GET /api/lessons/{lesson}/breakit", book | learner, (*Site).breakData},
		{"GET /api/exercises/{lesson}", owner, (*Site).exercise},
		{"PUT /api/exercises/{lesson}", command | owner, (*Site).putExercise},
		{"DELETE /api/exercises/{lesson}", command | owner, (*Site).resetExercise},
		{"PUT /api/exercises/{lesson}/help", command | learner, (*Site).putHelp},

		{"GET /api/progress", learner, (*Site).progressData},
		{"PUT /api/progress/place", command | learner, (*Site).putPlace},
		{"PUT /api/progress/guesses/{lesson}/{experiment}/{prediction}", command | learner, (*Site).putGuess},
		{"/api/", learner, (*Site).nowhere},

		{"GET /livez", open, (*Site).livez},
		{"GET /readyz", open, (*Site).readyz},
		{"GET /healthz", open, (*Site).healthz},
		{"GET /metrics", 0, (*Site).metrics},
	}
}

// patterns returns the route's patterns, one for each language.
func (rt route) patterns() []string {
	if !strings.Contains(rt.pattern, "/{lang}/") {
		return []string{rt.pattern}
	}
	var list []string
	for _, l := range languages {
		list = append(list, strings.Replace(rt.pattern, "{lang}", l, 1))
	}
	return list
}

// Handler returns the whole site.
func (s *Site) Handler() http.Handler {
	mux := http.NewServeMux()
	for _, rt := range routes() {
		for _, p := range rt.patterns() {
			mux.Handle(p, s.guarded(rt))
		}
	}
	return s.outer(mux)
}

// outer is around everything, also around what http.ServeMux answers itself.
func (s *Site) outer(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a := &answer{ResponseWriter: w}
		defer s.seen(a, r)()
		secure(a.Header())
		if s.ending.Err() != nil { // the client's next request finds who is there then
			a.Header().Set("Connection", "close")
		}
		if !s.hostAllowed(r) {
			s.fail(a, r, 0, errHost)
			return
		}
		next.ServeHTTP(a, r)
	})
}

// guarded is one route behind what it needs.
func (s *Site) guarded(rt route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, rt.needs.body())
		v := s.who(r)
		r = v.as(r)
		var err error
		switch {
		case rt.needs&person != 0 && r.Method == http.MethodGet && r.URL.Query().Has("token"):
			err = s.enter(w, r)
		default:
			if err = s.admit(r, v, rt); err == nil {
				err = rt.serve(s, w, r)
			}
		}
		switch {
		case err == nil:
		case errors.Is(err, errNoToken) && s.invites(r, rt.needs):
			http.Redirect(w, r, "/"+language(r)+"/join", http.StatusSeeOther)
		case errors.Is(err, errCut):
			if r.Context().Err() == nil {
				s.log.Error("site", "path", r.URL.Path, "error", err)
			}
			panic(http.ErrAbortHandler) // who still reads is not to take it for the whole
		default:
			s.fail(w, r, rt.needs, err)
		}
	})
}

// nowhere answers what no route does.
func (s *Site) nowhere(w http.ResponseWriter, r *http.Request) error { return errNotFound }
