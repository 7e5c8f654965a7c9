package site

import (
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

// routes is everything that the site answers.
func routes() []route {
	return []route{
		{"GET /{$}", person, (*Site).front},
		{"GET /{lang}/{$}", person | book, (*Site).home},
		{"GET /{lang}/{lesson}", person | book, (*Site).lesson},
		{"GET /{lang}/labs", person | book, (*Site).labsPage},
		{"GET /{lang}/mystery", person, (*Site).mysteryPage},
		{"GET /{lang}/microscope", person, (*Site).microscopePage},
		{"GET /{lang}/capacity", person, (*Site).capacityPage},
		{"GET /{lang}/tree", person, (*Site).tree},
		{"GET /{lang}/glossary", person | book, (*Site).glossary},
		{"GET /{lang}/errors-map", person, (*Site).errorMapPage},
		{"GET /{lang}/checklist", person, (*Site).checklistPage},
		{"GET /{lang}/harden", person, (*Site).hardeningPage},
		{"GET /{lang}/book", person | book, (*Site).bookPage},
		{"GET /{lang}/search", person | book, (*Site).searchPage},
		{"GET /{lang}/runs", person, (*Site).runsPage},
		{"GET /{lang}/runs/{id}", person, (*Site).runPage},
		{"GET /static/{path...}", open, (*Site).static},
		{"/", person, (*Site).nowhere},

		{"GET /api/lessons/{lesson}", 0, (*Site).lessonData},
		{"GET /api/lessons/{lesson}/shown", 0, (*Site).shownValues},
		{"GET /api/lessons/{lesson}/events", socket, (*Site).changes},
		{"GET /api/search", 0, (*Site).search},
		{"GET /api/labs/{lab}", 0, (*Site).lab},
		{"GET /api/status", 0, (*Site).status},

		{"POST /api/runs", command, (*Site).start},
		{"POST /api/comparisons", command, (*Site).compare},
		{"GET /api/queue", 0, (*Site).queue},
		{"POST /api/queue/pause", command, (*Site).pauseQueue},
		{"POST /api/queue/resume", command, (*Site).resumeQueue},
		{"POST /api/runs/stop-all", command, (*Site).stopAll},
		{"POST /api/runs/{id}/first", command, (*Site).first},
		{"GET /api/runs", 0, (*Site).runs},
		{"GET /api/runs/{id}", 0, (*Site).run},
		{"POST /api/runs/{id}/stop", command, (*Site).stop},
		{"POST /api/runs/{id}/faults", command, (*Site).suffer},
		{"DELETE /api/runs/{id}/faults/{fault}", command, (*Site).relieve},
		{"DELETE /api/runs/{id}", command, (*Site).remove},
		{"POST /api/recordings", command | upload, (*Site).takeRecording},
		{"PUT /api/runs/{id}/name", command, (*Site).nameRun},
		{"GET /api/runs/{id}/notes", 0, (*Site).notes},
		{"POST /api/runs/{id}/notes", command, (*Site).addNote},
		{"PUT /api/runs/{id}/notes/{note}", command, (*Site).setNote},
		{"DELETE /api/runs/{id}/notes/{note}", command, (*Site).removeNote},
		{"GET /api/runs/{id}/export/{as}", 0, (*Site).exportRun},
		{"POST /api/sweeps", command, (*Site).startSweep},
		{"GET /api/sweeps", 0, (*Site).sweeps},
		{"GET /api/runs/{id}/capacity", 0, (*Site).capacity},
		{"GET /api/runs/{id}/series", 0, (*Site).runSeries},
		{"GET /api/runs/{id}/over/{other}", 0, (*Site).overlay},
		{"GET /api/runs/{id}/events", socket, (*Site).events},
		{"GET /api/runs/{id}/doctor", 0, (*Site).doctor},
		{"GET /api/runs/{id}/log", 0, (*Site).logText},
		{"GET /api/runs/{id}/recording", 0, (*Site).recording},
		{"GET /api/experiments/{lesson}/{experiment}/author/series", book, (*Site).authorSeries},
		{"GET /api/experiments/{lesson}/{experiment}/author/capacity", book, (*Site).authorCapacity},
		{"GET /api/experiments/{lesson}/{experiment}/author/doctor", book, (*Site).authorDoctor},

		{"GET /api/hardening/{file}", 0, (*Site).hardeningFile},
		{"POST /api/hardening/verify", command, (*Site).verifyHardening},

		{"POST /api/mysteries/{seed}/answer", command, (*Site).answerMystery},

		{"POST /api/traces", command, (*Site).startTrace},
		{"GET /api/traces/{id}", 0, (*Site).trace},
		{"POST /api/traces/{id}/stop", command, (*Site).stopTrace},

		{"GET /api/lessons/{lesson}/breakit", book, (*Site).breakData},
		{"GET /api/exercises/{lesson}", owner, (*Site).exercise},
		{"PUT /api/exercises/{lesson}", command | owner, (*Site).putExercise},
		{"DELETE /api/exercises/{lesson}", command | owner, (*Site).resetExercise},
		{"PUT /api/exercises/{lesson}/help", command, (*Site).putHelp},

		{"GET /api/progress", 0, (*Site).progressData},
		{"PUT /api/progress/place", command, (*Site).putPlace},
		{"PUT /api/progress/guesses/{lesson}/{experiment}/{prediction}", command, (*Site).putGuess},
		{"/api/", 0, (*Site).nowhere},

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
		var err error
		switch {
		case rt.needs&person != 0 && r.Method == http.MethodGet && r.URL.Query().Has("token"):
			err = s.enter(w, r)
		default:
			if err = s.admit(r, rt.needs); err == nil {
				err = rt.serve(s, w, r)
			}
		}
		if err != nil {
			s.fail(w, r, rt.needs, err)
		}
	})
}

// nowhere answers what no route does.
func (s *Site) nowhere(w http.ResponseWriter, r *http.Request) error { return errNotFound }
