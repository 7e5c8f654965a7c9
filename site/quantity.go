package site

import (
	"math"

	"socketlabs/content"
)

// Quantity prints a value of the schema's units, seconds, bytes or none, as people read
// it; the page's format.js says the same.
func Quantity(v float64, unit string) string {
	size := math.Abs(v)
	switch {
	case unit == "seconds" && size > 0 && size < 1e-3:
		return content.Format(v, "us")
	case unit == "seconds" && size > 0 && size < 1:
		return content.Format(v, "ms")
	case unit == "seconds":
		return content.Format(v, "s")
	case unit == "bytes" && size >= 1<<30:
		return content.Format(v/(1<<30), "") + " GiB"
	case unit == "bytes" && size >= 1<<20:
		return content.Format(v, "MiB")
	case unit == "bytes" && size >= 1<<10:
		return content.Format(v, "KiB")
	case unit == "bytes":
		return content.Format(v, "") + " B"
	}
	return content.Format(v, "")
}

// quantity is Quantity of a value that may be missing.
func quantity(v *float64, unit string) string {
	if v == nil {
		return "–"
	}
	return Quantity(*v, unit)
}
