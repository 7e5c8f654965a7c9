package trace

import (
	"fmt"
	"strconv"
	"strings"
)

// end is when a call returned; its beginning when it did not.
func (e Event) end() float64 {
	if e.Took == nil {
		return e.T
	}
	return e.T + *e.Took
}

// String writes an event as strace(1) does.
func (e Event) String() string {
	return fmt.Sprintf("%s(%s) = %s", e.Call, e.Args, e.Outcome())
}

// Outcome is what a call returned, in words: 512, -1 EAGAIN, or that it did not.
func (e Event) Outcome() string {
	switch {
	case e.Took == nil:
		return "? (had not returned)"
	case e.Errno != "":
		return "-1 " + e.Errno
	}
	out := strconv.FormatInt(e.Result, 10)
	if e.Op != "" {
		return out
	}
	var ready []string
	for _, r := range e.Ready {
		ready = append(ready, fmt.Sprintf("%d: %s", r.FD, r.Events))
	}
	switch {
	case len(ready) > 0:
		out += " [" + strings.Join(ready, ", ") + "]"
	case e.Peer != "" && (e.Call == "accept" || e.Call == "accept4"):
		out += " [" + e.Peer + "]"
	}
	return out
}
