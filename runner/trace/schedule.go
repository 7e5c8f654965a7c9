package trace

import "slices"

// Schedule is what the client does and when: the same for every server, so that
// what differs is the server.
type Schedule struct {
	ID      string            `json:"id"`
	Seconds float64           `json:"seconds"`
	Steps   []Step            `json:"steps"` // by time
	Sysctl  map[string]string `json:"-"`     // of its own network, where it has one
}

// Step is one thing that a client does.
type Step struct {
	At     float64 `json:"at"`     // seconds since the schedule began
	Client int     `json:"client"` // from 1
	Do     string  `json:"do"`
	Bytes  int     `json:"bytes,omitempty"` // of Send
}

// What a client does. Between its steps it reads whatever comes.
const (
	Connect = "connect"
	Send    = "send"
	Deaf    = "deaf" // does not read from here on
	Hear    = "hear" // reads again
	Half    = "half" // sends its FIN and goes on reading
	Close   = "close"
	Reset   = "reset" // closes with RST, SO_LINGER of 0: socket(7)
)

// Schedules lists what there is to choose from; the first is the default. With
// reads of 512 bytes, 2000 bytes are four reads.
func Schedules() []Schedule {
	return []Schedule{
		{ID: "burst", Seconds: 1.4, Steps: []Step{
			{At: 0, Client: 1, Do: Connect}, {At: 0.2, Client: 1, Do: Send, Bytes: 2000},
			{At: 0.7, Client: 1, Do: Send, Bytes: 100}, {At: 1.1, Client: 1, Do: Close}}},
		{ID: "two", Seconds: 1.4, Steps: []Step{
			{At: 0, Client: 1, Do: Connect}, {At: 0.05, Client: 2, Do: Connect},
			{At: 0.2, Client: 1, Do: Send, Bytes: 2000}, {At: 0.3, Client: 2, Do: Send, Bytes: 100},
			{At: 0.6, Client: 2, Do: Send, Bytes: 100}, {At: 0.9, Client: 2, Do: Close}, {At: 1.1, Client: 1, Do: Close}}},
		{ID: "small", Seconds: 1.1, Steps: []Step{
			{At: 0, Client: 1, Do: Connect}, {At: 0.2, Client: 1, Do: Send, Bytes: 100},
			{At: 0.4, Client: 1, Do: Send, Bytes: 100}, {At: 0.6, Client: 1, Do: Send, Bytes: 100}, {At: 0.8, Client: 1, Do: Close}}},
		{ID: "unread", Seconds: 1.6, Sysctl: map[string]string{"net.ipv4.tcp_wmem": "4096 16384 65536", "net.ipv4.tcp_rmem": "4096 16384 65536"},
			Steps: []Step{
				{At: 0, Client: 1, Do: Connect}, {At: 0.1, Client: 1, Do: Deaf}, {At: 0.2, Client: 1, Do: Send, Bytes: 200_000},
				{At: 0.8, Client: 1, Do: Hear}, {At: 1.3, Client: 1, Do: Close}}},
		{ID: "reset", Seconds: 0.9, Steps: []Step{
			{At: 0, Client: 1, Do: Connect}, {At: 0.2, Client: 1, Do: Send, Bytes: 100},
			{At: 0.4, Client: 1, Do: Half}, {At: 0.45, Client: 2, Do: Connect},
			{At: 0.6, Client: 2, Do: Send, Bytes: 100}, {At: 0.65, Client: 2, Do: Reset}}},
	}
}

// ScheduleNamed returns the schedule with that id; the default for "".
func ScheduleNamed(id string) (Schedule, bool) {
	all := Schedules()
	if id == "" {
		return all[0], true
	}
	i := slices.IndexFunc(all, func(s Schedule) bool { return s.ID == id })
	if i < 0 {
		return Schedule{}, false
	}
	return all[i], true
}
