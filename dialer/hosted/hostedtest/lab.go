package hostedtest

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/outpace/outpace/dialer/hosted"
	"github.com/outpace/outpace/dialer/hosted/hostedsim"
	"github.com/outpace/outpace/results"
)

// Kind is what the suite has to know about a kind.
type Kind struct {
	// Start makes the kind's simulator over lab.World, serves it by lab.Serve,
	// and returns a gateway to it that has lab.Settings.
	Start func(t *testing.T, lab *Lab) *hosted.Gateway

	Hooks  bool // the PBX tells of calls by hooks
	States bool // the PBX tells what agents are doing
	IDs    bool // the PBX names a call when it takes the request
	Silent bool // a row tells that the agent did not pick up; else it is an ordinary no answer
	Tokens bool // requests carry a token that can expire
	// Offline is true where a phone that is not registered is a refusal that
	// the page documents.
	Offline bool
	// Recordings is true where the row of an answered call names a recording.
	Recordings bool
	// Merged are the fates, by the end of the number, for which the page has
	// no word of its own, with what they come to.
	Merged map[string]Merged
	// Queue is a queue that has all agents, as a destination names it.
	Queue string
}

// Merged is what a fate comes to.
type Merged struct {
	Disposition results.Disposition
	ResDial     int
}

// Lab is one simulated PBX and what the suite asks of the gateway to it.
type Lab struct {
	World    *hostedsim.World
	Settings hosted.Settings // all but BaseURL, which Serve sets
	// HookURL is where the gateway's hooks are served.
	HookURL string

	hooks atomic.Pointer[http.Handler]
}

// Agents are the agents of every lab: extensions, which are also the names of
// their devices, and their passwords.
var Agents = []hostedsim.AgentConfig{
	{Exten: "101", Name: "Ann", Password: "pw-101"},
	{Exten: "102", Name: "Ben", Password: "pw-102"},
	{Exten: "103", Name: "Cleo", Password: "pw-103"},
	{Exten: "104", Name: "Dan", Password: "pw-104"},
}

// Queues are the queues of every lab's world.
var Queues = []hostedsim.Queue{
	{ID: "239952103668322305", Number: "3000", Name: "sales", Members: []string{"101", "102", "103", "104"}},
	{ID: "242194925796593665", Number: "3001", Name: "night", Members: []string{"103"}},
}

// Serve serves the simulator on loopback, with the world's faults, until the
// test ends, and sets Settings.BaseURL.
func (l *Lab) Serve(t *testing.T, sim http.Handler) {
	t.Helper()
	server := httptest.NewServer(l.World.Handler(sim))
	t.Cleanup(server.Close)
	l.Settings.BaseURL = server.URL
}

// held is the end of a number whose customer answers and stays until the call
// is hung up.
const held = "102"

func fate(number string) hostedsim.Fate {
	if strings.HasSuffix(number, held) {
		return hostedsim.Fate{End: hostedsim.Answer, Ring: 1, Talk: 1e6}
	}
	return hostedsim.Numbers(number)
}

// letGo has the call that an agent is in hung up once its customer is there.
func (l *Lab) letGo(t *testing.T, exten string) {
	t.Helper()
	eventually(t, "the customer's answer", func() bool {
		a, _ := l.World.Agent(exten)
		return a.Call != nil && !a.Call.Answered.IsZero()
	})
	l.World.Hangup(exten)
}

func newLab(t *testing.T, k Kind, world hostedsim.Config, settings hosted.Settings) (*Lab, *hosted.Gateway) {
	t.Helper()
	if world.Unit == 0 {
		world.Unit = 60 * time.Millisecond
	}
	world.Fate = fate
	if world.Agents == nil {
		world.Agents, world.Queues = Agents, Queues
	}
	l := &Lab{World: hostedsim.New(world), Settings: settings}
	t.Cleanup(l.World.Close)
	hooks := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if h := l.hooks.Load(); h != nil {
			(*h).ServeHTTP(w, r)
		}
	}))
	t.Cleanup(hooks.Close)
	l.HookURL = hooks.URL + "/hooks/lab"
	l.Settings.Name, l.Settings.Zone = "lab", l.World.Zone()
	gw := k.Start(t, l)
	var handler http.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		gw.Hook(w, r, func(_, _ string, check func() bool) time.Duration { check(); return 0 })
	})
	l.hooks.Store(&handler)
	return l, gw
}
