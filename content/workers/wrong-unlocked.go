//go:build ignore

package main

// work leaves the lock out: nobody waits, and two threads may count one row at once.
func work(j job, p *place) (took time.Duration, status rpc.Status) {
	began := time.Now()
	if len(locks) > 0 {
		row := (j.id + uint32(j.c.FD)<<20) * 0x9E3779B1 >> 20 // any of the rows: 12 bits
		count(row)
	}
	if err := p.perform(rpc.WorkTime(j.body)); err != nil {
		log.Print(err)
		return time.Since(began), rpc.Failed
	}
	m.Worked.Inc()
	return time.Since(began), rpc.OK
}
