package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/outpace/outpace/dialer/hosted"
	"github.com/outpace/outpace/dialer/hosted/hostedsim"
)

// demoPlace is where a simulated hosted PBX and our server are.
type demoPlace struct {
	settings hosted.Settings // complete but for Name and Logger
	hooks    string          // URL that hooks are posted to
}

// demoKinds are the kinds of hosted PBXs that can be simulated: each makes the
// PBX's API over a world, and the settings of a gateway to it once it is known
// where it is served. A new kind is one more line here.
var demoKinds = map[string]func(*hostedsim.World) (http.Handler, func(demoPlace) kindSettings){
	"fcm5600": fcm5600Demo,
	"oapi":    oapiDemo,
	"oncall":  oncallDemo,
	"tel4vn":  tel4vnDemo,
}

// knownHosted lists the kinds for people.
func knownHosted() string { return strings.Join(slices.Sorted(maps.Keys(demoKinds)), ",") }

// demoUnit is the length of a unit in the lives of simulated customers, in
// life; --speed makes it shorter.
const demoUnit = 3 * time.Second

// demoHosted is a simulated hosted PBX. It is served on one address together
// with the path that its hooks are posted to, since the server's own address
// is not known before its gateway is made.
type demoHosted struct {
	kind     string
	world    *hostedsim.World
	listener net.Listener
	server   *http.Server
	own      kindSettings
	app      atomic.Pointer[App]
}

func newDemoHosted(ctx context.Context, c demoCmd, down *teardown) (*demoHosted, error) {
	config := hostedsim.Config{Unit: time.Duration(float64(demoUnit) / c.Speed), Zone: time.UTC, Seed: c.Seed}
	queue := hostedsim.Queue{ID: "239952103668322305", Number: "3000", Name: demoQueue}
	for i := range c.Agents {
		exten := strconv.Itoa(101 + i)
		config.Agents = append(config.Agents, hostedsim.AgentConfig{
			Exten: exten, Name: fmt.Sprintf("Agent %d", i+1), Password: "pw-" + exten,
		})
		queue.Members = append(queue.Members, exten)
	}
	config.Queues = []hostedsim.Queue{queue}
	d := &demoHosted{kind: c.Gateway, world: hostedsim.New(config)}
	down.add("simulated PBX", func() error { d.world.Close(); return nil })
	var err error
	if d.listener, err = new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0"); err != nil {
		return nil, err
	}
	down.add("simulated PBX's address", func() error {
		if err := d.listener.Close(); !errors.Is(err, net.ErrClosed) { // the server closes it too
			return err
		}
		return nil
	})
	handler, settings := demoKinds[c.Gateway](d.world)
	d.server = &http.Server{Handler: d.handler(d.world.Handler(handler)), ReadHeaderTimeout: headerTimeout}
	base := "http://" + d.listener.Addr().String()
	d.own = settings(demoPlace{
		hooks: base + "/hooks/" + c.Gateway,
		settings: hosted.Settings{
			BaseURL: base, Zone: time.UTC, Rate: 500,
			PollInterval: 200 * time.Millisecond, Grace: 5 * time.Second, Offline: time.Second,
			// No call of the simulated world is longer.
			MaxCall: max(30*time.Second, 40*config.Unit),
		},
	})
	return d, nil
}

// handler hands hooks on to our server, and everything else to the PBX.
func (d *demoHosted) handler(pbx http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		app := d.app.Load()
		if app != nil && strings.HasPrefix(r.URL.Path, "/hooks/") {
			app.server.Handler.ServeHTTP(w, r)
			return
		}
		pbx.ServeHTTP(w, r)
	})
}

func (d *demoHosted) describe() string {
	return fmt.Sprintf("A simulated PBX of kind %s is served on http://%s", d.kind, d.listener.Addr())
}

func (d *demoHosted) settings(l layer) (Settings, error) {
	s, err := loadSettings(l, "", func(string) (string, bool) { return "", false })
	s.Gateways = []GatewaySettings{{
		Name: d.kind, Kind: d.kind, MaxCalls: defaultMaxCalls, MaxCPS: defaultMaxCPS, own: d.own,
	}}
	return s, err
}

func (d *demoHosted) run(ctx context.Context, app *App) error {
	d.app.Store(app)
	stop := context.AfterFunc(ctx, func() { _ = d.server.Close() })
	defer stop()
	if err := d.server.Serve(d.listener); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve the simulated PBX: %w", err)
	}
	return nil
}

// asked tells the calls of a number apart by their order: such a PBX has no
// names of ours for them.
func (d *demoHosted) asked(lines []logged) map[string]int {
	placed := map[string]int{}
	for _, c := range d.world.Calls() {
		placed[c.Number]++
	}
	asked := map[string]int{}
	for _, line := range lines {
		if line.Disposition != "not_placed" && placed[line.DialAddr] > 0 {
			placed[line.DialAddr]--
			asked[line.UUID]++
		}
	}
	for number, left := range placed {
		if left > 0 {
			asked["another one to …"+number[max(0, len(number)-2):]] += left + 1
		}
	}
	return asked
}
