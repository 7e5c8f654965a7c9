//go:build linux

package main

import (
	"log"
	"net/netip"
	"time"

	"golang.org/x/sys/unix"

	"socketlabs/labs/internal/sock"
)

// pause is between two connections that dial makes.
const pause = 10 * time.Millisecond

// dial connects to a listener of its own, again and again, until SIGTERM. Its
// address is not the one that connect(2) takes for us, 127.0.0.1: with the same
// port, a socket would be connected to itself.
func dial(quit int) {
	lfd, err := sock.Listen(netip.MustParseAddrPort("127.0.0.2:0"), 1)
	for err == nil && sleep(pause, quit) {
		switch err = once(lfd); err {
		case nil:
			m.Connects.Inc()
		case unix.EADDRNOTAVAIL: // each of our ports is taken for that peer
			m.Eaddrnotavail.Inc()
			err = nil
		case unix.EINTR: // that attempt is given up
			m.Interrupted.Inc()
			err = nil
		}
	}
	if err != nil {
		log.Print("connect out: ", err)
	}
	unix.Close(lfd)
}

// once opens a connection from one of our ports and closes both its ends. The
// end that closes first keeps the pair of addresses in TIME_WAIT.
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
	first, second := client, server
	if *firstClose == "server" {
		first, second = server, client
	}
	unix.Close(first)
	unix.Read(second, make([]byte, 1)) // FIN
	unix.Close(second)
	return nil
}
