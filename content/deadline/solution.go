//go:build ignore

package main

// progress is called when n bytes have moved. Each buys a millisecond, counted
// from the deadline and not from now: whoever sends fewer than a thousand bytes a
// second loses time, and nobody saves up more than the budget.
func (d *deadline) progress(n int) {
	const each = time.Millisecond
	if d.budget > 0 {
		d.next = sooner(d.next.Add(time.Duration(n)*each), time.Now().Add(d.budget))
		d.next = sooner(d.next, d.end)
	}
}
