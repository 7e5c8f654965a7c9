//go:build ignore

package main

// watch registers what c waits for. Four buffers are the mark: as long as less
// waits, c is read and its output is watched as well; from the mark on only the
// output is, or level-triggered epoll would go on reporting bytes that nobody
// wants now. send and queue come here each time that c.out has changed.
func watch(c *conn) error {
	want := uint32(0)
	if len(c.out) < 4**bufSize {
		want |= unix.EPOLLIN
	}
	if len(c.out) > 0 || *armed {
		want |= unix.EPOLLOUT
	}
	return register(c, want)
}
