//go:build ignore

package main

// work holds the lock for the row alone, but counts its own work as waiting.
func work(j job, p *place) (took time.Duration, status rpc.Status) {
	began := time.Now()
	if err := p.perform(rpc.WorkTime(j.body)); err != nil {
		log.Print(err)
		return time.Since(began), rpc.Failed
	}
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
	m.Worked.Inc()
	return time.Since(began), rpc.OK
}
