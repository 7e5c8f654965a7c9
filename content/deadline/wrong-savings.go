//go:build ignore

package main

// progress has each byte buy a millisecond, and a fast start buy any number.
func (d *deadline) progress(n int) {
	if d.budget > 0 {
		d.next = sooner(d.next.Add(time.Duration(n)*time.Millisecond), d.end)
	}
}
