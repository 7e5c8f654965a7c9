package judge

import (
	"reflect"
	"testing"
)

// same fails when two verdicts differ.
func same(t *testing.T, got, want Verdict) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}
