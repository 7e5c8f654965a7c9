// Client is the closed loop of c/client.c as a Go program writes it: a goroutine
// for each connection, on the net package.
//
//	client ADDR CONNECTIONS DEPTH SECONDS
package main

import (
	"bytes"
	"fmt"
	"io"
	"log"
	"net"
	"os"
	"strconv"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

const size = 64

var requests atomic.Int64

func main() {
	connections, _ := strconv.Atoi(os.Args[2])
	depth, _ := strconv.Atoi(os.Args[3])
	seconds, _ := strconv.ParseFloat(os.Args[4], 64)
	conns := make([]net.Conn, connections)
	for i := range conns {
		c, err := net.Dial("tcp", os.Args[1])
		if err != nil {
			log.Fatal(err)
		}
		conns[i] = c
	}
	for _, c := range conns {
		go run(c, depth)
	}
	span := time.Duration(seconds * float64(time.Second))
	time.Sleep(span / 4) // to warm up
	n, cpu := requests.Load(), used()
	time.Sleep(span)
	fmt.Printf("%d %.6f\n", requests.Load()-n, used()-cpu)
}

func run(c net.Conn, depth int) {
	out := make([]byte, size*depth)
	for i := range out {
		out[i] = byte(i%size*37 + 1)
	}
	in := make([]byte, len(out))
	if _, err := c.Write(out); err != nil {
		log.Fatal(err)
	}
	for {
		n, err := io.ReadAtLeast(c, in, size)
		if err != nil {
			log.Fatal(err)
		}
		rest := n % size
		if rest > 0 {
			if _, err := io.ReadFull(c, in[n:n+size-rest]); err != nil {
				log.Fatal(err)
			}
			n += size - rest
		}
		if !bytes.Equal(in[:n], out[:n]) {
			log.Fatal("wrong byte")
		}
		requests.Add(int64(n / size))
		if _, err := c.Write(out[:n]); err != nil {
			log.Fatal(err)
		}
	}
}

// used is the CPU time of this process, in seconds.
func used() float64 {
	var ts unix.Timespec
	unix.ClockGettime(unix.CLOCK_PROCESS_CPUTIME_ID, &ts)
	return float64(ts.Nano()) / 1e9
}
