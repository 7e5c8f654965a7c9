package workshop

import (
	"bytes"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	bolt "go.etcd.io/bbolt"
)

var (
	here  = netip.MustParseAddr("192.0.2.1")
	there = netip.MustParseAddr("198.51.100.7")
)

func begin(t *testing.T, s Settings) (*Class, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), File)
	return again(t, path, s), path
}

func again(t *testing.T, path string, s Settings) *Class {
	t.Helper()
	if s.Name == "" {
		s.Name = "Sockets"
	}
	c, err := Open(path, s)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func join(t *testing.T, c *Class, name string) Welcome {
	t.Helper()
	w, err := c.Join(here, c.Door().Code, name)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func TestManyJoinAtOnceAndARestartKeepsThem(t *testing.T) {
	const all = 200
	c, path := begin(t, Settings{Seats: all})
	came := make([]Welcome, all)
	var joining sync.WaitGroup
	for i := range came {
		joining.Go(func() {
			w, err := c.Join(here, strings.ToLower(c.Door().Code), "민수")
			if err != nil {
				t.Error(err)
			}
			came[i] = w
		})
	}
	joining.Wait()
	if _, err := c.Join(here, c.Door().Code, "one more"); !errors.Is(err, ErrFull) {
		t.Errorf("a seat too many: %v", err)
	}
	c.Close() // nothing is written here: what was acknowledged must be there

	c = again(t, path, Settings{Seats: all})
	names := map[string]bool{}
	for _, w := range came {
		p, err := c.Who(w.Token)
		if err != nil || p.ID != w.Person.ID || p.Name != w.Person.Name {
			t.Fatalf("after a restart %v, %v; joined %v", p, err, w.Person)
		}
		names[p.Name] = true
	}
	if len(names) != all || !names["민수"] || !names["민수 200"] {
		t.Errorf("%d names for %d people", len(names), all)
	}
}

func TestSecretsAreOnDiskAsHashesOnly(t *testing.T) {
	c, path := begin(t, Settings{})
	w := join(t, c, "Ada")
	back, err := c.Resume(here, w.Resume)
	if err != nil {
		t.Fatal(err)
	}
	renewed, err := c.Renew(w.Person.ID)
	if err != nil {
		t.Fatal(err)
	}
	c.Close()
	stored, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for what, s := range map[string]string{"a token": w.Token, "another device's token": back.Token, "a resume code": w.Resume, "a resume code as it is hashed": typed(w.Resume), "the renewed one": typed(renewed)} {
		if bytes.Contains(stored, []byte(s)) {
			t.Errorf("%s is in the file", what)
		}
	}
	hash := secretOf(w.Token)
	if !bytes.Contains(stored, hash[:]) || !bytes.Contains(stored, []byte("Ada")) {
		t.Error("what was looked for would not have been found")
	}
	if info, _ := os.Stat(path); info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v", info.Mode())
	}
}

func TestComingBack(t *testing.T) {
	c, path := begin(t, Settings{})
	w := join(t, c, "Ada")
	if err := c.CloseDoor(); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Join(there, c.Door().Code, "Bob"); !errors.Is(err, ErrDoor) {
		t.Errorf("through a closed door: %v", err)
	}
	var devices []Welcome
	for range maxTokens {
		back, err := c.Resume(there, strings.ToLower(strings.ReplaceAll(w.Resume, "-", " ")))
		if err != nil || back.Person.ID != w.Person.ID {
			t.Fatalf("%v, %v", back.Person, err)
		}
		devices = append(devices, back)
	}
	if _, err := c.Who(w.Token); !errors.Is(err, ErrNoPerson) {
		t.Errorf("the first of %d devices is still signed in: %v", maxTokens+1, err)
	}
	renewed, err := c.Renew(w.Person.ID)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Resume(there, w.Resume); !errors.Is(err, ErrCode) {
		t.Errorf("the old code: %v", err)
	}
	c.Close()
	c = again(t, path, Settings{})
	if !c.Door().Closed {
		t.Error("a restart opened the door")
	}
	for _, d := range devices {
		if _, err := c.Who(d.Token); err != nil {
			t.Errorf("a device was signed out: %v", err)
		}
	}
	if _, err := c.Resume(there, renewed); err != nil {
		t.Errorf("the renewed code: %v", err)
	}
}

func TestRemovedRenamedReadmitted(t *testing.T) {
	c, path := begin(t, Settings{Seats: 2})
	a, b := join(t, c, "Ada"), join(t, c, "Bob")
	if p, err := c.Rename(b.Person.ID, " ada "); err != nil || p.Name != "ada 2" {
		t.Errorf("renamed to %q, %v", p.Name, err)
	}
	if p, err := c.Rename(a.Person.ID, "Ada"); err != nil || p.Name != "Ada" {
		t.Errorf("one's own name is free: %q, %v", p.Name, err)
	}
	if _, err := c.Remove(a.Person.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Who(a.Token); !errors.Is(err, ErrRemoved) {
		t.Errorf("who was removed is in: %v", err)
	}
	if _, err := c.Resume(here, a.Resume); !errors.Is(err, ErrRemoved) {
		t.Errorf("who was removed came back: %v", err)
	}
	join(t, c, "Cyd")
	if _, err := c.Readmit(a.Person.ID); !errors.Is(err, ErrFull) {
		t.Errorf("readmitted to a seat that was given away: %v", err)
	}
	c.Close()
	c = again(t, path, Settings{Seats: 3})
	if _, err := c.Who(a.Token); !errors.Is(err, ErrRemoved) {
		t.Errorf("a restart let somebody in: %v", err)
	}
	if _, err := c.Readmit(a.Person.ID); err != nil {
		t.Error(err)
	}
	if p, err := c.Who(a.Token); err != nil || p.Name != "Ada" {
		t.Errorf("readmitted: %v, %v", p, err)
	}
	if _, err := c.Remove("nobody"); !errors.Is(err, ErrNoPerson) {
		t.Error(err)
	}
}

func TestForgettingLeavesNothing(t *testing.T) {
	c, path := begin(t, Settings{})
	w, other := join(t, c, "Ada Lovelace"), join(t, c, "Bob")
	key := []byte("note")
	if err := c.Own(w.Person.ID, func(b *bolt.Bucket) error { return b.Put(key, []byte("a secret thought")) }); err != nil {
		t.Fatal(err)
	}
	if err := c.Forget(w.Person.ID); err != nil {
		t.Fatal(err)
	}
	if err := c.Own(w.Person.ID, func(b *bolt.Bucket) error { return b.Put(key, []byte("too late")) }); !errors.Is(err, ErrNoPerson) {
		t.Errorf("something is kept of who was forgotten: %v", err)
	}
	for range 2 {
		if _, err := c.Who(w.Token); !errors.Is(err, ErrNoPerson) {
			t.Errorf("%v", err)
		}
		if _, err := c.Resume(here, w.Resume); !errors.Is(err, ErrCode) {
			t.Errorf("%v", err)
		}
		if known, err := c.Knows(w.Person.ID); known || err != nil {
			t.Errorf("%v, %v", known, err)
		}
		if _, err := c.Who(other.Token); err != nil {
			t.Errorf("the other one: %v", err)
		}
		c.Close()
		c = again(t, path, Settings{})
	}
	if err := c.Forget(w.Person.ID); !errors.Is(err, ErrNoPerson) {
		t.Errorf("twice: %v", err)
	}
}

func TestAnotherNameIsAnotherClass(t *testing.T) {
	c, path := begin(t, Settings{Name: "Monday"})
	w, code := join(t, c, "Ada"), c.Door().Code
	c.Close()
	c = again(t, path, Settings{Name: "Tuesday"})
	if _, err := c.Who(w.Token); !errors.Is(err, ErrNoPerson) || c.Door().Code == code {
		t.Errorf("Monday's people are in on Tuesday: %v", err)
	}
	if known, _ := c.Knows(w.Person.ID); !known {
		t.Error("Monday's class is gone")
	}
	c.Close()
	c = again(t, path, Settings{Name: "monday"})
	if _, err := c.Who(w.Token); err != nil || c.Door().Code != code {
		t.Errorf("back on Monday: %v", err)
	}
}

func TestDaysAreKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, path := begin(t, Settings{Name: "Monday", Keep: 3})
		w := join(t, c, "Ada")
		c.Close()
		c = again(t, path, Settings{Name: "Tuesday", Keep: 10})
		join(t, c, "Bob")
		time.Sleep(71 * time.Hour)
		if err := c.Expire(); err != nil {
			t.Fatal(err)
		}
		if known, _ := c.Knows(w.Person.ID); !known {
			t.Error("deleted before its days were over")
		}
		time.Sleep(2 * time.Hour)
		if err := c.Expire(); err != nil {
			t.Fatal(err)
		}
		if known, _ := c.Knows(w.Person.ID); known {
			t.Error("kept longer than was said")
		}
		time.Sleep(5 * 24 * time.Hour)
		cyd := join(t, c, "Cyd") // and the class is kept from now on
		time.Sleep(8 * 24 * time.Hour)
		if err := c.Expire(); err != nil || len(c.People()) != 2 {
			t.Errorf("%v, %v", c.People(), err)
		}
		time.Sleep(3 * 24 * time.Hour)
		if err := c.Expire(); err != nil || len(c.People()) != 0 {
			t.Errorf("%v, %v", c.People(), err)
		}
		if _, err := c.Who(cyd.Token); !errors.Is(err, ErrNoPerson) {
			t.Error(err)
		}
		join(t, c, "Dan")
		c.Close()
		time.Sleep(11 * 24 * time.Hour)
		if people, err := Expire(path); err != nil || len(people) != 0 {
			t.Fatal(people, err)
		}
		c = again(t, path, Settings{Name: "Tuesday"})
		if len(c.People()) != 0 {
			t.Error("nobody served it, and it was kept")
		}
		c.Close()
	})
}

