//go:build ignore

package main

// work does what the call asks for, to a row of the table. The lock guards the
// table and nothing else: it is given back before the work, which touches none of
// its rows.
func work(j job, p *place) (took time.Duration, status rpc.Status) {
	began := time.Now()
	if len(locks) > 0 {
		row := (j.id + uint32(j.c.FD)<<20) * 0x9E3779B1 >> 20 // any of the rows: 12 bits
		guard := &locks[row%uint32(len(locks))]
		if !guard.TryLock() {
			m.Contended.Inc()
			guard.Lock()
			m.LockWait.Add(int(time.Since(began).Microseconds()))
		}
		count(row)
		guard.Unlock()
	}
	if err := p.perform(rpc.WorkTime(j.body)); err != nil {
		log.Print(err)
		return time.Since(began), rpc.Failed
	}
	m.Worked.Inc()
	return time.Since(began), rpc.OK
}
