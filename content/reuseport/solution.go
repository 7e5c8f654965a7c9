//go:build ignore

package main

// shut accepts who is still in the queue, and only then closes the listener:
// close(2) resets whoever it finds there. The loop goes on serving those that it
// has taken.
func (l *loop) shut() error {
	queue := []unix.PollFd{{Fd: int32(l.lfd), Events: unix.POLLIN}}
	for {
		n, err := unix.Poll(queue, 0) // readable: somebody waits
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return os.NewSyscallError("poll", err)
		}
		if n == 0 {
			break
		}
		if err := l.accept(); err != nil {
			return err
		}
	}
	unix.Close(l.lfd)
	l.lfd = -1
	return l.control(unix.EPOLL_CTL_DEL, l.timer, 0)
}
