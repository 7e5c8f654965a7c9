//go:build ignore

package main

// tune asks for what was wished for, and lets at most 64 KiB wait that were not
// sent yet (Documentation/networking/ip-sysctl.rst, tcp_notsent_lowat). Bytes on
// their way are not bounded by that, so that the kernel may go on tuning.
func tune(cfd int) error {
	for option, size := range map[int]int{unix.SO_SNDBUF: *sndbuf, unix.SO_RCVBUF: *rcvbuf} {
		if size == 0 {
			continue
		}
		if err := unix.SetsockoptInt(cfd, unix.SOL_SOCKET, option, size); err != nil {
			return os.NewSyscallError("setsockopt", err)
		}
	}
	if err := unix.SetsockoptInt(cfd, unix.IPPROTO_TCP, unix.TCP_NOTSENT_LOWAT, 64<<10); err != nil {
		return os.NewSyscallError("setsockopt", err)
	}
	return look(cfd)
}
