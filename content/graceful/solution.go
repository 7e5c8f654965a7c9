//go:build ignore

package main

// stop is called when the queue is taken and the listener closed. The clients are
// told one after the other, spread over most of the time that they have, so that
// they do not all come to the next server at once.
func stop(l *loop.Loop) {
	if !*polite {
		reported.report()
		os.Exit(0) // what SIGTERM does by itself
	}
	goAway := rpc.Append(nil, 0, rpc.GoAway, nil)
	each := *drainTime * 3 / 4 / time.Duration(max(1, m.Open.Value()))
	var wait time.Duration
	l.Each(func(c *loop.Conn) {
		time.AfterFunc(wait, func() {
			c.Post(func() { // a connection belongs to the loop's thread
				if !c.Closed() {
					m.GoAways.Inc()
					c.Send(goAway)
				}
			})
		})
		wait += each
	})
	leaveBy = time.Now().Add(*drainTime)
}