func TestGuessingGetsInNowhereAndLocksNobodyOut(t *testing.T) {
	c, _ := begin(t, Settings{})
	w := join(t, c, "Ada")
	var tooMany *TooMany
	refused := 0
	for i := range 100_000 {
		code := fmt.Sprintf("%06d", i)
		if _, err := c.Join(there, code, "Mallory"); errors.As(err, &tooMany) {
			refused++
		} else if !errors.Is(err, ErrCode) {
			t.Fatalf("%s: %v", code, err)
		}
		if _, err := c.Resume(there, code+code); !errors.Is(err, ErrCode) && !errors.As(err, &tooMany) {
			t.Fatalf("%s: %v", code, err)
		}
		if _, err := c.Who(code); !errors.Is(err, ErrNoPerson) {
			t.Fatalf("%s: %v", code, err)
		}
	}
	if refused < 99_000 {
		t.Errorf("only %d of 100,000 guesses were held up", refused)
	}
	if _, err := c.Join(there, c.Door().Code, "Bob"); !errors.As(err, &tooMany) {
		t.Errorf("a right code is as slow as a wrong one, there: %v", err)
	}
	if _, err := c.Join(there, c.Door().Link, "Bob"); err != nil {
		t.Errorf("the link, behind the same address as who guesses: %v", err)
	}
	if _, err := c.Resume(there, w.Resume); err != nil {
		t.Errorf("coming back, behind the same address: %v", err)
	}
	if _, err := c.Who(w.Token); err != nil {
		t.Error(err)
	}
	for i := range 10_000 { // from ever other networks
		from := netip.AddrFrom16([16]byte{0x20, 1, 0xd, 0xb8, byte(i >> 8), byte(i)})
		c.Join(from, "222222", "Mallory")
	}
	if _, err := c.Join(here, c.Door().Code, "Cyd"); err != nil {
		t.Errorf("who never guessed: %v", err)
	}
}

