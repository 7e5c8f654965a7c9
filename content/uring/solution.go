//go:build ignore

package main

// gather has the next enter wait for as many completions as this one brought.
// Clients that wait for their answers send that many again, so the wait is not
// in vain; and when fewer come, it is so once.
func (r *ring) gather(brought, most int) {
	if r.linger > 0 {
		r.batch = min(max(brought, 1), most)
	}
}
