package hostedsim

import (
	"context"
	"math/rand/v2"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/google/uuid"
)

// Call is one call of the world. Times are by our clock; World.Clock turns
// them into the PBX's. Zero times have not come.
type Call struct {
	N       int    // 1, 2, ... in the order of placing
	ID      string // the PBX's name for it, a uuid
	SIPID   string // a name of another kind
	Exten   string
	Number  string
	Options map[string]string // whatever else the request said

	Begun, AgentUp, Answered, Ended time.Time

	End    End  // how it ends, or ended
	Hung   bool // ended by World.Hangup
	Logged bool // its row can be read
}

// Seconds is how long the call took, as a PBX counts: whole seconds, begun ones too.
func (c Call) Seconds() int { return seconds(c.Begun, c.Ended) }

// TalkSeconds is the same from the answer on; 0 if there was none.
func (c Call) TalkSeconds() int {
	if c.Answered.IsZero() {
		return 0
	}
	return max(1, seconds(c.Answered, c.Ended))
}

func seconds(from, to time.Time) int {
	if to.IsZero() {
		return 0
	}
	return int((to.Sub(from) + time.Second - 1) / time.Second)
}

// Agent is one agent now.
type Agent struct {
	AgentConfig

	LoggedIn   bool
	Registered bool
	Elsewhere  bool  // in a call that is not ours
	Call       *Call // the call that he is in; nil = none
}

// Stage is a step of a call.
type Stage int

// The steps.
const (
	Began    Stage = iota // the agent's phone rings
	PickedUp              // the agent is there, the customer is called
	Talking               // the customer has answered
	Over                  // ended
	Logged                // its row is in the call log
)

// World is the PBX behind a simulator. Its methods may be called by several
// goroutines at once.
type World struct {
	cfg    Config
	zone   *time.Location
	ctx    context.Context //nolint:containedctx // the world's; calls end with it
	cancel context.CancelFunc
	wg     sync.WaitGroup

	mu       sync.Mutex
	agents   []*Agent
	calls    []*Call
	hangups  map[string]chan struct{} // of calls that run, by id
	faults   Faults
	chance   *rand.Rand
	watchers []func(Call, Stage)
	tokens   map[string]time.Time
	counts   map[string]int
}

// New makes a world in which nothing happens yet. Close ends it.
func New(cfg Config) *World {
	if cfg.Fate == nil {
		cfg.Fate = Numbers
	}
	if cfg.Unit <= 0 {
		cfg.Unit = time.Second
	}
	if cfg.TokenLife <= 0 {
		cfg.TokenLife = time.Hour
	}
	if cfg.Zone == nil {
		cfg.Zone = time.UTC
	}
	ctx, cancel := context.WithCancel(context.Background())
	w := &World{
		cfg: cfg, zone: cfg.Zone, ctx: ctx, cancel: cancel, hangups: map[string]chan struct{}{},
		chance: rand.New(rand.NewPCG(cfg.Seed, 1)), tokens: map[string]time.Time{}, counts: map[string]int{},
	}
	for _, a := range cfg.Agents {
		w.agents = append(w.agents, &Agent{AgentConfig: a, LoggedIn: true, Registered: true})
	}
	return w
}

// Close ends all calls without a row and waits for what is under way.
func (w *World) Close() {
	w.cancel()
	w.wg.Wait()
}

// Watch has f called at every step of every call. f may block for a short
// while; it must not call the world's Place or Close.
func (w *World) Watch(f func(Call, Stage)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.watchers = append(w.watchers, f)
}

// Zone is what the PBX writes local times in.
func (w *World) Zone() *time.Location { return w.zone }

// Queues are the queues that the PBX knows.
func (w *World) Queues() []Queue { return w.cfg.Queues }

// Clock is what the PBX's clock shows at t.
func (w *World) Clock(t time.Time) time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return t.Add(w.faults.Skew).In(w.zone)
}

// Now is what the PBX's clock shows.
func (w *World) Now() time.Time { return w.Clock(time.Now()) }

