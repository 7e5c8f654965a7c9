// Package trace is the microscope: it writes down every system call of a server,
// and of a client that follows a script, in a run that is slowed down by it.
//
// It looks from outside, with ptrace(2), so that any program can be looked at.
// The tracer is a process of its own, a child of the run's shim, which starts
// the server and the client as its children: with PTRACE_O_EXITKILL they end
// when it does, however that happens.
//
//	runner                  tracer (this program)         server, client
//	Plan    ── stdin  ───▶  fork, PTRACE_TRACEME  ─────▶  execve
//	Line …  ◀─ stdout ────  wait4, GET_SYSCALL_INFO ◀──▶  stop, go on
//	                        AF_PACKET on lo
//
// Times under it are not real: each call stops twice, and each stop costs two
// switches to the tracer and what it reads of the stopped process. Cost says how
// much that was, measured in the same run.
package trace
