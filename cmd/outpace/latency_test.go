package main

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/outpace/outpace/dialer/ami"
	"github.com/outpace/outpace/dialer/ami/amitest"
	"github.com/outpace/outpace/dlma"
	"github.com/outpace/outpace/store/storetest"
)

// BenchmarkAgentFreeToOriginate measures the way from the AMI event that an
// agent has come free to the Originate for him on the wire: through the AMI
// client, the loop, the pacer and a claim in a real database, with 100 agents
// in the queue. It reports the median and the 90th percentile in ms.
func BenchmarkAgentFreeToOriginate(b *testing.B) {
	b.Run("sqlite", func(b *testing.B) {
		benchmarkLatency(b, "sqlite:"+filepath.Join(b.TempDir(), "outpace.db"))
	})
	b.Run("postgres", func(b *testing.B) { benchmarkLatency(b, storetest.PostgresURL(b)) })
}

func benchmarkLatency(b *testing.B, database string) {
	pbx := newScriptedPBX(b, 100)
	s, err := loadSettings(layer{}, "", env("OUTPACE_LISTEN=127.0.0.1:0", "OUTPACE_DATABASE="+database,
		"OUTPACE_RESULTS="+filepath.Join(b.TempDir(), "results.json"), "OUTPACE_AMI_MAX_CPS=1000",
		"OUTPACE_AMI_ADDRESS="+pbx.listener.Addr().String(), "OUTPACE_AMI_USERNAME=dialer", "OUTPACE_AMI_SECRET="+amitest.Secret))
	if err != nil {
		b.Fatal(err)
	}
	app, err := New(b.Context(), s, slog.New(slog.DiscardHandler))
	if err != nil {
		b.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	var server sync.WaitGroup
	server.Go(func() {
		if err := app.Run(ctx); err != nil {
			b.Error(err)
		}
	})
	defer func() {
		stop()
		server.Wait()
		if err := app.Close(); err != nil {
			b.Error(err)
		}
	}()
	startCampaign(b, app, b.N+1000)
	<-pbx.ready

	var took []float64
	for i := 0; b.Loop(); i++ {
		agent := i % 100
		start := time.Now()
		pbx.member(agent, 1)
		originate := <-pbx.originates
		took = append(took, float64(time.Since(start).Microseconds())/1000)
		// The agent is busy again before the call has failed: the next one is for the next agent.
		pbx.member(agent, 2)
		pbx.fail(originate)
	}
	slices.Sort(took)
	b.ReportMetric(took[len(took)/2], "ms/median")
	b.ReportMetric(took[len(took)*9/10], "ms/p90")
}

func startCampaign(b *testing.B, app *App, entries int) {
	b.Helper()
	c := newClient(app.URL(), "")
	defer c.Close()
	create := func(path string, object map[string]any) string {
		id, err := c.create(b.Context(), path, object)
		if err != nil {
			b.Fatal(err)
		}
		return id
	}
	list := create("/ob/dlmas", map[string]any{"name": "l"})
	var all []dlma.Entry
	for i := range entries {
		e := dlma.Entry{List: list}
		e.Number[0] = fmt.Sprintf("1%09d", i)
		all = append(all, e)
	}
	if _, err := app.store.AddEntries(b.Context(), all); err != nil {
		b.Fatal(err)
	}
	campaign := create("/ob/campaigns", map[string]any{
		"dlma": list,
		"plan": create("/ob/plans", map[string]any{"dial_mode": 1, "tech_name": "PJSIP", "trunk_name": "trunk"}),
		"dest": create("/ob/destinations", map[string]any{"type": 1, "application": "Queue", "data": "sales"}),
	})
	if err := c.do(b.Context(), "PUT", "/ob/campaigns/"+campaign, map[string]any{"status": 1}, nil); err != nil {
		b.Fatal(err)
	}
}

// scriptedPBX is a PBX that says only what the benchmark wants: a queue whose
// agents are all in calls until they are said to be free.
type scriptedPBX struct {
	b          *testing.B
	listener   net.Listener
	agents     int
	ready      chan struct{} // closed when the queue was read
	originates chan ami.Message
	mu         sync.Mutex // guards peer's writes
	peer       *amitest.Peer
}

func newScriptedPBX(b *testing.B, agents int) *scriptedPBX {
	b.Helper()
	listener, err := new(net.ListenConfig).Listen(b.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	p := &scriptedPBX{b: b, listener: listener, agents: agents, ready: make(chan struct{}), originates: make(chan ami.Message, 16)}
	var served sync.WaitGroup
	served.Go(p.serve)
	b.Cleanup(func() { _ = listener.Close(); served.Wait() })
	return p
}

func (p *scriptedPBX) serve() {
	conn, err := p.listener.Accept()
	if err != nil {
		return
	}
	peer := amitest.NewPeer(conn)
	defer peer.Close()
	if err := peer.Accept(time.Hour); err != nil {
		p.b.Error(err)
		return
	}
	p.mu.Lock()
	p.peer = peer
	p.mu.Unlock()
	read := sync.OnceFunc(func() { close(p.ready) })
	for {
		action, err := peer.Read()
		if err != nil {
			return
		}
		switch action.Get("Action") {
		case "Originate":
			p.send(amitest.Reply(action, "Success", "Message", "Originate successfully queued"))
			p.originates <- action
		case "QueueStatus":
			p.send(p.queue(action)...)
			read()
		case "CoreShowChannels":
			p.send(amitest.Reply(action, "Success", "EventList", "start"),
				amitest.Event("CoreShowChannelsComplete", "ActionID", action.ActionID(), "EventList", "Complete", "ListItems", "0"))
		default:
			p.send(amitest.Reply(action, "Success"))
		}
	}
}

func (p *scriptedPBX) queue(action ami.Message) []ami.Message {
	id := action.ActionID()
	list := []ami.Message{amitest.Reply(action, "Success", "EventList", "start"),
		amitest.Event("QueueParams", "Queue", "sales", "Strategy", "rrmemory", "Calls", "0", "ActionID", id)}
	for i := range p.agents {
		list = append(list, amitest.Event("QueueMember", "Queue", "sales", "Name", agentName(i), "Location", agentName(i),
			"StateInterface", agentName(i), "Status", "2", "InCall", "1", "Paused", "0", "Wrapuptime", "0", "ActionID", id))
	}
	return append(list, amitest.Event("QueueStatusComplete", "ActionID", id, "EventList", "Complete", "ListItems", fmt.Sprint(p.agents+1)))
}

func agentName(i int) string { return fmt.Sprintf("PJSIP/agent-%03d", i) }

func (p *scriptedPBX) send(messages ...ami.Message) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := p.peer.Send(messages...); err != nil {
		p.b.Error(err)
	}
}

// member tells the state of an agent's device.
func (p *scriptedPBX) member(i, status int) {
	p.send(amitest.Event("QueueMemberStatus", "Queue", "sales", "MemberName", agentName(i), "Interface", agentName(i),
		"StateInterface", agentName(i), "Status", fmt.Sprint(status), "InCall", "0", "Paused", "0", "Wrapuptime", "0"))
}

// fail ends a call as a busy customer does.
func (p *scriptedPBX) fail(originate ami.Message) {
	id, channel := originate.Get("ChannelId"), "PJSIP/trunk-1"
	p.send(amitest.Event("Newchannel", "Channel", channel, "Uniqueid", id, "Linkedid", id, "ChannelState", "0"),
		amitest.Event("OriginateResponse", "ActionID", originate.ActionID(), "Response", "Failure", "Channel", channel, "Reason", "0", "Uniqueid", id),
		amitest.Event("Hangup", "Channel", channel, "Uniqueid", id, "Linkedid", id, "Cause", "17", "Cause-txt", "User busy"))
}
