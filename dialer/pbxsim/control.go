package pbxsim

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// Errors of the control methods.
var (
	ErrNoQueue  = errors.New("pbxsim: no such queue")
	ErrNoMember = errors.New("pbxsim: no such member")
	ErrNoCall   = errors.New("pbxsim: no such call")
)

// OriginateRecord is an Originate that reached the PBX and was looked at.
type OriginateRecord struct {
	ChannelID, ActionID string
	Channel, Number     string
	CallerID, Codecs    string
	Timeout             string // as it came
	Application, Data   string
	Context, Exten      string
	Variables           []Variable
	At                  time.Time
	Accepted            bool // false: answered with an Error
	Answered            bool
	Reason              int       // of the OriginateResponse
	Replied             time.Time // when the reply went out, of an Async one; zero if none did
	Ended               time.Time // when the call was over; zero while it lives, and if it was refused
}

// Call is a call that lives.
type Call struct {
	ID, Channel, Number string
	State               string // Down, Ringing, Up
	Queue               string // where it waits, or whence its agent came
	Agent               string // who it talks with
	Parked              int    // parking space, 0 if none
	Stranger            bool   // somebody who called in
	Variables           []Variable
	Since               time.Time
}

// Originates are all Originates since New, the oldest first, restarts
// included: what proves that nobody was called twice.
func (s *Server) Originates() (list []OriginateRecord) {
	s.do(func(p *pbx) { list = slices.Clone(p.originates) })
	return list
}

// Calls are the calls that live, the oldest first.
func (s *Server) Calls() (list []Call) {
	s.do(func(p *pbx) {
		for _, ch := range p.sorted() {
			c := p.calls[ch.id]
			if c == nil {
				continue
			}
			x := Call{
				ID: ch.id, Channel: ch.name, Number: c.number, State: ch.state.String(), Parked: c.slot,
				Stranger: c.stranger, Variables: slices.Clone(ch.vars.list), Since: ch.created,
			}
			if c.entry != nil {
				x.Queue = c.entry.queue.Name
			}
			if c.conv != nil {
				x.Queue, x.Agent = c.conv.queue.Name, c.conv.try.member.agent.iface
			}
			list = append(list, x)
		}
	})
	return list
}

// Variables are those of a living call, by the id of its channel.
func (s *Server) Variables(id string) (vars []Variable, err error) {
	err = ErrNoCall
	s.do(func(p *pbx) {
		if ch := p.channels[id]; ch != nil {
			vars, err = slices.Clone(ch.vars.list), nil
		}
	})
	return vars, err
}

// Links is the number of connections.
func (s *Server) Links() (n int) {
	s.do(func(p *pbx) { n = len(p.conns) })
	return n
}

// Stuck is for how long the PBX has been trying to write to the client that is
// the furthest behind: it does not read, and what lies between is full.
func (s *Server) Stuck() (longest time.Duration) {
	s.do(func(p *pbx) {
		for _, c := range p.conns {
			longest = max(longest, c.out.stuck())
		}
	})
	return longest
}

// DropLinks cuts all connections at once. What a client has sent and was not
// looked at yet is lost.
func (s *Server) DropLinks() {
	s.do((*pbx).dropAll)
}

// Freeze lets nothing in or out any more, of new connections too, without
// closing them: as when a network has died without a word.
func (s *Server) Freeze() { s.freeze(true) }

// Thaw ends Freeze: what was sent meanwhile arrives.
func (s *Server) Thaw() { s.freeze(false) }

func (s *Server) freeze(frozen bool) {
	s.do(func(p *pbx) {
		p.frozen = frozen
		for _, c := range slices.Clone(p.conns) {
			c.frozen = frozen
			c.out.freeze(frozen)
			if !frozen {
				p.resume(c)
			}
		}
	})
}

// SetDown decides whether new connections are closed at once.
func (s *Server) SetDown(down bool) { s.do(func(p *pbx) { p.down = down }) }

// Restart cuts all connections. With keepCalls the calls live on, as when only
// the manager was restarted. Without, Asterisk itself starts anew: no call is
// left, the queues are as configured, and Uptime counts from now.
func (s *Server) Restart(keepCalls bool) {
	s.do(func(p *pbx) {
		p.dropAll()
		if !keepCalls {
			p.reset()
		}
	})
}

