//go:build ignore

package main

// once opens a connection from one of our ports and closes both its ends. The
// server's end closes first, so that the clock of TIME_WAIT is the server's: the
// client's port is free again at once, for the next connection to the same peer.
func once(lfd int) error {
	to, err := unix.Getsockname(lfd)
	if err != nil {
		return err
	}
	client, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	if err = sock.LimitPorts(client, *ports); err == nil {
		err = unix.Connect(client, to)
	}
	if err != nil {
		unix.Close(client)
		return err
	}
	server, _, err := unix.Accept4(lfd, unix.SOCK_CLOEXEC)
	if err != nil {
		unix.Close(client)
		return err
	}
	unix.Close(server)
	unix.Read(client, make([]byte, 1)) // its FIN: now the client closes second
	unix.Close(client)
	return nil
}
