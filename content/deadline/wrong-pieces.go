//go:build ignore

package main

// progress lets large pieces move the deadline, however seldom they come.
func (d *deadline) progress(n int) {
	if d.budget > 0 && n >= 100 {
		d.next = sooner(time.Now().Add(d.budget), d.end)
	}
}
