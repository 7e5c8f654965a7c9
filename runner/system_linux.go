package runner

import (
	"os"
	"os/exec"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"
)

// together puts a command into a process group of its own, which ends with the
// thread that started it.
func together(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

// limitFiles lets a process open so many more descriptors, and returns what
// gives it back its limit. The limit is on the number that a new descriptor
// gets, the lowest free one: getrlimit(2).
func limitFiles(pid, more int) (undo func(), err error) {
	open, err := descriptors(pid)
	if err != nil {
		return nil, err
	}
	var was unix.Rlimit
	if err := unix.Prlimit(pid, unix.RLIMIT_NOFILE, nil, &was); err != nil {
		return nil, os.NewSyscallError("prlimit", err)
	}
	limit := was
	for limit.Cur = 0; limit.Cur < was.Cur; limit.Cur++ {
		if open[int(limit.Cur)] {
			continue
		}
		if more == 0 {
			break
		}
		more--
	}
	if err := unix.Prlimit(pid, unix.RLIMIT_NOFILE, &limit, nil); err != nil {
		return nil, os.NewSyscallError("prlimit", err)
	}
	return func() { unix.Prlimit(pid, unix.RLIMIT_NOFILE, &was, nil) }, nil // it may have ended
}

// descriptors are the numbers of the open files of a process.
func descriptors(pid int) (map[int]bool, error) {
	dir, err := os.Open("/proc/" + strconv.Itoa(pid) + "/fd")
	if err != nil {
		return nil, err
	}
	defer dir.Close()
	names, err := dir.Readdirnames(-1)
	open := make(map[int]bool, len(names))
	for _, name := range names {
		if fd, err := strconv.Atoi(name); err == nil {
			open[fd] = true
		}
	}
	return open, err
}
