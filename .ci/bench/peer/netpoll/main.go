// Netpoll is an echo server on netpoll, with one poller.
package main

import (
	"context"
	"log"
	"os"

	"github.com/cloudwego/netpoll"
)

func main() {
	if err := netpoll.Configure(netpoll.Config{PollerNum: 1}); err != nil {
		log.Fatal(err)
	}
	l, err := netpoll.CreateListener("tcp", os.Getenv("LABS_ADDR"))
	if err != nil {
		log.Fatal(err)
	}
	loop, err := netpoll.NewEventLoop(echo)
	if err != nil {
		log.Fatal(err)
	}
	log.Fatal(loop.Serve(l))
}

func echo(_ context.Context, c netpoll.Connection) error {
	in, out := c.Reader(), c.Writer()
	data, err := in.Next(in.Len())
	if err != nil {
		return err
	}
	room, err := out.Malloc(len(data))
	if err != nil {
		return err
	}
	copy(room, data)
	in.Release()
	return out.Flush()
}
