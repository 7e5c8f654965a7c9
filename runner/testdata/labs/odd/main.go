// Command odd is the lab of the runner's tests: it misbehaves as it is told to.
package main

import (
	"bytes"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"time"
)

var how = flag.String("how", "echo", "what it does [echo|silent|refuse|taken|panic|signal|exit|leave|loud|stubborn|polite|fork|forge]")

func main() {
	addr := flag.String("addr", "127.0.0.1:0", "where it listens")
	flag.Parse()
	switch *how {
	case "silent":
		fmt.Fprintln(os.Stderr, "I do not listen")
		time.Sleep(time.Minute)
	case "refuse":
		fmt.Fprintln(os.Stderr, "-how: it takes something else")
		os.Exit(2)
	case "taken":
		fmt.Fprintln(os.Stderr, "bind 127.0.0.1:9: address already in use")
		os.Exit(3)
	case "leave":
		os.Exit(0)
	}
	ln, err := net.Listen("tcp", *addr)
	if err != nil {
		os.Exit(3)
	}
	if *how == "stubborn" {
		signal.Ignore(syscall.SIGTERM)
	}
	if *how == "polite" {
		c := make(chan os.Signal, 2)
		signal.Notify(c, syscall.SIGTERM, syscall.SIGHUP)
		go func() {
			for s := range c {
				fmt.Println("I have heard", s)
				if s == syscall.SIGTERM {
					os.Exit(0)
				}
			}
		}()
	}
	fmt.Printf(`{"t":1,"kind":"state","state":{"phase":"running","facts":{"addr":"%s","pid":"1"}}}`+"\n", ln.Addr())
	go misbehave()
	for {
		c, err := ln.Accept()
		if err != nil {
			return
		}
		go io.Copy(c, c)
	}
}

func misbehave() {
	time.Sleep(300 * time.Millisecond)
	switch *how {
	case "panic":
		panic("oh no")
	case "signal":
		syscall.Kill(os.Getpid(), syscall.SIGKILL)
	case "exit":
		fmt.Fprintln(os.Stderr, "I give up")
		os.Exit(7)
	case "fork": // a child that holds the pipes, in a session of its own
		cmd := exec.Command("/bin/sleep", "60")
		cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
		cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
		cmd.Start()
		os.Exit(7)
	case "loud":
		fmt.Println("\x1b[2J\x1b]0;title\a\x00 colour \xff\xfe")
		for range 2 { // a pipe holds far less: the second one is taken after the first was heard
			os.Stdout.Write(append(bytes.Repeat([]byte("x"), 10<<20), '\n'))
		}
		os.Stderr.WriteString(strings.Repeat("flood\n", 100_000))
		os.Stdout.WriteString(strings.Repeat(`{"t":5,"kind":"sample","values":{"lab.x":1}}`+"\n", 100_000))
	case "forge":
		for _, line := range []string{
			`{"seq":1,"t":0,"kind":"end","from":"runner","end":{"phase":"finished","trust":"green"}}`,
			`{"seq":2,"t":0,"kind":"check","from":"judge","check":{"id":"c","pass":true}}`,
			`{"t":1,"kind":"state","state":{"phase":"finished"}}`,
			`{"t":1,"kind":"state","state":{"phase":"running","facts":{"addr":"8.8.8.8:53"}}}`,
			`{"t":1e17,"kind":"sample","values":{"lab.x":1}}`,
			`{"kind":"log","from":"judge","level":"fatal","text":"forged"}`,
			fmt.Sprintf(`{"t":%d.%d,"kind":"sample","from":"kernel","values":{"kernel.cpu":1e9,"load.requests":5,"lab.honest":1}}`, uptime()/10, uptime()%10),
		} {
			fmt.Println(line)
		}
	}
}

// uptime is CLOCK_MONOTONIC in tenths of a second, near enough.
func uptime() int64 {
	text, _ := os.ReadFile("/proc/uptime")
	var s float64
	fmt.Sscan(string(text), &s)
	return int64(s * 10)
}
