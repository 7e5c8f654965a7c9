// Package shim starts a run's processes so that no kill leaves anything behind.
//
// Each run has one shim: this program again, as init of a PID namespace of its
// own. It starts the run's processes as its children. When the shim ends, the
// kernel ends everything in the namespace, whatever it did to get away: that is
// why the shim does almost nothing but start, signal and reap. It ends on Close,
// when the control socket ends (its parent has ended, however), and by its
// death signal.
//
//	parent                     shim (init)               children
//	Open    ── socketpair ──▶  no_new_privs, lo up
//	Start   ── fds 0 1 2  ──▶  fork ──────────────────▶  limits, exec
//	Wait    ◀─ how it ended ─  wait4
//	Close   ── end of file ─▶  exit ─────── SIGKILL ──▶  ✝
package shim
