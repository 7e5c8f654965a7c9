package content

import (
	"math"
	"testing"
)

func TestFormat(t *testing.T) {
	for _, tt := range []struct {
		v      any
		format string
		want   string
	}{
		{0.0, "", "0"},
		{5904.0, "", "5,904"}, // an integer in full
		{1234567.0, "", "1,234,567"},
		{-3.0, "", "-3"},
		{-123.0, "", "-123"},
		{-1234.0, "", "-1,234"},
		{2.4567, "", "2.46"}, // a fraction with three digits
		{0.0123456, "", "0.0123"},
		{12.3456, "", "12.3"},
		{123.456, "", "123"},
		{190123.7, "", "190,000"}, // three digits are what was measured
		{1.999, "", "2.00"},       // not an integer: the noughts say so
		{99.96, "", "100"},
		{0.9996, "", "1.00"},
		{-0.5, "", "-0.500"},
		{0.1 + 0.2, "", "0.300"},
		{3 * 0.1 * 10, "", "3"}, // the noise of floating point is no fraction
		{1e-9, "", "1e-09"},
		{1e17, "", "1e+17"},
		{math.NaN(), "", "–"},
		{math.Inf(1), "ms", "–"},
		{math.Copysign(0, -1), "", "0"},
		{0.0123456, "ms", "12.3 ms"},
		{0.002, "ms", "2 ms"},
		{0.0000123, "us", "12.3 µs"},
		{1.5, "s", "1.50 s"},
		{2.0, "s", "2 s"},
		{65536.0, "KiB", "64 KiB"},
		{1000.0, "KiB", "0.977 KiB"},
		{3 * 1048576.0, "MiB", "3 MiB"},
		{0.123456, "%", "12.3%"},
		{1.0, "%", "100%"},
		{190123.0, "/s", "190,123/s"},
		{"workbench", "", "workbench"},
		{"workbench", "ms", "workbench"}, // a text has no unit
		{true, "", "true"},
		{7, "", "7"},
		{int64(7), "s", "7 s"},
		{uint64(7), "", "7"},
		{nil, "ms", "–"},
		{1.0, "no such format", "1"},
	} {
		if got := Format(tt.v, tt.format); got != tt.want {
			t.Errorf("Format(%v, %q) = %q, want %q", tt.v, tt.format, got, tt.want)
		}
	}
}

func TestPlaceholderText(t *testing.T) {
	for _, tt := range []struct {
		expr, format string
		v            any
		want         string
	}{
		{"seconds", "", 0.8, "0.8"}, // as it was typed
		{"knob.read_timeout", "", 1.25, "1.25"},
		{"pause.seconds", "", 0.3, "0.3"},
		{"ask.rate", "", 500.0, "500"},
		{"ask.connections", "", 1000.0, "1,000"},
		{"knob.model", "", "threads", "threads"},
		{"ask.rate * seconds", "", 0.8, "0.800"}, // calculated
		{"load.p50", "", 0.8, "0.800"},           // measured
		{"seconds", "ms", 0.8, "800 ms"},
	} {
		if got := (Placeholder{Expr: tt.expr, Format: tt.format}).Text(tt.v); got != tt.want {
			t.Errorf("%s | %s of %v = %q, want %q", tt.expr, tt.format, tt.v, got, tt.want)
		}
	}
}

func FuzzFormat(f *testing.F) {
	f.Add(1.5, "ms")
	f.Add(99.95, "")
	f.Fuzz(func(t *testing.T, v float64, format string) {
		if got := Format(v, format); got == "" || len(got) > 40+len(format) {
			t.Errorf("Format(%v, %q) = %q", v, format, got)
		}
	})
}
