//go:build !race

// With the race detector this takes many minutes; there are the ordeals of
// scheduler/sim for that.

package scheduler

import (
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"github.com/outpace/outpace/campaign"
	"github.com/outpace/outpace/dialer/ami"
	"github.com/outpace/outpace/dialer/asterisk"
	"github.com/outpace/outpace/dialer/pbxsim"
	"github.com/outpace/outpace/dlma"
	"github.com/outpace/outpace/plan"
	"github.com/outpace/outpace/predictor"
	"github.com/outpace/outpace/predictor/study"
	"github.com/outpace/outpace/results"
)

// shiftClose is how far the utilisation of the engine and that of the study may
// lie apart.
const shiftClose = 0.02

// TestShiftIsWhatTheStudySays plays a whole shift of a scenario twice: in the
// study, where there is nothing but the pacer, and in the engine on a simulated
// Asterisk, whose customers are drawn alike. What the engine and the protocol do
// around the pacer may cost hardly anything.
func TestShiftIsWhatTheStudySays(t *testing.T) {
	names := []string{"base-20"}
	if os.Getenv("OUTPACE_SHIFTS") != "" { // some minutes
		names = append(names, "base-100")
	}
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := shiftOf(t, name)
			want, err := study.Run(t.Context(), s, predictor.NewPredictive(), 1, nil)
			if err != nil {
				t.Fatal(err)
			}
			got := playShift(t, s)
			t.Logf("the engine: %s; the study: %.2f %% utilisation, %d dials, %d live, %.2f %% abandoned",
				got, 100*want.Utilisation, want.Dials, want.Answers, 100*want.WorstShift)
			if math.Abs(got.utilisation()-want.Utilisation) > shiftClose {
				t.Errorf("utilisation %.2f %%, the study says %.2f %%", 100*got.utilisation(), 100*want.Utilisation)
			}
			if float64(got.abandoned) > s.Target*float64(got.live) {
				t.Errorf("%d of %d live answers were abandoned", got.abandoned, got.live)
			}
		})
	}
}

