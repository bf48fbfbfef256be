package sim_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/outpace/outpace/campaign"
	"github.com/outpace/outpace/dialer/pbxsim"
	"github.com/outpace/outpace/dlma"
	"github.com/outpace/outpace/results"
	"github.com/outpace/outpace/scheduler/sim"
	"github.com/outpace/outpace/store"
)

// stepTime is how often the world is looked at.
const stepTime = 250 * time.Millisecond

// endLimit is how long after the last fault a campaign may take to its end.
const endLimit = 25 * time.Minute

// ordeal puts an engine through an ordeal and returns what was wrong and what
// has happened.
func ordeal(t *testing.T, o sim.Ordeal, change ...func(*world)) (wrong []string, trace string) {
	dir, err := os.MkdirTemp(fast(t), "ordeal") //nolint:usetesting // in memory, where that is possible
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	empty := template(t)
	synctest.Test(t, func(t *testing.T) {
		w := build(t, o, dir, empty)
		for _, c := range change {
			c(w)
		}
		w.play(t)
		wrong, trace = w.wrong, w.out.String()
	})
	return wrong, trace
}

func (w *world) play(t *testing.T) {
	var pbx, engines sync.WaitGroup
	pbx.Go(func() {
		if err := w.pbx.Run(context.Background()); err != nil {
			w.fail("PBX: %v", err)
		}
	})
	ctx, stop := context.WithCancel(context.Background())
	for slot := range w.o.Engines {
		engines.Go(func() { w.supervise(ctx, t, slot) })
	}
	todo := w.deeds()
	for i := 0; ; i++ {
		synctest.Wait()
		now := time.Since(w.began)
		for len(todo) > 0 && todo[0].at <= now {
			todo[0].do()
			todo = todo[1:]
		}
		w.check(i%4 == 0)
		if len(todo) == 0 && w.ended(ctx) {
			break
		}
		if now > sim.Horizon+endLimit {
			w.fail("the campaign does not end: %s", w.why())
			break
		}
		next := stepTime
		if len(todo) > 0 {
			next = min(next, todo[0].at-now)
		}
		pass(next)
	}
	pass(10 * time.Second) // for the last lines of the log
	stop()
	engines.Wait()
	if err := w.pbx.Close(); err != nil {
		w.fail("close the PBX: %v", err)
	}
	pbx.Wait()
	w.verdict()
	if err := w.store.Load().Close(); err != nil {
		w.fail("close the database: %v", err)
	}
}

// ended reports whether the campaign is at rest with nothing left to do. One
// that a user or the calendar has stopped before is started again.
func (w *world) ended(ctx context.Context) bool {
	s := w.store.Load()
	c, err := s.Campaign(ctx, w.campaign)
	if err != nil {
		w.fail("read the campaign: %v", err)
		return true
	}
	if c.Status != campaign.Stopped && c.Status != campaign.Paused {
		return false
	}
	if c.Reason == "The dial list has ended." {
		return true
	}
	if c.Calendar.Open(w.clock.Now()) {
		w.start()
	}
	return false
}

func (w *world) why() string {
	s := w.store.Load()
	c, err := s.Campaign(context.Background(), w.campaign)
	live, _, err2 := s.Live(context.Background(), w.campaign)
	open, _, err3 := s.ListDialings(context.Background(), "", 100)
	return fmt.Sprintf("status %d, why %q, %d calls open, %v", c.Status, live.Why, len(open), errors.Join(err, err2, err3))
}

// check looks at what must hold at any time.
func (w *world) check(rows bool) {
	calls := w.pbx.Calls()
	numbers := map[string]bool{}
	for _, c := range calls {
		if numbers[c.Number] {
			w.fail("two calls to %s live at once", c.Number)
		}
		numbers[c.Number] = true
	}
	if len(calls) > w.o.MaxCalls || w.o.PlanCalls > 0 && len(calls) > w.o.PlanCalls {
		w.fail("%d calls live, max_calls is %d, the plan's %d", len(calls), w.o.MaxCalls, w.o.PlanCalls)
	}
	if !rows || len(calls) == 0 {
		return
	}
	open, _, err := w.store.Load().ListDialings(context.Background(), "", 1000)
	if err != nil {
		return // it is just being opened anew
	}
	still := w.pbx.Calls()
	for _, c := range calls {
		same := func(o pbxsim.Call) bool { return o.ID == c.ID }
		if slices.ContainsFunc(still, same) && !slices.ContainsFunc(open, func(d results.Dialing) bool { return d.UUID == c.ID }) {
			w.fail("the call %s lives, and the database does not know it any more", c.ID)
		}
	}
}

// verdict judges the whole ordeal.
func (w *world) verdict() {
	ctx, s := context.Background(), w.store.Load()
	e, err := w.evidence(ctx, s)
	if err != nil {
		w.fail("gather the evidence: %v", err)
		return
	}
	for _, text := range sim.Judge(w.o, e) {
		w.fail("%s", text)
	}
	for _, text := range sim.Timely(w.o, e, w.stops, false) {
		w.fail("%s", text)
	}
	w.say("%d originates, %d results: %v", len(e.Originates), len(e.Results), e.Tally.By)
	for _, r := range e.Results {
		w.say("result %s", r.AppendLine(nil))
	}
}

func (w *world) evidence(ctx context.Context, s *store.Store) (e sim.Evidence, err error) {
	for _, o := range w.pbx.Originates() {
		e.Originates = append(e.Originates, sim.Originate{Call: o.ChannelID, Number: o.Number, At: o.At, Accepted: o.Accepted, Answered: o.Answered})
	}
	var errs [6]error
	e.Results, _, errs[0] = s.Results(ctx, results.Query{Count: 100_000})
	e.Entries, _, errs[1] = s.ListEntries(ctx, dlma.Query{List: w.list, Count: 1000})
	e.Tally, errs[2] = s.Tally(ctx, w.campaign)
	e.Breaks = slices.Concat(w.starts, w.leases.Terms())
	open, _, err := s.ListDialings(ctx, "", 1000)
	e.Open, errs[3] = len(open), err
	e.Campaign, errs[4] = s.Campaign(ctx, w.campaign)
	var paths []string
	for slot := range w.o.Engines {
		paths = append(paths, w.logPath(slot))
	}
	var wrong []string
	e.Lines, wrong, errs[5] = sim.Logs(w.o, paths...)
	for _, text := range wrong {
		w.fail("%s", text)
	}
	return e, errors.Join(errs[:]...)
}

// fast is a folder in memory where there is one: a crash is the closing of
// files here, so that nothing has to reach a disk.
func fast(t *testing.T) string {
	const memory = "/dev/shm"
	if info, err := os.Stat(memory); err == nil && info.IsDir() {
		return memory
	}
	return t.TempDir()
}

// template is an empty database with its schema, made once.
var template = func() func(t *testing.T) []byte {
	var once sync.Once
	var text []byte
	var failed error
	return func(t *testing.T) []byte {
		once.Do(func() {
			path := filepath.Join(t.TempDir(), "empty.db")
			var s *store.Store
			if s, failed = store.Open(context.Background(), "sqlite:"+path, store.Options{}); failed != nil {
				return
			}
			if failed = s.Close(); failed == nil {
				text, failed = os.ReadFile(path)
			}
		})
		if failed != nil {
			t.Fatal(failed)
		}
		return text
	}
}()

// pass lets virtual time go by.
func pass(d time.Duration) { <-time.After(d) }
