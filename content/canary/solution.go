//go:build ignore

package main

// answer passes a call on. The version is the connection's, and not drawn: its
// place among a hundred is always the same, so that who has the new version at
// five percent keeps it at fifty.
func answer(c *loop.Conn, r rpc.Request) {
	v := old
	if c.FD*61%100 < int(m.Share.Value()) { // 61 has no factor in common with 100: neighbours lie far apart
		v = next
	}
	if kept+len(r.Body) > maxKept || v.conn.Pending() > maxPending {
		m.Refused.Inc()
		c.Send(rpc.AppendBusy(nil, r.ID, 50*time.Millisecond))
		return
	}
	if v == next {
		m.NewCalls.Inc()
	} else {
		m.OldCalls.Inc()
	}
	last++
	calls[last] = call{client: c, id: r.ID, size: len(r.Body), version: v, sent: time.Now()}
	kept += len(r.Body)
	c.Hold()
	r.ID = last
	if v.conn.Closed() {
		reply(v, rpc.Response{ID: last, Status: rpc.Failed})
		return
	}
	v.conn.Send(rpc.AppendRequest(nil, r))
}
