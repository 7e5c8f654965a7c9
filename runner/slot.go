package runner

import (
	"context"
	"errors"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// slot is the machine's measuring slot: one locked file of the data folder, so
// that no two runs disturb each other, of whichever processes.
type slot struct{ path string }

// take waits for the slot; wait is called once when it is not free. It is free
// again when the file is closed.
func (s slot) take(ctx context.Context, wait func()) (*os.File, error) {
	f, err := os.OpenFile(s.path, os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, err
	}
	for waits := 0; ; waits++ {
		err := lock(f)
		if err == nil {
			return f, nil
		}
		if !errors.Is(err, unix.EWOULDBLOCK) {
			f.Close()
			return nil, err
		}
		pause := 50 * time.Millisecond
		switch {
		case waits < 3: // somebody may only be looking, see busy
			pause = time.Millisecond
		case waits == 3:
			wait()
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			f.Close()
			return nil, context.Cause(ctx)
		}
	}
}

// busy says whether something is measured now.
func (s slot) busy() bool {
	f, err := os.OpenFile(s.path, os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return false
	}
	defer f.Close()
	return errors.Is(unix.Flock(int(f.Fd()), unix.LOCK_SH|unix.LOCK_NB), unix.EWOULDBLOCK)
}
