package workshop

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// ok fails the test on an error.
func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestARestartKeepsHowTheClassStands(t *testing.T) {
	c, path := begin(t, Settings{})
	a, b := join(t, c, "가영").Person.ID, join(t, c, "Ben").Person.ID
	ok(t, c.Gather(&Here{Lesson: "epoll", Section: "drain"}))
	ok(t, c.SetGate("epoll", "fits"))
	ok(t, c.SetGate("framing", "one"))
	ok(t, c.SetGate("framing", ""))
	ok(t, c.ReleaseHints("epoll-edge", 2))
	for _, line := range []string{"10분 쉽니다", "Back at ten"} {
		_, err := c.Broadcast(line)
		ok(t, err)
	}
	ok(t, c.SetFollow(b, false))
	v, err := c.BeginVote("epoll/fits/reads")
	ok(t, err)
	ok(t, c.Answer(v.ID, a, "fewer"))
	ok(t, c.Answer(v.ID, a, "more"))
	ok(t, c.Answer(v.ID, b, 12.5))
	_, err = c.StepVote(v.ID, Close)
	ok(t, err)
	_, err = c.Raise(a, Hand{Text: "왜 멈췄나요?", Lesson: "epoll", Run: "r1", To: 41})
	ok(t, err)
	_, err = c.Raise(b, Hand{Text: "old"})
	ok(t, err)
	_, err = c.Lower(b)
	ok(t, err)
	_, err = c.Raise(b, Hand{Text: "new"})
	ok(t, err)
	_, err = c.Reply(b, Reply{Text: "Look at Recv-Q", Chart: "queues", T: 3, Note: 1})
	ok(t, err)

	type state struct {
		Lead    Lead
		Notes   []Note
		Votes   []Vote
		Ballots map[string]Ballot
		N       [2]int
		Hands   []Hand
		Follows [2]bool
	}
	now := func(c *Class) string {
		text, err := json.Marshal(state{c.Lead(), c.Notes(), c.Votes(), c.Ballots(v.ID), c.Answered(v.ID), c.Hands(), [2]bool{c.Follows(a), c.Follows(b)}})
		ok(t, err)
		return string(text)
	}
	before := now(c)
	ok(t, c.Close())
	c = again(t, path, Settings{})
	if after := now(c); after != before {
		t.Errorf("after the restart\n%s\nbefore\n%s", after, before)
	}
	if got := c.Ballot(v.ID, a); got.First != "more" || got.Second != nil {
		t.Errorf("the last answer counts: %+v", got)
	}
	if asked, err := c.Asked(b); err != nil || len(asked) != 2 || asked[0].State != Lowered || asked[1].Answer == nil {
		t.Errorf("what was asked: %+v, %v", asked, err)
	}
	if h, _ := c.Hand(a); h.From != 11 || h.To != 41 {
		t.Errorf("the window of 30 s: %+v", h)
	}
	// It goes on from there: newer answers than those of before are taken.
	_, err = c.StepVote(v.ID, Next)
	ok(t, err)
	ok(t, c.Answer(v.ID, a, "fewer"))
	if got := c.Ballot(v.ID, a); got.First != "more" || got.Second != "fewer" {
		t.Errorf("after the second vote: %+v", got)
	}
	_, err = c.Lower(a)
	ok(t, err)
	if hands := c.Hands(); len(hands) != 1 || hands[0].Person != b {
		t.Errorf("hands: %+v", hands)
	}
}

func TestVotesOnlyGoOn(t *testing.T) {
	for _, at := range []struct {
		state VoteState
		may   map[VoteStep]VoteState
	}{
		{Open1, map[VoteStep]VoteState{Close: Closed1}},
		{Closed1, map[VoteStep]VoteState{Next: Open2, Show: Shown}}, // the second may be left out
		{Open2, map[VoteStep]VoteState{Close: Closed2}},
		{Closed2, map[VoteStep]VoteState{Show: Shown}},
		{Shown, nil},
	} {
		for _, step := range []VoteStep{Close, Next, Show, "open", ""} {
			want, may := at.may[step]
			got, err := at.state.after(step)
			if may && (err != nil || got != want) || !may && !errors.Is(err, ErrVoteState) {
				t.Errorf("%s of %s: %s, %v", step, at.state, got, err)
			}
		}
	}
}

