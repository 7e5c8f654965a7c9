//go:build ignore

package main

// work does what the call asks for, and then notes it in a row of the table. The
// lock guards the row, so it is held for the row and no longer: whoever waits
// for it waits for an addition, not for somebody's work.
func work(j job, p *place) (took time.Duration, status rpc.Status) {
	began := time.Now()
	if err := p.perform(rpc.WorkTime(j.body)); err != nil {
		log.Print(err)
		return time.Since(began), rpc.Failed
	}
	if len(locks) > 0 {
		row := (j.id + uint32(j.c.FD)<<20) * 0x9E3779B1 >> 20 // any of the rows: 12 bits
		guard := &locks[row%uint32(len(locks))]
		if wanted := time.Now(); !guard.TryLock() {
			m.Contended.Inc()
			guard.Lock()
			m.LockWait.Add(int(time.Since(wanted).Microseconds()))
		}
		count(row)
		guard.Unlock()
	}
	m.Worked.Inc()
	return time.Since(began), rpc.OK
}
