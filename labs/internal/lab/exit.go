package lab

import "time"

// Exit codes of a lab.
const (
	Drained      = 0 // told to end, and all that had arrived was answered
	Failed       = 1 // serve returned an error
	BadFlags     = 2
	CannotListen = 3 // serve returned an error before it was listening
	CutShort     = 4 // the drain took longer than DrainTime, or a second signal came
)

// DrainTime is how long a lab has from the first SIGTERM or SIGINT to its end.
const DrainTime = 2 * time.Second
