// Command burn is an echo server whose requests cost as much CPU as one wants:
// comparisons are checked against it.
package main

import (
	"flag"
	"fmt"
	"net"
	"os"
	"os/signal"
	"syscall"
)

var work = flag.Int("work", 20000, "steps of a loop for each read [0..100000000]")

func main() {
	addr := flag.String("addr", "127.0.0.1:0", "where it listens")
	flag.Parse()
	ln, err := net.Listen("tcp", *addr)
	if err != nil {
		os.Exit(3)
	}
	told := make(chan os.Signal, 1)
	signal.Notify(told, syscall.SIGTERM)
	go func() {
		<-told
		os.Exit(0)
	}()
	fmt.Printf(`{"t":1,"kind":"state","state":{"phase":"running","facts":{"addr":"%s","pid":"1"}}}`+"\n", ln.Addr())
	for {
		c, err := ln.Accept()
		if err != nil {
			return
		}
		go echo(c)
	}
}

func echo(c net.Conn) {
	defer c.Close()
	buf, x := make([]byte, 4096), uint64(1)
	for {
		n, err := c.Read(buf)
		if err != nil {
			return
		}
		for range *work {
			x = x*6364136223846793005 + 1442695040888963407
		}
		if x == 0 { // so that the loop is not left out
			return
		}
		if _, err := c.Write(buf[:n]); err != nil {
			return
		}
	}
}
