//go:build linux

package main_test

import (
	"testing"

	"socketlabs/labs/internal/labtest"
)

func TestConformance(t *testing.T) {
	labtest.ConformanceOf(t, labtest.Calls(), "limits", "-rate=1000000", "-burst=10000", "-max-connections=10000", "-log-sample=0")
}
