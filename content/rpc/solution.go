//go:build ignore

package main

// perform does the work of a call, if it can be done in time: with less left than
// the work and the way back need, a worker would be busy for nobody.
func perform(k *call) (status uint16) {
	var d time.Duration
	if len(k.body) >= 4 {
		d = min(time.Duration(binary.BigEndian.Uint32(k.body))*time.Microsecond, time.Second)
	}
	if *honour && !k.due.IsZero() && time.Until(k.due) < d+d/2 {
		m.Expired.Inc()
		return timeout
	}
	sleep(d)
	if !k.due.IsZero() && time.Now().After(k.due) {
		m.Late.Inc() // done for nobody
		return timeout
	}
	return ok
}
