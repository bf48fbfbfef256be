package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/outpace/outpace/dialer/pbxsim"
)

// The calls that the gateway of a siege may have open and place in a second.
const (
	siegeCalls = 60
	siegeCPS   = 60
)

// siege is a server that is harmed again and again while it dials, with what
// it dials through and whom.
type siege struct {
	*process

	t         *testing.T
	dice      *rand.Rand
	sim       *pbxsim.Server   // of the default gateway
	sims      []*pbxsim.Server // of all
	campaigns []besieged
	aside     []string       // earlier result files, in order
	strikes   map[string]int // what the harms have done
	ringing   int            // calls at the kills that nobody had answered
	// When nobody saw what the PBX did. What could be seen may not be unknown; nil
	// where it is not known what could.
	blind []blind
	// Of a real PBX: what it was seen to be asked for, and how more people are
	// brought; nil for simulated ones.
	seen func() []pbxsim.OriginateRecord
	more func()
}

// besieged is a campaign under siege.
type besieged struct {
	uuid, list string
	people     int
	endless    bool // who is called talks until he is told to end
}

// newSim runs a PBX with agents enough until the test ends.
func newSim(t *testing.T) *pbxsim.Server {
	t.Helper()
	return newSimOn(t, pbxsim.Config{})
}

// newSimOn is newSim of a PBX that is made differently.
func newSimOn(t *testing.T, config pbxsim.Config) *pbxsim.Server {
	t.Helper()
	config.TimeScale, config.Seed, config.Secret = 20, 1, "sim-secret"
	config.Queues = []pbxsim.QueueConfig{simQueue("sales", 0, 30, 0)}
	sim, err := pbxsim.New(config)
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- sim.Run(context.Background()) }()
	t.Cleanup(func() {
		if err := sim.Close(); err != nil {
			t.Error(err)
		}
		<-ended
	})
	return sim
}

// prepared is a siege whose server has not begun.
func prepared(t *testing.T) *siege {
	t.Helper()
	return preparedFor(t, newSim(t))
}

func preparedFor(t *testing.T, sim *pbxsim.Server) *siege {
	t.Helper()
	seed := rand.Uint64()
	t.Logf("the dice begin with %d", seed)
	return &siege{t: t, sim: sim, sims: []*pbxsim.Server{sim}, dice: rand.New(rand.NewPCG(seed, 0))}
}

// serve begins the server.
func (s *siege) serve(database string, env ...string) {
	s.t.Helper()
	s.process = newProcess(s.t, database, env...)
	s.awaitReady()
}

func newSiege(t *testing.T, database string) *siege {
	t.Helper()
	s := prepared(t)
	s.serve(database, reachPBX(s.sim.Addr())...)
	return s
}

// people makes and starts a campaign with n people who have two numbers each.
func (s *siege) people(n int, plan map[string]any) besieged {
	s.t.Helper()
	fields := map[string]any{"dial_timeout": 3000, "retry_delay": 1, "max_retry_cnt_1": 2}
	maps.Copy(fields, plan)
	b := besieged{uuid: s.campaign(fields), people: n}
	var c struct {
		List string `json:"dlma"`
	}
	s.get("/ob/campaigns/"+b.uuid, &c)
	b.list = c.List
	for i := range n {
		var numbers [2]string
		for k := range numbers {
			// Most answer and talk; the others are busy, silent, congested, gone, or hang up at once.
			kind := []string{"129", "119", "129", "111", "200", "300", "400", "600", "500"}[s.dice.IntN(9)]
			numbers[k] = fmt.Sprintf("%s%d%06d%d", kind, len(s.campaigns), i, k)
		}
		s.post(onceEntry, map[string]any{"dlma_uuid": b.list, "ukey": fmt.Sprint("person ", i), "number_1": numbers[0], "number_2": numbers[1]})
	}
	s.campaigns = append(s.campaigns, b)
	s.status(b.uuid, 1)
	return b
}

// originates are the requests that all PBXs have looked at, the oldest first.
func (s *siege) originates() []pbxsim.OriginateRecord {
	if s.seen != nil {
		return s.seen()
	}
	var all []pbxsim.OriginateRecord
	for _, sim := range s.sims {
		all = append(all, sim.Originates()...)
	}
	slices.SortStableFunc(all, func(a, b pbxsim.OriginateRecord) int { return a.At.Compare(b.At) })
	return all
}

// wait waits for d.
func (s *siege) wait(d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	<-t.C
	for _, sim := range s.sims {
		if n := len(sim.Calls()); n > siegeCalls {
			s.t.Errorf("%d calls are up, at most %d may be", n, siegeCalls)
		}
	}
}

