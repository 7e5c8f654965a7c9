//go:build ignore

package main

// enter lets the connection in. When there is no room, the one that has made no
// call for the longest time has to go, however short that is.
func enter(c *loop.Conn) {
	s := &state{addr: peer(c.FD), latest: time.Now()}
	c.Data = s
	if quiet.Len() >= *most {
		idlest := quiet.Front().Value.(*loop.Conn)
		other := idlest.Data.(*state)
		goAway := rpc.Append(nil, 0, rpc.GoAway, nil)
		m.IdleClosed.Inc()
		forget(other)
		idlest.Send(goAway)
		idlest.Finish()
	}
	s.quiet = quiet.PushBack(c)
	m.Served.Set(quiet.Len())
}