func TestAddressesOfOneNetworkAreOne(t *testing.T) {
	for _, tt := range []struct {
		a, b string
		same bool
	}{
		{"2001:db8::1", "2001:db8::ffff:2", true},
		{"2001:db8::1", "2001:db8:0:1::1", false},
		{"::ffff:192.0.2.1", "192.0.2.1", true},
		{"192.0.2.1", "192.0.2.2", false},
		{"fe80::1%eth0", "fe80::2%eth1", true},
	} {
		if same := origin(netip.MustParseAddr(tt.a)) == origin(netip.MustParseAddr(tt.b)); same != tt.same {
			t.Errorf("%s, %s: %v", tt.a, tt.b, same)
		}
	}
}

func TestWaitingHelps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _ := begin(t, Settings{})
		for range wrongAtOnce {
			if _, err := c.Join(here, "WRONGS", "Ada"); !errors.Is(err, ErrCode) {
				t.Fatal(err)
			}
		}
		_, err := c.Join(here, c.Door().Code, "Ada")
		var tooMany *TooMany
		if !errors.As(err, &tooMany) || tooMany.Wait > wrongEvery {
			t.Fatal(err)
		}
		time.Sleep(tooMany.Wait)
		join(t, c, "Ada")
		c.Close()
	})
}

func TestNames(t *testing.T) {
	for _, tt := range []struct{ in, out, why string }{
		{"  Ada   Lovelace ", "Ada Lovelace", "spaces"},
		{"김 철수", "김 철수", "Hangul"},
		{"محمد", "محمد", "written from right to left"},
		{"🦆", "🦆", "a duck"},
		{strings.Repeat("가", 40), strings.Repeat("가", 40), "as long as may be"},
		{strings.Repeat("가", 41), "", "too long"},
		{"", "", "none"},
		{" \t\n ", "", "nothing but space"},
		{"a\u202eb", "", "it turns what follows"},
		{"a\u2066b", "", "an isolate that never ends"},
		{"a\x00b", "", "a control character"},
		{"a\u200bb", "", "nothing is seen of it"},
		{"\u3164", "", "the Hangul filler, which looks like no name"},
		{"a\xff", "", "not UTF-8"},
	} {
		if got, err := checkName(tt.in, maxName); got != tt.out || (err != nil) != (tt.out == "") {
			t.Errorf("%q: %q, %v: %s", tt.in, got, err, tt.why)
		}
	}
	if got := numbered(strings.Repeat("x", 40), 12); got != strings.Repeat("x", 37)+" 12" {
		t.Errorf("%q", got)
	}
}