// soon waits for a random time up to most.
func (s *siege) soon(most time.Duration) { s.wait(time.Duration(s.dice.Int64N(int64(most)))) }

// endure has a campaign dialed while the server is harmed n times, waits for
// the campaign's end and judges. What it has seen is told.
func (s *siege) endure(people, n int, harm func()) {
	s.t.Helper()
	s.people(people, nil)
	s.harmed(n, harm)
}

// harmed harms the server n times, waits for the end and judges.
func (s *siege) harmed(n int, harm func()) {
	s.t.Helper()
	s.harm(n, harm)
	s.finish(n)
}

// harm harms the server n times while calls are placed. Of each harm something
// has to be noted with struck, unless the PBX is a real one.
func (s *siege) harm(n int, harm func()) {
	s.t.Helper()
	for i := range n {
		s.flow()
		s.soon(1500 * time.Millisecond)
		s.t.Logf("harmed after %d calls", len(s.originates()))
		before := s.sumStrikes()
		harm()
		if s.seen == nil && s.sumStrikes() == before {
			s.t.Errorf("harm %d did not strike", i+1)
		}
	}
}

// finish waits for the end of all campaigns and judges.
func (s *siege) finish(harms int) {
	s.t.Helper()
	for _, b := range s.campaigns {
		s.awaitEnd(b.uuid)
	}
	s.awaitLog()
	tell(s.t, "harmed %s: %s; %s", times(harms), s.judgeStrikes(), s.judge())
}

func times(n int) string {
	if n == 1 {
		return "once"
	}
	return fmt.Sprint(n, " times")
}

// awaitEnd waits until the campaign has ended, as long as there is progress.
func (s *siege) awaitEnd(campaign string) {
	s.t.Helper()
	const patience = 100 * time.Second // a silent link is given up after 30 s, a call that is lost then after 13 s more
	done, since := 0, time.Now()
	for {
		var now struct {
			Status int `json:"status"`
		}
		var counts stats
		err := errors.Join(s.do(s.t.Context(), http.MethodGet, "/ob/campaigns/"+campaign, nil, &now),
			s.do(s.t.Context(), http.MethodGet, "/ob/campaigns/"+campaign+"/stats", nil, &counts))
		switch {
		case err == nil && now.Status == 0:
			return
		case err == nil && counts.dialed() > done:
			done, since = counts.dialed(), time.Now()
		case time.Since(since) > patience:
			s.t.Fatalf("the campaign is at %d and does not go on; why: %s; %+v, %v", now.Status, either(counts.Why, "null"), counts, err)
		}
		s.wait(100 * time.Millisecond)
	}
}

// awaitLog waits until the log has all results, which it gets after the table.
func (s *siege) awaitLog() {
	s.t.Helper()
	eventually(s.t, func() string {
		want := 0
		for _, b := range s.campaigns {
			var counts stats
			s.get("/ob/campaigns/"+b.uuid+"/stats", &counts)
			want += counts.dialed()
		}
		if got := strings.Count(s.log(), "\n"); got < want {
			return fmt.Sprintf("the log has %d results, the table %d", got, want)
		}
		return ""
	})
}

// flow waits until calls are being placed; where all have been, it brings more
// people.
func (s *siege) flow() {
	s.t.Helper()
	from := s.calls()
	eventually(s.t, func() string {
		if s.calls() > from {
			return ""
		}
		return "no calls are placed" + s.topUp()
	})
}

// topUp brings more people where all have been called, and says so.
func (s *siege) topUp() string {
	s.t.Helper()
	for _, b := range s.campaigns {
		if b.endless {
			continue
		}
		var now struct {
			Status int `json:"status"`
		}
		if err := s.do(s.t.Context(), http.MethodGet, "/ob/campaigns/"+b.uuid, nil, &now); err != nil || now.Status != 0 {
			return fmt.Sprintf(": a campaign is at %d, %v", now.Status, err)
		}
	}
	if s.more != nil {
		s.more()
	} else {
		s.people(crowd, nil)
	}
	return ": all had been called"
}

// calls are how many calls have been asked for.
func (s *siege) calls() int { return len(s.originates()) }

// awaitCalls waits until so many more have been asked for.
func (s *siege) awaitCalls(more int) {
	s.t.Helper()
	from := s.calls()
	eventually(s.t, func() string {
		if n := s.calls() - from; n < more {
			return fmt.Sprintf("%d more calls, want %d", n, more)
		}
		return ""
	})
}
