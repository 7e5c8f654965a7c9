package main

import "testing"

// Two runs wait while whoever leads holds the measuring up: the bench says so in
// both languages, and they are measured when it goes on.
func TestPageOfARunThatIsHeldUp(t *testing.T) {
	s := serve(t, t.TempDir(), nil)
	p := open(t, s)
	p.enter()
	s.api("POST", "/api/queue/pause", nil, nil)
	first := s.start("epoll", "with-silent", nil)
	for _, at := range []struct{ lang, held, place, lamp string }{
		{"en", "Measuring is paused", "follows the 1 ahead", "paused"},
		{"ko", "측정을 잠시 멈춰 두었습니다", "앞에 있는 실행 1개", "잠시 멈춤"},
	} {
		p.visit("/" + at.lang + "/epoll#fits")
		p.unlock()
		p.click("#ui-go")
		p.until(patience, "the bench says that measuring is paused, and the place", `document.querySelector("#ui-note").innerText.includes(%s) && document.querySelector("#ui-note").innerText.includes(%s)`, at.held, at.place)
		p.until(patience, "the lamp says it too", `document.querySelector("#ui-lamp").innerText.includes(%s)`, at.lamp)
		p.click("#ui-note [data-do=stop]")
		p.until(patience, "the place is given up", `document.querySelector("#ui-lamp").dataset.state === "stopped"`)
	}
	p.click("#ui-go")
	p.until(patience, "it waits", `document.querySelector("#ui-note").innerText.includes("앞에 있는 실행 1개")`)
	s.api("POST", "/api/queue/resume", nil, nil)
	p.until(patience, "it is told that it is in line, and about how long", `document.querySelector("#ui-note").innerText.includes("초쯤 걸립니다")`)
	s.api("POST", "/api/runs/"+first+"/stop", nil, nil)
	p.until(patience, "it is measured", `document.querySelector("#ui-lamp").dataset.state === "running"`)
}
