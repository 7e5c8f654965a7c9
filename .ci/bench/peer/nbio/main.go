// Nbio is an echo server on nbio, with one poller.
package main

import (
	"log"
	"os"

	"github.com/lesismal/nbio"
)

func main() {
	engine := nbio.NewEngine(nbio.Config{Network: "tcp", Addrs: []string{os.Getenv("LABS_ADDR")}, NPoller: 1})
	engine.OnData(func(c *nbio.Conn, data []byte) { c.Write(data) })
	if err := engine.Start(); err != nil {
		log.Fatal(err)
	}
	select {}
}
