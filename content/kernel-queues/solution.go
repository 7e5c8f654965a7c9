//go:build ignore

package main

// enter lists the connection and has it watched. Of what cannot be sent yet the
// kernel takes little: the rest stays ours.
func enter(cfd int) {
	conns = append(conns, make([]*conn, max(0, cfd+1-len(conns)))...) // room for it
	m.Open.Inc()
	c := &conn{fd: cfd}
	conns[cfd] = c
	err := os.NewSyscallError("setsockopt", unix.SetsockoptInt(cfd, unix.IPPROTO_TCP, unix.TCP_NOTSENT_LOWAT, 16<<10))
	if err == nil {
		err = watch(c)
	}
	if err != nil {
		leave(c, err)
	}
}