// shiftOf is the first shift of a scenario. Its wrap-up is constant: an engine
// is told by the queue how long it lasts.
func shiftOf(t *testing.T, name string) study.Scenario {
	file, err := os.Open(filepath.Join("../predictor/study/testdata", name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	s, err := study.Read(file)
	if err != nil {
		t.Fatal(err)
	}
	s.Shifts, s.Wrap = 1, study.Times{Dist: "constant", Mean: 15}
	return s
}

// shift is what came of one.
type shift struct {
	dials, live, abandoned int
	busy, loggedIn         time.Duration // of all agents
}

func (s shift) utilisation() float64 { return s.busy.Seconds() / s.loggedIn.Seconds() }

func (s shift) String() string {
	return fmt.Sprintf("%.2f %% utilisation, %d dials, %d live, %.2f %% abandoned",
		100*s.utilisation(), s.dials, s.live, 100*float64(s.abandoned)/float64(s.live))
}

// add counts a call, as far as it was in the shift.
func (s *shift) add(r results.Result, end time.Time, wrapUp time.Duration) {
	s.dials++
	if r.Abandoned != nil && r.TmAnswer.Before(end) {
		s.live++
		if *r.Abandoned {
			s.abandoned++
		}
	}
	if r.TmAgent.IsZero() || !r.TmAgent.Before(end) {
		return
	}
	until := r.TmHangup.Add(wrapUp)
	if until.After(end) {
		until = end
	}
	s.busy += until.Sub(r.TmAgent)
}

// playShift plays the scenario's shift in the engine.
func playShift(t *testing.T, s study.Scenario) (got shift) {
	synctest.Test(t, func(t *testing.T) {
		w := shiftWorld{t: t, scenario: s, store: newShiftStore(s)}
		got = w.play()
	})
	return got
}

// shiftWorld is an engine and what it needs for a shift.
type shiftWorld struct {
	t        *testing.T
	scenario study.Scenario
	store    *shiftStore
}

func (w shiftWorld) play() shift {
	pipe := pbxsim.NewPipeListener()
	begin := time.Now()
	pbx, engine := w.pbx(pipe, begin), w.engine(pipe)
	ctx, stop := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { _ = pbx.Run(context.Background()) })
	running.Go(func() { _ = engine.Run(ctx) })

	pass(time.Duration(w.scenario.ShiftSeconds * float64(time.Second)))
	end := time.Now()
	if !w.store.userMoves("c", campaign.Move{From: []campaign.Status{campaign.Started}, To: campaign.Stopping}) {
		w.t.Fatal("the campaign was not stopped")
	}
	pass(time.Hour) // every talk ends
	stop()
	if err := pbx.Close(); err != nil {
		w.t.Error(err)
	}
	running.Wait()

	got := shift{loggedIn: time.Duration(w.scenario.Agents[0].N) * end.Sub(begin)}
	for _, r := range w.store.results {
		got.add(r, end, w.wrapUp())
	}
	return got
}

func (w shiftWorld) wrapUp() time.Duration {
	return time.Duration(w.scenario.Wrap.Mean * float64(time.Second))
}

// pbx has agents who answer at once, and the people of the scenario. Whoever is
// abandoned hangs up.
func (w shiftWorld) pbx(listener *pbxsim.PipeListener, begin time.Time) *pbxsim.Server {
	people := study.NewPeople(&w.scenario, 1)
	patience := time.Duration(w.scenario.Patience * float64(time.Second))
	queue := pbxsim.QueueConfig{Name: "sales", Strategy: "longest-idle"}
	for i := range w.scenario.Agents[0].N {
		queue.Members = append(queue.Members, pbxsim.MemberConfig{
			Interface: fmt.Sprintf("PJSIP/agent-%03d", i+1), Wrapup: w.wrapUp(), Answer: pbxsim.Fixed(0),
		})
	}
	pbx, err := pbxsim.New(pbxsim.Config{
		Listener: listener, Queues: []pbxsim.QueueConfig{queue},
		Customer: func(string) pbxsim.Fate {
			f := people.Next(time.Since(begin))
			switch {
			case f.Answered:
				return pbxsim.Fate{Does: pbxsim.Answers, After: f.Ring, Talk: f.Talk, Patience: patience + 50*time.Millisecond}
			case f.Ring < time.Duration(w.scenario.RingTimeout*float64(time.Second)):
				return pbxsim.Fate{Does: pbxsim.Busy, After: f.Ring}
			}
			return pbxsim.Fate{Does: pbxsim.NoAnswer}
		},
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return pbx
}

func (w shiftWorld) engine(pipe *pbxsim.PipeListener) *Engine {
	gateway, err := asterisk.New(asterisk.Config{Name: "pbx", AMI: ami.Config{
		Address: "pbx:5038", Username: "dialer", Secret: "secret", Dial: pipe.Dial,
	}})
	if err != nil {
		w.t.Fatal(err)
	}
	engine, err := New(Config{
		Store: w.store, Gateways: []Gateway{{Gateway: gateway, MaxCalls: 10_000, MaxCPS: 1000}},
		Log: &memLog{}, Host: "here", Holder: uuid.NewString(), Exclusive: true,
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return engine
}

// shiftStore is a memStore whose list has no end, and whose entries are called
// once: it makes them as they are claimed.
type shiftStore struct {
	*memStore
	made int
	day  results.Day
}

// newShiftStore has a campaign that runs.
func newShiftStore(s study.Scenario) *shiftStore {
	m := newMemStore()
	p := plan.Default()
	p.UUID, p.Mode, p.Tech, p.Trunk = "p", plan.ModePredictive, "PJSIP", "trunk"
	p.DialTimeout = time.Duration(s.RingTimeout * float64(time.Second))
	m.plans["p"] = p
	m.dests["d"] = campaign.Destination{UUID: "d", Type: campaign.TypeApplication, Application: "Queue", Data: "sales", InUse: true}
	m.lists["l"] = dlma.List{UUID: "l", InUse: true}
	m.campaigns["c"] = campaign.Campaign{UUID: "c", Status: campaign.Started, Plan: "p", Destination: "d", List: "l", InUse: true}
	return &shiftStore{memStore: m, day: results.Day{Date: time.Now().UTC().Format(time.DateOnly)}}
}

func (s *shiftStore) Claim(_ context.Context, _, lease string, p dlma.Pick,
	build func(dlma.Entry, int, int) results.Dialing) (list []results.Dialing, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for range p.Count {
		s.made++
		e := dlma.Entry{UUID: fmt.Sprint("e", s.made), List: "l", Number: [dlma.Numbers]string{fmt.Sprintf("0155%06d", s.made)}}
		d := build(e, 1, 1)
		d.Owner = lease
		s.open[d.UUID] = d
		list = append(list, d)
	}
	return list, nil
}

func (s *shiftStore) Outlook(_ context.Context, p dlma.Pick) (dlma.Outlook, error) {
	up := make([]dlma.Upcoming, p.Count)
	for i := range up {
		up[i].Number = 1
	}
	return dlma.Outlook{Ready: p.Count, Upcoming: up}, nil
}

func (s *shiftStore) Record(_ context.Context, lease string, rows []results.Dialing, ended []results.Result) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, d := range rows {
		if s.open[d.UUID].Owner == lease {
			s.open[d.UUID] = d
		}
	}
	for _, r := range ended {
		if _, ok := s.open[r.UUID]; ok {
			delete(s.open, r.UUID)
			s.results = append(s.results, r)
			if r.Abandoned != nil {
				s.day.Live++
				if *r.Abandoned {
					s.day.Abandoned++
				}
			}
		}
	}
	return nil
}

// Days has one day: a shift is over before midnight.
func (s *shiftStore) Days(context.Context, string, string) ([]results.Day, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return []results.Day{s.day}, nil
}