// Stop does what `core stop now` does: ends all calls with their events, says
// Shutdown and cuts all connections; no new ones are taken until SetDown(false).
func (s *Server) Stop() {
	s.do(func(p *pbx) {
		p.down = true
		all := p.sorted()
		for _, ch := range all {
			p.request("SoftHangupRequest", ch, 4)
		}
		for _, ch := range all {
			if c := p.calls[ch.id]; c != nil {
				p.finish(c, byServer, 0)
			}
		}
		p.emit(p.event(classSystem, "Shutdown").add("Shutdown", "Cleanly").add("Restart", "False"))
		for len(p.conns) > 0 {
			p.part(p.conns[0], p.conns[0].out.finish)
		}
		p.reset()
	})
}

// SetFaults replaces the probabilities of faults.
func (s *Server) SetFaults(f Faults) error {
	if err := f.check(); err != nil {
		return err
	}
	s.do(func(p *pbx) { p.faults = f })
	return nil
}

// Arm lets a fault strike the next n times it can. 0 disarms it.
func (s *Server) Arm(f Fault, n int) { s.do(func(p *pbx) { p.armed[f] = n }) }

// Strikes is how often a fault has struck, by itself or armed; of DelayEvents,
// how many events were held back.
func (s *Server) Strikes(f Fault) (n int) {
	s.do(func(p *pbx) { n = p.struck[f] })
	return n
}

// Hangup ends a call as an AMI Hangup without a Cause does.
func (s *Server) Hangup(id string) error {
	return s.onCall(id, func(p *pbx, c *call) { p.finish(c, byManager, 0) })
}

// CustomerHangup has the customer of a call hang up, or stop ringing.
func (s *Server) CustomerHangup(id string) error {
	return s.onCall(id, func(p *pbx, c *call) { p.finish(c, byCustomer, 0) })
}

// AgentHangup has the agent hang up who talks in a call.
func (s *Server) AgentHangup(id string) error {
	talking := false
	err := s.onCall(id, func(p *pbx, c *call) {
		if talking = c.conv != nil; talking {
			p.agentLeaves(c.conv)
		}
	})
	if err == nil && !talking {
		err = ErrNoCall
	}
	return err
}

func (s *Server) onCall(id string, do func(p *pbx, c *call)) error {
	err := ErrNoCall
	s.do(func(p *pbx) {
		if c := p.calls[id]; c != nil {
			do(p, c)
			err = nil
		}
	})
	return err
}

// CallIn lets a stranger call in, who waits in a queue for as long as patience
// says and talks for as long as talk says; zero for endless. It returns the id
// of his channel.
func (s *Server) CallIn(queue string, patience, talk Dist) (id string, err error) {
	s.do(func(p *pbx) { id, err = p.callIn(queue, patience, talk) })
	return id, err
}

func (p *pbx) callIn(queue string, patience, talk Dist) (string, error) {
	if p.queue(queue) == nil {
		return "", fmt.Errorf("%w: %s", ErrNoQueue, queue)
	}
	p.rung++
	r := p.cfg.stream("stranger", p.rung)
	c := &call{
		stranger: true, record: -1, vars: &variables{}, phase: answered, answerAt: time.Now(),
		who: customer{talk: never, patience: patience.sample(r), withAgent: talk.sample(r)},
		to:  target{app: "Queue", data: queue},
	}
	c.ch = &channel{tech: "PJSIP", state: stateRing, context: "from-trunk", exten: "100", num: "5550199", call: c, vars: c.vars}
	c.ch.name = "PJSIP/trunk-" + p.suffix("SIP")
	c.line = &trunkLine{p: p, c: c, endpoint: "trunk"}
	p.open(c.ch)
	p.start(c)
	p.setState(c.ch, stateUp)
	p.run(c, c.to)
	return c.ch.id, nil
}

// Lines are the messages the PBX sends, each in a line, until ctx ends. What a
// slow reader does not take is dropped.
func (s *Server) Lines(ctx context.Context) <-chan string {
	feed := &lineFeed{out: make(chan string, 1024)}
	s.do(func(p *pbx) {
		p.lines = append(p.lines, feed)
		p.listening()
	})
	context.AfterFunc(ctx, func() {
		s.do(func(p *pbx) {
			p.lines = slices.DeleteFunc(p.lines, func(x *lineFeed) bool { return x == feed })
			p.listening()
			close(feed.out)
		})
	})
	return feed.out
}

type lineFeed struct{ out chan string }

func (p *pbx) line(msg []byte) {
	if len(p.lines) == 0 {
		return
	}
	text := short(msg)
	for _, feed := range p.lines {
		select {
		case feed.out <- text:
		default:
		}
	}
}
