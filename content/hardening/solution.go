//go:build ignore

package main

// tick ends a drain. Once everybody has had a moment to hear that the server
// leaves, and no call is worked on, nobody is waited for: what has arrived is still
// answered. Otherwise the clients have the time that was promised.
func tick(l *loop.Loop, now time.Time) {
	reported.report()
	if leaveBy.IsZero() {
		return
	}
	told := leaveBy.Add(-*drainTime)
	idle := m.Working.Value() == 0 && now.After(told.Add(150*time.Millisecond))
	if !idle && now.Before(leaveBy) {
		return
	}
	if now.After(leaveBy.Add(time.Second)) { // not even the answers are taken
		log.Printf("drain: %d connections are cut", m.Open.Value())
		os.Exit(lab.CutShort)
	}
	l.Each(func(c *loop.Conn) {
		if c.Data == nil {
			c.Data = "hurried"
			m.Cut.Inc()
			c.Hurry()
		}
	})
}