func TestWatchersNeverHoldTheWriterUp(t *testing.T) {
	c, _ := begin(t, Settings{})
	before, changed := c.Watch()
	w := join(t, c, "Ada")
	select {
	case <-changed:
	default:
		t.Fatal("nobody was told")
	}
	now, next := c.Watch()
	if now == before {
		t.Error("the version stays")
	}
	if _, err := c.Rename(w.Person.ID, "Bob"); err != nil { // nobody reads meanwhile
		t.Fatal(err)
	}
	if err := c.NewCode(); err != nil {
		t.Fatal(err)
	}
	<-next
	if people := c.People(); len(people) != 1 || people[0].Name != "Bob" {
		t.Errorf("%v", people)
	}
}

func TestSettingsAreBounded(t *testing.T) {
	for _, s := range []Settings{{Name: ""}, {Name: "x", Seats: -1}, {Name: "x", Seats: MaxSeats + 1}, {Name: "x", Keep: -1}, {Name: "x", Keep: MaxKeep + 1}, {Name: "a\u202eb"}} {
		if c, err := Open(filepath.Join(t.TempDir(), File), s); err == nil {
			c.Close()
			t.Errorf("%+v", s)
		}
	}
}

func FuzzTyped(f *testing.F) {
	f.Add("7q4-kdm")
	f.Fuzz(func(t *testing.T, s string) {
		if got := typed(s); typed(got) != got || strings.Trim(got, letters) != "" {
			t.Errorf("%q: %q", s, got)
		}
	})
}

func TestACertificateIsKeptWhileItIsGood(t *testing.T) {
	path := filepath.Join(t.TempDir(), CertificateFile)
	hosts := []string{"localhost", "127.0.0.1", "::1"}
	first, err := Certificate(path, hosts)
	if err != nil {
		t.Fatal(err)
	}
	if info, _ := os.Stat(path); info.Mode().Perm() != 0o600 {
		t.Errorf("its key can be read: %v", info.Mode())
	}
	again, err := Certificate(path, hosts[:2])
	if err != nil || Fingerprint(again) != Fingerprint(first) || len(Fingerprint(first)) != 32*3-1 {
		t.Errorf("%s, then %s, %v", Fingerprint(first), Fingerprint(again), err)
	}
	moved, err := Certificate(path, append(hosts, "192.0.2.7"))
	if err != nil || Fingerprint(moved) == Fingerprint(first) || moved.Leaf.VerifyHostname("192.0.2.7") != nil {
		t.Errorf("the machine has another address: %v", err)
	}
	if err := os.WriteFile(path, []byte("not PEM"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Certificate(path, hosts); err != nil {
		t.Errorf("a broken file: %v", err)
	}
}
