package main

import (
	"errors"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"syscall"

	"golang.org/x/sys/unix"
)

// inOwnNetwork runs the program again in a network namespace of its own, in
// which every socket has the same congestion control unless it asks for another.
// The labs ask for cubic; what the system's default costs, such as the pacing
// timers of bbr, would be held against the others. A new network cannot have
// cubic as its default, so the others have reno, which does a little less.
func inOwnNetwork() (ended bool, err error) {
	if os.Getenv(own) != "" {
		return false, setUp()
	}
	cmd := exec.Command("/proc/self/exe", os.Args[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.Env = append(os.Environ(), own+"=1")
	runtime.LockOSThread() // its end, with that of this process, is what Pdeathsig means
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWNET, Setpgid: true, Pdeathsig: unix.SIGTERM}
	if os.Geteuid() != 0 {
		cmd.SysProcAttr.Cloneflags |= unix.CLONE_NEWUSER
		cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}}
		cmd.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}}
	}
	return true, cmd.Run()
}

// cleanUpAtSignal ends all that was started, and leaves nothing in dir, when
// this process is to end: it leads a process group of its own.
func cleanUpAtSignal(dir string) {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, unix.SIGINT, unix.SIGTERM)
	go func() {
		<-signals
		os.RemoveAll(dir)
		unix.Kill(0, unix.SIGKILL)
	}()
}

const own = "BENCH_OWN_NETWORK"

func setUp() error {
	lo, err := unix.NewIfreq("lo")
	if err != nil {
		return err
	}
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return os.NewSyscallError("socket", err)
	}
	defer unix.Close(fd)
	lo.SetUint16(unix.IFF_UP)
	return errors.Join(
		os.NewSyscallError("SIOCSIFFLAGS", unix.IoctlIfreq(fd, unix.SIOCSIFFLAGS, lo)),
		os.WriteFile("/proc/sys/net/ipv4/tcp_congestion_control", []byte("reno"), 0),
	)
}
