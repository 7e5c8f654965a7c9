// Package load is the load generator: well-behaved clients that send requests
// and verify every byte of the answers, and clients that misbehave on purpose.
//
// It runs as its own process, so that its CPU time, memory and descriptors are
// not the server's: Main reads one Plan and prints telemetry events. Everything
// happens on one thread around epoll(7), so that lateness is the generator's own
// and can be measured; that measurement is load.late.
//
// A client is a connection, renewed now and then, and a protocol, which makes
// requests and knows their answers: echo, frames, rpc or file. TLS lies between
// the two, as a coroutine of the same thread.
//
// # Time
//
// Response time counts from when a request was meant to leave, service time from
// when it did. In the open model the two differ by the time for which a request
// waited for its connection: leaving that out is what Gil Tene named coordinated
// omission. In the closed model a request is meant to leave when it leaves.
package load