func TestAClosedVoteStaysClosed(t *testing.T) {
	c, path := begin(t, Settings{})
	a := join(t, c, "A").Person.ID
	v, err := c.BeginVote("epoll/fits/reads")
	ok(t, err)
	if _, err := c.BeginVote("epoll/fits/other"); !errors.Is(err, ErrVoteOpen) {
		t.Errorf("two open votes: %v", err)
	}
	ok(t, c.Answer(v.ID, a, "more"))
	_, err = c.StepVote(v.ID, Close)
	ok(t, err)
	ok(t, c.Close())
	c = again(t, path, Settings{})
	if err := c.Answer(v.ID, a, "fewer"); !errors.Is(err, ErrVoteClosed) {
		t.Errorf("a closed vote took an answer: %v", err)
	}
	_, err = c.StepVote(v.ID, Next)
	ok(t, err)
	ok(t, c.Answer(v.ID, a, "fewer")) // the second, which leaves the first as it is
	_, err = c.StepVote(v.ID, Close)
	ok(t, err)
	v, err = c.StepVote(v.ID, Show)
	ok(t, err)
	if err := c.Answer(v.ID, a, "same"); !errors.Is(err, ErrVoteClosed) {
		t.Errorf("a shown vote took an answer: %v", err)
	}
	v, err = c.Vote(v.ID)
	ok(t, err)
	want := &[2]Distribution{{N: 1, Choices: map[string]int{"more": 1}}, {N: 1, Choices: map[string]int{"fewer": 1}}}
	if !reflect.DeepEqual(v.Spread, want) {
		t.Errorf("spread: %+v", v.Spread)
	}
	for _, id := range []string{"", "0", "7", "x", "1/1", "99999999999999999999"} {
		if err := c.Answer(id, a, "more"); !errors.Is(err, ErrNoVote) {
			t.Errorf("vote %q: %v", id, err)
		}
	}
}

// Answers that come while the vote is being closed are refused or kept, and what was
// acknowledged is what the store has.
func TestAnswersThatRaceWithTheClosing(t *testing.T) {
	const all = 40
	c, path := begin(t, Settings{})
	var people []string
	for range all {
		people = append(people, join(t, c, "x").Person.ID)
	}
	v, err := c.BeginVote("epoll/fits/reads")
	ok(t, err)
	var taken atomic.Int64
	var voting sync.WaitGroup
	for i, id := range people {
		voting.Go(func() {
			switch err := c.Answer(v.ID, id, float64(i)); {
			case err == nil:
				taken.Add(1)
			case !errors.Is(err, ErrVoteClosed):
				t.Error(err)
			}
		})
		if i == all/2 {
			voting.Go(func() {
				if _, err := c.StepVote(v.ID, Close); err != nil {
					t.Error(err)
				}
			})
		}
	}
	voting.Wait()
	if n := c.Answered(v.ID)[0]; int64(n) != taken.Load() {
		t.Errorf("%d were acknowledged and %d are known", taken.Load(), n)
	}
	ok(t, c.Close())
	c = again(t, path, Settings{})
	if n := c.Answered(v.ID)[0]; int64(n) != taken.Load() {
		t.Errorf("%d were acknowledged and %d kept", taken.Load(), n)
	}
}

func TestNothingIsSaidOfAnswersUntilTheyAreShown(t *testing.T) {
	c, _ := begin(t, Settings{})
	a := join(t, c, "A").Person.ID
	v, err := c.BeginVote("epoll/fits/reads")
	ok(t, err)
	ok(t, c.Answer(v.ID, a, "sentinel"))
	for _, step := range []VoteStep{"", Close, Next, Close} {
		if step != "" {
			_, err := c.StepVote(v.ID, step)
			ok(t, err)
		}
		text, err := json.Marshal([]any{c.Votes(), c.Lead(), c.Notes()})
		ok(t, err)
		if strings.Contains(string(text), "sentinel") || strings.Contains(string(text), "spread") {
			t.Errorf("after %q it says %s", step, text)
		}
	}
	_, err = c.StepVote(v.ID, Show)
	ok(t, err)
	text, _ := json.Marshal(c.Votes())
	if !strings.Contains(string(text), `"sentinel":1`) || strings.Contains(string(text), a) {
		t.Errorf("shown: %s", text)
	}
}

