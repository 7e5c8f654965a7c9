//go:build !linux

package runner

import (
	"errors"
	"os/exec"
	"syscall"
)

// Where there is no Linux a lab may be built, and nothing runs.

func together(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

func limitFiles(int, int) (func(), error) { return nil, errors.ErrUnsupported }

// UringRefused says why there is no io_uring: it is Linux's.
func UringRefused() error { return errors.ErrUnsupported }