// Place begins a call: the agent's phone rings.
func (w *World) Place(exten, number string, options map[string]string) (Call, error) {
	fate := w.cfg.Fate(number)
	w.mu.Lock()
	a := w.agent(exten)
	switch {
	case a == nil:
		w.mu.Unlock()
		return Call{}, ErrNoAgent
	case !a.LoggedIn || !a.Registered:
		w.mu.Unlock()
		return Call{}, ErrOffline
	case a.Call != nil || a.Elsewhere:
		w.mu.Unlock()
		return Call{}, ErrBusy
	}
	n := len(w.calls) + 1
	c := &Call{
		N: n, ID: uuid.NewString(), SIPID: "sip-" + strconv.Itoa(n) + "-" + uuid.NewString(), Exten: exten, Number: number,
		Options: options, Begun: time.Now(), End: fate.End,
	}
	a.Call = c
	w.calls = append(w.calls, c)
	hangup := make(chan struct{})
	w.hangups[c.ID] = hangup
	first, copied := w.faults.RowFirst && fate.End != Answer, *c
	w.mu.Unlock()
	over := make(chan struct{})
	w.wg.Go(func() {
		defer close(over)
		w.play(c, fate, hangup)
	})
	if first {
		<-over
	}
	return copied, nil
}

// agent is called under the lock.
func (w *World) agent(exten string) *Agent {
	i := slices.IndexFunc(w.agents, func(a *Agent) bool { return a.Exten == exten })
	if i < 0 {
		return nil
	}
	return w.agents[i]
}

// Agent returns one agent.
func (w *World) Agent(exten string) (Agent, bool) {
	for _, a := range w.Agents() {
		if a.Exten == exten {
			return a, true
		}
	}
	return Agent{}, false
}

// Agents returns all agents as they are now.
func (w *World) Agents() []Agent {
	w.mu.Lock()
	defer w.mu.Unlock()
	list := make([]Agent, 0, len(w.agents))
	for _, a := range w.agents {
		now := *a
		if a.Call != nil {
			c := *a.Call
			now.Call = &c
		}
		list = append(list, now)
	}
	return list
}

// SetAgent changes an agent's LoggedIn, Registered or Elsewhere.
func (w *World) SetAgent(exten string, change func(*Agent)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if a := w.agent(exten); a != nil {
		change(a)
	}
}

// Calls returns all calls ever placed, in order.
func (w *World) Calls() []Call {
	w.mu.Lock()
	defer w.mu.Unlock()
	list := make([]Call, 0, len(w.calls))
	for _, c := range w.calls {
		list = append(list, *c)
	}
	return list
}

// Rows returns the calls that the call log has and that began in the window,
// which is by the PBX's clock, oldest first.
func (w *World) Rows(from, to time.Time) []Call {
	w.mu.Lock()
	defer w.mu.Unlock()
	var list []Call
	for _, c := range w.calls {
		at := c.Begun.Add(w.faults.Skew).Truncate(time.Second)
		if c.Logged && !at.Before(from.Truncate(time.Second)) && !at.After(to) {
			list = append(list, *c)
		}
	}
	return list
}

// Hangup ends the call that an agent is in and reports whether there is one.
func (w *World) Hangup(exten string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	a := w.agent(exten)
	if a == nil || a.Call == nil {
		return false
	}
	if hangup := w.hangups[a.Call.ID]; hangup != nil {
		a.Call.Hung = true
		close(hangup)
		delete(w.hangups, a.Call.ID)
	}
	return true
}

// SetFaults replaces the faults.
func (w *World) SetFaults(f Faults) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.faults = f
}

// Faults are the present ones.
func (w *World) Faults() Faults {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.faults
}

// happens draws a chance.
func (w *World) happens(share float64) bool {
	if share <= 0 {
		return false
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.chance.Float64() < share
}

// Count counts something by name, for tests; Counted is how often that was.
func (w *World) Count(name string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.counts[name]++
}

// Counted is how often Count was called with the name.
func (w *World) Counted(name string) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.counts[name]
}
