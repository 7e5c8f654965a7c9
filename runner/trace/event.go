package trace

// Event is one system call. Times are seconds since the schedule began; what the
// server does to get ready lies before 0.
type Event struct {
	N      int      `json:"n"`   // its number, by time of entry, from 0
	Who    string   `json:"who"` // Server, Client
	PID    int      `json:"pid"` // the process, and
	TID    int      `json:"tid"` // the thread, in the trace's PID namespace
	T      float64  `json:"t"`
	Took   *float64 `json:"took"`           // null: it had not returned at the end
	Call   string   `json:"call"`           // as man section 2 names it
	FD     *int     `json:"fd"`             // that it is about; null: none
	Args   string   `json:"args"`           // as strace(1) writes them
	Asked  *int64   `json:"asked"`          // bytes asked for
	Result int64    `json:"result"`         // as the man page has it, -1 with an errno
	Errno  string   `json:"errno"`          // EAGAIN; empty: it succeeded
	Ready  []Ready  `json:"ready"`          // what epoll_wait or poll brought
	Data   string   `json:"data,omitempty"` // the first bytes that were moved, in hex
	Own    bool     `json:"own"`            // the program's own, not its language's runtime
	Stack  []Frame  `json:"stack"`          // who called, the innermost first; null: not known

	Op     string `json:"op,omitempty"`     // of epoll_ctl
	Target *int   `json:"target,omitempty"` // descriptor that epoll_ctl is about
	Peer   string `json:"peer,omitempty"`   // address that the call names or returns
	pcs    []uint64
}

// Who makes a call.
const (
	Server = "server"
	Client = "client"
)

// Ready is a descriptor that epoll_wait or poll reports.
type Ready struct {
	FD     int    `json:"fd"`
	Events string `json:"events"` // EPOLLIN|EPOLLRDHUP
}

// Frame is a place in a program's source.
type Frame struct {
	Func string `json:"func"` // main.drain
	File string `json:"file"` // relative to the module's root when it lies in it
	Line int    `json:"line"`
}

// Packet is a segment on the wire between client and server.
type Packet struct {
	T    float64 `json:"t"`
	From string  `json:"from"`  // Server, Client
	Port int     `json:"port"`  // the client's
	Seq  uint32  `json:"seq"`   // relative to the first of its direction
	Ack  uint32  `json:"ack"`   // relative to the first of the other direction
	Len  int     `json:"len"`   // bytes of data
	Win  int     `json:"win"`   // as the header has it, not scaled
	Flag string  `json:"flags"` // SYN|ACK
}

// Cost is what being traced costs one send and one receive of 64 bytes, in seconds.
type Cost struct {
	Plain  float64 `json:"plain"`
	Traced float64 `json:"traced"`
}

// Times says how many times slower it is under the tracer.
func (c Cost) Times() float64 {
	if c.Plain <= 0 {
		return 0
	}
	return c.Traced / c.Plain
}

// End is the last line of a trace.
type End struct {
	Why     string                    `json:"why"`     // one of the constants below
	Detail  string                    `json:"detail"`  // errno, exit status
	Calls   map[string]map[string]int `json:"calls"`   // by who and call, those left out of the events too
	Packets string                    `json:"packets"` // why there are none; empty: there are
}

// How a trace ends.
const (
	Done         = "done"          // the schedule was carried out
	Full         = "full"          // more calls than Plan.Events
	Refused      = "refused"       // the system does not let us trace
	NotStarted   = "not-started"   // the server could not be executed
	NotListening = "not-listening" // it does not listen where it was told to
	Exited       = "exited"        // it ended before the schedule did
	Late         = "late"          // the schedule was not over in time
)

// Line is one line of a tracer's output: one of its fields is set.
type Line struct {
	Event  *Event   `json:"event,omitempty"`
	Packet *Packet  `json:"packet,omitempty"`
	Cost   *Cost    `json:"cost,omitempty"`
	Step   *float64 `json:"step,omitempty"` // when the schedule's next step was taken
	End    *End     `json:"end,omitempty"`
}

// Plan is what a tracer is told on its standard input.
type Plan struct {
	Command  []string `json:"command"` // the server: program and arguments
	Env      []string `json:"env"`
	Addr     string   `json:"addr"` // where it is to listen
	Root     string   `json:"root"` // the module: frames are told relative to it
	Schedule Schedule `json:"schedule"`
	Events   int      `json:"events"` // at most so many
	Capture  bool     `json:"capture"`
}
