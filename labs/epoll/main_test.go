//go:build linux

package main_test

import (
	"testing"

	"socketlabs/labs/internal/labtest"
)

func TestConformance(t *testing.T) {
	for _, knobs := range [][]string{
		nil,
		{"-drain=false", "-buf=512"},
		{"-max-events=1", "-armed"},
	} {
		t.Run("", func(t *testing.T) { labtest.Conformance(t, "epoll", knobs...) })
	}
}
