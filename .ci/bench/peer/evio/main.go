// Evio is an echo server on evio, with one event loop.
package main

import (
	"log"
	"os"

	"github.com/tidwall/evio"
)

func main() {
	log.Fatal(evio.Serve(evio.Events{
		NumLoops: 1,
		Data:     func(_ evio.Conn, in []byte) ([]byte, evio.Action) { return in, evio.None },
	}, "tcp://"+os.Getenv("LABS_ADDR")))
}
