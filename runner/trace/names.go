//go:build linux

package trace

import "golang.org/x/sys/unix"

// shape says what a call's arguments are, a letter each, in order:
//
//	f descriptor   n bytes   i number   x flags   d data (a pointer)   p pointer
//	a address      E epoll_event   O epoll operation   s string
//	S socket flags D domain   H how to shut down   F fcntl command   M message flags
//	L level of an option   T option of that level
type shape string

// call is a system call by its name and what its arguments are.
type call struct {
	name  string
	shape shape
}

// common are the calls of both architectures. Others are shown by their number.
var common = map[uint64]call{
	unix.SYS_READ: {"read", "fdn"}, unix.SYS_WRITE: {"write", "fdn"}, unix.SYS_READV: {"readv", "fpi"}, unix.SYS_WRITEV: {"writev", "fpi"},
	unix.SYS_PREAD64: {"pread64", "fdni"}, unix.SYS_PWRITE64: {"pwrite64", "fdni"}, unix.SYS_CLOSE: {"close", "f"},
	unix.SYS_SOCKET: {"socket", "DSi"}, unix.SYS_BIND: {"bind", "fai"}, unix.SYS_LISTEN: {"listen", "fi"},
	unix.SYS_ACCEPT: {"accept", "fpp"}, unix.SYS_ACCEPT4: {"accept4", "fppS"}, unix.SYS_CONNECT: {"connect", "fai"},
	unix.SYS_GETSOCKNAME: {"getsockname", "fpp"}, unix.SYS_GETPEERNAME: {"getpeername", "fpp"},
	unix.SYS_RECVFROM: {"recvfrom", "fdnMpp"}, unix.SYS_SENDTO: {"sendto", "fdnMpi"}, unix.SYS_RECVMSG: {"recvmsg", "fpM"}, unix.SYS_SENDMSG: {"sendmsg", "fpM"},
	unix.SYS_SHUTDOWN: {"shutdown", "fH"}, unix.SYS_SETSOCKOPT: {"setsockopt", "fLTpi"}, unix.SYS_GETSOCKOPT: {"getsockopt", "fLTpp"},
	unix.SYS_FCNTL: {"fcntl", "fFx"}, unix.SYS_IOCTL: {"ioctl", "fxp"}, unix.SYS_DUP: {"dup", "f"}, unix.SYS_DUP3: {"dup3", "fix"},
	unix.SYS_EPOLL_CREATE1: {"epoll_create1", "x"}, unix.SYS_EPOLL_CTL: {"epoll_ctl", "fOiE"},
	unix.SYS_EPOLL_PWAIT: {"epoll_pwait", "fpii"}, unix.SYS_EPOLL_PWAIT2: {"epoll_pwait2", "fpip"}, unix.SYS_PPOLL: {"ppoll", "pip"}, unix.SYS_PSELECT6: {"pselect6", "ippp"},
	unix.SYS_EVENTFD2: {"eventfd2", "ix"}, unix.SYS_PIPE2: {"pipe2", "px"}, unix.SYS_SOCKETPAIR: {"socketpair", "DSip"},
	unix.SYS_SENDFILE: {"sendfile", "fipn"}, unix.SYS_SPLICE: {"splice", "fpipnx"}, unix.SYS_OPENAT: {"openat", "isx"},
	unix.SYS_IO_URING_SETUP: {"io_uring_setup", "ip"}, unix.SYS_IO_URING_ENTER: {"io_uring_enter", "fiix"}, unix.SYS_IO_URING_REGISTER: {"io_uring_register", "fipi"},
	unix.SYS_TIMERFD_CREATE: {"timerfd_create", "ix"}, unix.SYS_TIMERFD_SETTIME: {"timerfd_settime", "fxpp"}, unix.SYS_SIGNALFD4: {"signalfd4", "fpix"},
	unix.SYS_FSTAT: {"fstat", "fp"}, unix.SYS_LSEEK: {"lseek", "fii"}, unix.SYS_EXECVE: {"execve", "spp"},
	unix.SYS_PIDFD_OPEN: {"pidfd_open", "ix"}, unix.SYS_WAIT4: {"wait4", "ipip"},
}

// quiet are the calls of a language's runtime and the allocator: threads that
// wait for each other, time, memory, signals. They are counted and not shown.
var quiet = map[uint64]string{
	unix.SYS_FUTEX: "futex", unix.SYS_NANOSLEEP: "nanosleep", unix.SYS_CLOCK_NANOSLEEP: "clock_nanosleep", unix.SYS_SCHED_YIELD: "sched_yield",
	unix.SYS_CLOCK_GETTIME: "clock_gettime", unix.SYS_GETTIMEOFDAY: "gettimeofday", unix.SYS_GETPID: "getpid", unix.SYS_GETTID: "gettid", unix.SYS_TGKILL: "tgkill",
	unix.SYS_MMAP: "mmap", unix.SYS_MUNMAP: "munmap", unix.SYS_MPROTECT: "mprotect", unix.SYS_MADVISE: "madvise", unix.SYS_BRK: "brk", unix.SYS_MINCORE: "mincore",
	unix.SYS_RT_SIGACTION: "rt_sigaction", unix.SYS_RT_SIGPROCMASK: "rt_sigprocmask", unix.SYS_RT_SIGRETURN: "rt_sigreturn", unix.SYS_SIGALTSTACK: "sigaltstack",
	unix.SYS_SCHED_GETAFFINITY: "sched_getaffinity", unix.SYS_CLONE: "clone", unix.SYS_CLONE3: "clone3", unix.SYS_EXIT: "exit", unix.SYS_EXIT_GROUP: "exit_group", unix.SYS_RESTART_SYSCALL: "restart_syscall",
	unix.SYS_SET_ROBUST_LIST: "set_robust_list", unix.SYS_SET_TID_ADDRESS: "set_tid_address", unix.SYS_RSEQ: "rseq", unix.SYS_PRCTL: "prctl", unix.SYS_PRLIMIT64: "prlimit64",
	unix.SYS_GETRANDOM: "getrandom", unix.SYS_TIMER_CREATE: "timer_create", unix.SYS_TIMER_SETTIME: "timer_settime", unix.SYS_TIMER_DELETE: "timer_delete", unix.SYS_GETRUSAGE: "getrusage",
	unix.SYS_GETUID: "getuid", unix.SYS_GETEUID: "geteuid", unix.SYS_GETGID: "getgid", unix.SYS_GETEGID: "getegid", unix.SYS_UNAME: "uname", unix.SYS_SYSINFO: "sysinfo", unix.SYS_GETCWD: "getcwd",
}
