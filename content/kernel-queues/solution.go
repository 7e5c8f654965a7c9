//go:build ignore

package main

// unsent is how many bytes the kernel may hold that it has not sent yet, for each
// connection. What is beyond it stays ours (tcp(7) is silent; Linux 3.12,
// TCP_NOTSENT_LOWAT).
const unsent = 16 << 10

// enter lists the connection and has it watched.
func enter(cfd int) {
	conns = append(conns, make([]*conn, max(0, cfd+1-len(conns)))...) // room for it
	m.Open.Inc()
	c := &conn{fd: cfd}
	conns[cfd] = c
	err := os.NewSyscallError("setsockopt", unix.SetsockoptInt(cfd, unix.IPPROTO_TCP, unix.TCP_NOTSENT_LOWAT, unsent))
	if err == nil {
		err = watch(c)
	}
	if err != nil {
		leave(c, err)
	}
}
