//go:build linux

package main_test

import (
	"testing"

	"socketlabs/labs/internal/labtest"
)

func TestConformance(t *testing.T) {
	labtest.ConformanceOf(t, labtest.Calls(), "workers", "-threads=2")
}
