//go:build ignore

package main

// once takes as many ports as there are, where the exercise has ten.
func once(lfd int) error {
	to, err := unix.Getsockname(lfd)
	if err != nil {
		return err
	}
	client, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	if err = unix.Connect(client, to); err != nil {
		unix.Close(client)
		return err
	}
	server, _, err := unix.Accept4(lfd, unix.SOCK_CLOEXEC)
	if err != nil {
		unix.Close(client)
		return err
	}
	first, second := client, server
	if *firstClose == "server" {
		first, second = server, client
	}
	unix.Close(first)
	unix.Read(second, make([]byte, 1)) // FIN
	unix.Close(second)
	return nil
}
