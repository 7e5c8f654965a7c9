//go:build linux

package shim

import (
	"bytes"
	"errors"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Sweep ends processes of this user that carry the tag of a run for which ended
// says true, and waits for them: what a subreaper left when it was itself killed.
func Sweep(ended func(runID string) bool) error {
	for range 100 { // what it finds may start others until it is killed
		found, err := sweep(ended)
		if found == 0 || err != nil {
			return err
		}
	}
	return errors.New("sweep: processes of earlier runs start new ones faster than they are ended")
}

// sweep ends the processes that it finds and returns their number.
func sweep(ended func(string) bool) (found int, err error) {
	var held []int
	defer func() { closeAll(held) }()
	for _, pid := range processes() {
		// The pidfd holds on to the process while its tag is read, so that no
		// other one that gets its PID is ever signalled.
		fd, err := unix.PidfdOpen(pid, 0)
		if err != nil {
			continue
		}
		if id, ok := runOf(pid); ok && ended(id) && unix.PidfdSendSignal(fd, unix.SIGKILL, nil, 0) == nil {
			held = append(held, fd)
			continue
		}
		unix.Close(fd)
	}
	for _, fd := range held {
		if err := awaitEnd(fd); err != nil {
			return len(held), err
		}
	}
	return len(held), nil
}

// awaitEnd waits until a process has ended, all of its threads: pidfd_open(2).
func awaitEnd(pidfd int) error {
	for end := time.Now().Add(patience); time.Now().Before(end); {
		n, err := unix.Poll([]unix.PollFd{{Fd: int32(pidfd), Events: unix.POLLIN}}, 100)
		if err != nil && err != unix.EINTR {
			return os.NewSyscallError("poll", err)
		}
		if n > 0 {
			return nil
		}
	}
	return errors.New("sweep: a killed process of an earlier run does not end")
}

// runOf returns the run id that one of this user's processes is tagged with.
func runOf(pid int) (id string, ok bool) {
	dir := "/proc/" + strconv.Itoa(pid)
	info, err := os.Stat(dir)
	if err != nil || pid == os.Getpid() || int(info.Sys().(*syscall.Stat_t).Uid) != os.Geteuid() {
		return "", false
	}
	env, err := os.ReadFile(dir + "/environ")
	if err != nil {
		return "", false
	}
	for kv := range bytes.SplitSeq(env, []byte{0}) {
		if v, ok := bytes.CutPrefix(kv, []byte(tag)); ok {
			return string(v), true
		}
	}
	return "", false
}

// childrenOf returns the PIDs of a process's children, dead ones too.
func childrenOf(parent int) []int {
	var list []int
	for _, pid := range processes() {
		stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
		if err == nil && parentIn(string(stat)) == parent {
			list = append(list, pid)
		}
	}
	return list
}

// parentIn returns the parent's PID in a line of /proc/PID/stat, proc_pid_stat(5),
// or 0. The second field is a name in parentheses, which may hold anything.
func parentIn(stat string) int {
	fields := strings.Fields(stat[strings.LastIndexByte(stat, ')')+1:])
	if len(fields) < 2 {
		return 0
	}
	ppid, _ := strconv.Atoi(fields[1])
	return ppid
}

func processes() []int {
	dir, err := os.Open("/proc")
	if err != nil {
		return nil
	}
	defer dir.Close()
	names, _ := dir.Readdirnames(-1)
	var list []int
	for _, name := range names {
		if pid, err := strconv.Atoi(name); err == nil {
			list = append(list, pid)
		}
	}
	return list
}
