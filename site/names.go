package site

import (
	"fmt"
	"net/http"
)

// nameless says whether names are hidden for the projector. The wall's button keeps it in
// the browser, so that every page of the instructor's is made without names from its first
// byte on.
func nameless(r *http.Request) bool {
	c, err := r.Cookie("names")
	return err == nil && c.Value == "hidden"
}

// numbers are the people of the class in the order of joining, from 1, by id. Who was
// removed keeps their number, so that nobody else's changes.
func (s *Site) numbers() map[string]int {
	n := map[string]int{}
	if s.cfg.Class != nil {
		for i, p := range s.cfg.Class.People() {
			n[p.ID] = i + 1
		}
	}
	return n
}

// alias is what somebody is called while names are hidden, on the wall and everywhere else.
func alias(lang string, number int) string {
	return Said(lang, "seat.n", "n", fmt.Sprint(number))
}
