package content

import "socketlabs/labs"

// sweep reads setting: [values]: one block of the run for each.
func (d *draft) sweep(e *planned, v value) {
	fields := v.fields()
	if v.absent() || len(fields) == 0 {
		return
	}
	if len(fields) > 1 {
		fields[1].keyed().fail("sweep: one setting is swept, like load.rate: [1000, 2000]")
		return
	}
	f := fields[0]
	var values []string
	for _, item := range f.items() {
		values = append(values, item.word())
	}
	spec, err := e.Spec.Swept(e.lab, f.name, values)
	if err != nil {
		f.keyed().fail("sweep: %v", err)
		return
	}
	e.Spec.Sweep = spec.Sweep
	if sum := e.seconds(); sum > labs.MaxSeconds {
		f.keyed().fail("sweep: its %d blocks are %s s together: a run of a lesson has at most %d s", e.Spec.Blocks(), digits(sum), labs.MaxSeconds)
	}
}

// seconds is how long all blocks of the experiment take.
func (e *planned) seconds() float64 {
	return float64(e.Spec.Blocks()) * (e.Spec.Warmup + e.Spec.Seconds)
}
