package labs

import (
	"math"
	"reflect"
	"strings"
	"testing"

	"socketlabs/labs/telemetry"
)

func TestParseFault(t *testing.T) {
	for _, c := range []struct {
		text string
		want Fault
	}{
		{"idle", Fault{Kind: "idle"}},
		{"freeze,at=1,for=500ms", Fault{Kind: "freeze", At: 1, For: 0.5}},
		{"slow-reader,size=1MiB,connections=3,at=2", Fault{Kind: "slow-reader", At: 2, With: map[string]any{"size": 1048576.0, "connections": 3.0}}},
		{"oversized,announce=4294967295", Fault{Kind: "oversized", With: map[string]any{"announce": 4294967295.0}}},
		{"loss,share=0.01", Fault{Kind: "loss", With: map[string]any{"share": 0.01}}},
		{"blackhole,size=0", Fault{Kind: "blackhole", With: map[string]any{"size": 0.0}}},
	} {
		if got, err := ParseFault(c.text, 5); err != nil || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %+v, %v: want %+v", c.text, got, err, c.want)
		}
	}
	for text, want := range map[string]string{
		"":                       `"" is no kind of fault: there are idle, slow-reader, `,
		"flod":                   `"flod" is no kind of fault: there are idle, slow-reader, `,
		"flood,connections":      `flood: "connections": write it as name=value, like at=1`,
		"flood,connections=0":    `flood: connections: "0" is not allowed: it takes a whole number from 1 to 10000`,
		"flood,size=1":           `flood: "size" is no parameter: there are at, for, connections`,
		"freeze,at=5":            `freeze: at: "5" is not allowed: it takes a number from 0 to 4.9 seconds`,
		"freeze,at=1,for=0":      `freeze: for: "0" is not allowed: it takes a number from 0.1 to 5 seconds`,
		"oversized,announce=5Gi": `oversized: announce: "5Gi" is not allowed: it takes a whole number from 0 to 4294967295 bytes`,
		"loss,share=2":           `loss: share: "2" is not allowed: it takes a number from 0 to 1`,
	} {
		if _, err := ParseFault(text, 5); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%q: %v\nwant %s", text, err, want)
		}
	}
}

func TestAddFault(t *testing.T) {
	s := Spec{Seconds: 3, Windows: []telemetry.Window{{Name: "fd_limit"}}, Faults: []Fault{{ID: "idle"}}}
	before := s.Clone()
	for _, c := range []struct {
		fault Fault
		id    string
	}{
		{Fault{Kind: "idle", ID: "whatever"}, "idle_2"},
		{Fault{Kind: "idle", With: map[string]any{"connections": 5.0}}, "idle_3"},
		{Fault{Kind: "fd-limit", At: 1, For: 2, With: map[string]any{"files": 10}}, "fd_limit_2"},
	} {
		if id, err := s.Add(c.fault); id != c.id || err != nil {
			t.Errorf("%+v: %q, %v: want %s", c.fault, id, err, c.id)
		}
	}
	if last := s.Faults[3]; last.With["files"] != 10.0 || last.At != 1 || last.For != 2 {
		t.Errorf("added %+v", last)
	}
	if len(before.Faults) != 1 {
		t.Error("the clone has them too")
	}
	for want, f := range map[string]Fault{
		`"?" is no kind of fault: there are idle,`:                                       {Kind: "?"},
		`idle: at: "NaN" is not allowed`:                                                 {Kind: "idle", At: math.NaN()},
		`idle: for: "-1" is not allowed: it takes a number from 0.1 to 3 seconds`:        {Kind: "idle", For: -1},
		`idle: at 2 for 1.5 s it ends after the 3 s that are measured: begin earlier`:    {Kind: "idle", At: 2, For: 1.5},
		`idle: "files" is no parameter: there are at, for, connections`:                  {Kind: "idle", With: map[string]any{"files": 1.0}},
		`idle: "at" is no parameter: there are at, for, connections`:                     {Kind: "idle", With: map[string]any{"at": 1.0}},
		`idle: connections: "x" is not allowed: it takes a whole number from 1 to 10000`: {Kind: "idle", With: map[string]any{"connections": "x"}},
	} {
		if _, err := s.Add(f); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%+v: %v\nwant %s", f, err, want)
		}
	}
	for range maxFaults {
		s.Add(Fault{Kind: "hup"})
	}
	if _, err := s.Add(Fault{Kind: "hup"}); err == nil || !strings.Contains(err.Error(), "at most 20") {
		t.Errorf("one too many: %v", err)
	}
}

// TestFaultKinds: each default is allowed.
func TestFaultKinds(t *testing.T) {
	for _, k := range FaultKinds() {
		with := map[string]any{}
		for _, s := range k.Settings {
			with[s.Name] = s.Default
		}
		if _, err := (Fault{Kind: k.Name, With: with}).Check(1); err != nil {
			t.Error(err)
		}
	}
}
