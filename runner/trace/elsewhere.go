//go:build !linux

package trace

import "io"

// Main is the tracer, which needs Linux.
func Main(args []string, in io.Reader, out io.Writer) int { return 1 }
