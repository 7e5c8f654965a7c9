package runner

import "testing"

// A run that the host has disturbed costs nothing; one that was stopped has shown
// something.
func TestTries(t *testing.T) {
	runs := []Summary{
		{Experiment: "mystery/7", Phase: "finished", Trust: "green"},
		{Experiment: "mystery/7", Phase: "finished", Trust: "void"},
		{Experiment: "mystery/7", Phase: "stopped"},
		{Experiment: "mystery/8", Phase: "finished", Trust: "green"},
	}
	for name, want := range map[string]int{"mystery/7": 2, "mystery/8": 1, "mystery/9": 0} {
		if got := Tries(runs, name); got != want {
			t.Errorf("%s: %d, want %d", name, got, want)
		}
	}
}
