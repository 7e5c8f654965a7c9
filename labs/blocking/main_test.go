//go:build linux

package main_test

import (
	"testing"

	"socketlabs/labs/internal/labtest"
)

func TestConformance(t *testing.T) {
	t.Run("one", func(t *testing.T) { labtest.ConformanceAlone(t, "blocking", "-model=one") })
	t.Run("threads", func(t *testing.T) { labtest.Conformance(t, "blocking", "-model=threads") })
}
