package judge

// dimension is seconds to one power times bytes to another.
type dimension struct {
	seconds, bytes int
	written        bool // a number that stands in the expression, and may convert
	unknown        bool
}

// dimensionOf is that of a unit as metrics and settings have it.
func dimensionOf(unit string) dimension {
	switch unit {
	case "":
		return dimension{}
	case "%":
		return dimension{written: true} // a hundredth
	case "seconds":
		return dimension{seconds: 1}
	case "bytes":
		return dimension{bytes: 1}
	case "per second":
		return dimension{seconds: -1}
	}
	return dimension{unknown: true}
}

func (d dimension) unit() string {
	switch d {
	case dimension{seconds: 1}:
		return "seconds"
	case dimension{bytes: 1}:
		return "bytes"
	}
	return ""
}

// plain says that it is a number without a unit.
func (d dimension) plain() bool { return !d.unknown && d.seconds == 0 && d.bytes == 0 }

// plus is what two amounts come to that are added, or of which one is taken.
func (d dimension) plus(o dimension) dimension {
	if d.unknown || o.unknown || d.seconds != o.seconds || d.bytes != o.bytes {
		return dimension{unknown: true}
	}
	d.written = d.written && o.written
	return d
}

// product multiplies, or with -1 divides. An amount divided by a number that is written
// is a count of pieces of that size; multiplied by one, it is in a unit that nobody says.
func product(l, r dimension, sign int) dimension {
	switch {
	case l.unknown || r.unknown:
		return dimension{unknown: true}
	case r.written && !l.plain() && sign < 0:
		return dimension{}
	case r.written && !l.plain(), l.written && !r.plain() && sign > 0:
		return dimension{unknown: true}
	}
	return dimension{seconds: l.seconds + sign*r.seconds, bytes: l.bytes + sign*r.bytes, written: l.written && r.written}
}
