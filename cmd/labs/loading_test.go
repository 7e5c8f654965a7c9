package main

import (
	"context"
	"net"
	"net/http"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// Who asks for a page while the lessons are still read waits for it: the address
// listens from the beginning.
func TestAPageWaitsForTheLessons(t *testing.T) {
	root, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	at := free.Addr().String()
	free.Close()
	cmd := exec.Command(bin, "serve", "--addr", at, "--data", t.TempDir(), "--root", root)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	out, err := cmd.StdoutPipe() // nobody reads: whether it is printed yet is not asked
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	defer cmd.Wait()
	defer cmd.Process.Kill()
	defer out.Close()
	var conn net.Conn
	until(t, time.Minute, "it listens", func() bool {
		conn, err = net.Dial("tcp", at)
		return err == nil
	})
	client := &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) { return conn, nil }} // the first one that was taken
	defer client.CloseIdleConnections()
	r, _ := http.NewRequest("GET", "http://"+at+"/en/epoll", nil)
	resp, err := client.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusUnauthorized { // it came without the token
		t.Errorf("%s", resp.Status)
	}
}
