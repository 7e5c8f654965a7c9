// Package observe is what the kernel says of a lab from outside: its sockets by
// sock_diag(7), its process and the machine by proc(5).
package observe
