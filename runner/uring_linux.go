package runner

import (
	"errors"
	"os"
	"strings"
	"unsafe"

	"golang.org/x/sys/unix"
)

// UringRefused says why programs of this machine may not have io_uring, as the
// kernel answers io_uring_setup(2); nil when they may.
func UringRefused() error {
	var params [120]byte // struct io_uring_params, all zero
	fd, _, errno := unix.Syscall(unix.SYS_IO_URING_SETUP, 1, uintptr(unsafe.Pointer(&params)), 0)
	if errno == 0 {
		return unix.Close(int(fd))
	}
	if disabled, _ := os.ReadFile("/proc/sys/kernel/io_uring_disabled"); errno == unix.EPERM && len(disabled) > 0 && strings.TrimSpace(string(disabled)) != "0" {
		return errors.New("kernel.io_uring_disabled is " + strings.TrimSpace(string(disabled)))
	}
	return os.NewSyscallError("io_uring_setup", errno)
}
