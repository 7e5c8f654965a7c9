//go:build ignore

package main

// once has no TIME_WAIT, because it has no ending: RST throws away what either
// side has not read yet.
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
	// close(2) now sends RST and no FIN (socket(7), SO_LINGER).
	if err = unix.SetsockoptLinger(client, unix.SOL_SOCKET, unix.SO_LINGER, &unix.Linger{Onoff: 1}); err != nil {
		log.Print(err)
	}
	unix.Close(client)
	unix.Close(server)
	return nil
}
