// Gnet is an echo server on gnet, with one event loop.
package main

import (
	"log"
	"os"

	"github.com/panjf2000/gnet/v2"
)

type echo struct{ gnet.BuiltinEventEngine }

func (*echo) OnTraffic(c gnet.Conn) gnet.Action {
	data, _ := c.Next(-1)
	c.Write(data)
	return gnet.None
}

func main() {
	log.Fatal(gnet.Run(&echo{}, "tcp://"+os.Getenv("LABS_ADDR"), gnet.WithNumEventLoop(1), gnet.WithTCPNoDelay(gnet.TCPNoDelay)))
}