func TestWhoIsForgottenIsInNoVoteAndNoRow(t *testing.T) {
	c, path := begin(t, Settings{})
	a, b := join(t, c, "A").Person.ID, join(t, c, "B").Person.ID
	v, err := c.BeginVote("epoll/fits/reads")
	ok(t, err)
	for _, id := range []string{a, b} {
		ok(t, c.Answer(v.ID, id, "more"))
		_, err := c.Raise(id, Hand{Text: "?"})
		ok(t, err)
	}
	_, left := c.Arrive(a)
	defer left()
	_, changed := c.WatchOwn(a)
	ok(t, c.Forget(a))
	select {
	case <-changed:
	default:
		t.Error("their pages were not told")
	}
	for range 2 {
		if n := c.Answered(v.ID); n != [2]int{1, 0} {
			t.Errorf("answers: %v", n)
		}
		if hands := c.Hands(); len(hands) != 1 || hands[0].Person != b {
			t.Errorf("hands: %+v", hands)
		}
		if _, there := c.Presence()[a]; there {
			t.Error("still present")
		}
		if err := c.Answer(v.ID, a, "more"); !errors.Is(err, ErrNoPerson) {
			t.Errorf("an answer of nobody: %v", err)
		}
		ok(t, c.Close())
		c = again(t, path, Settings{})
	}
}

func TestHands(t *testing.T) {
	c, _ := begin(t, Settings{})
	a, b := join(t, c, "A").Person.ID, join(t, c, "B").Person.ID
	for _, text := range []string{"", "  ", strings.Repeat("가", MaxSentence+1), "two\x00", "turn\u202eed"} {
		if _, err := c.Raise(a, Hand{Text: text}); !errors.Is(err, ErrSentence) {
			t.Errorf("%q: %v", text, err)
		}
	}
	if _, err := c.Lower(a); !errors.Is(err, ErrNoHand) {
		t.Errorf("lower what is down: %v", err)
	}
	if _, err := c.Reply(a, Reply{Text: "x"}); !errors.Is(err, ErrNoHand) {
		t.Errorf("answer what is down: %v", err)
	}
	first, err := c.Raise(a, Hand{Text: "first", Run: "r", To: 12})
	ok(t, err)
	if first.From != 0 || first.To != 12 {
		t.Errorf("a window before the run's beginning: %+v", first)
	}
	_, err = c.Raise(b, Hand{Text: "later"})
	ok(t, err)
	again, err := c.Raise(a, Hand{Text: "said better"})
	ok(t, err)
	if again.N != first.N || !again.At.Equal(first.At) || again.Run != "" {
		t.Errorf("one hand a person: %+v after %+v", again, first)
	}
	if hands := c.Hands(); len(hands) != 2 || hands[0].Person != a {
		t.Errorf("who waits longest is first: %+v", hands)
	}
	_, err = c.Reply(a, Reply{Text: "so"})
	ok(t, err)
	if hands := c.Hands(); len(hands) != 2 || hands[0].Person != b || hands[1].State != Answered {
		t.Errorf("who waits is before who was answered: %+v", hands)
	}
	next, err := c.Raise(a, Hand{Text: "and now?"})
	ok(t, err)
	if next.N != first.N+1 || next.Answer != nil {
		t.Errorf("the next question: %+v", next)
	}
}

func TestPresence(t *testing.T) {
	c, _ := begin(t, Settings{})
	a := join(t, c, "A").Person.ID
	at, left := c.Arrive(a)
	_, also := c.Arrive(a)
	at(Place{Lesson: "epoll", Section: "소진", Run: "2026-r"})
	at(Place{Lesson: "../etc"}) // a page says what it likes
	p := c.Presence()[a]
	if p.Pages != 2 || p.Place != (Place{Lesson: "epoll", Section: "소진", Run: "2026-r"}) {
		t.Errorf("present: %+v", p)
	}
	_, changed := c.WatchDesk()
	left()
	select {
	case <-changed:
		t.Error("one page of two tells nothing")
	default:
	}
	also()
	if p := c.Presence()[a]; p.Pages != 0 || p.Seen.IsZero() {
		t.Errorf("gone: %+v", p)
	}
	select {
	case <-changed:
	default:
		t.Error("the instructor was not told")
	}
}
