// Package observe says what the kernel says about a lab from outside: its
// sockets by sock_diag(7), its process and the machine by proc(5). A server in
// any language has these numbers, without a line of its own for them.
//
// It runs ten times a second beside what is measured, so files stay open,
// buffers are used again and the kernel filters what it can.
package observe
