package hosted

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/outpace/outpace/dialer"
	"github.com/outpace/outpace/results"
)

// busyAgain is how long an agent whose state the PBX does not tell is left
// alone after it has called him busy.
const busyAgain = 5 * time.Second

// Why a call is not placed.
var (
	errNoAgent   = errors.New("no agent is free")
	errNoPool    = errors.New("this PBX rings the agent first: the destination has to be a queue or an extension")
	errNotLinked = errors.New("the PBX is not connected")
)

// Place picks an agent and asks the PBX for the call, once. It returns when
// the PBX has answered or ctx ends; a later answer is taken in all the same.
func (g *Gateway) Place(ctx context.Context, r dialer.Request) error {
	f, run, err := g.reserve(r)
	if err != nil {
		return fmt.Errorf("%w: %w", dialer.ErrNotSent, err)
	}
	o := Order{
		Call: r.Call, Agent: f.agent, Number: r.Number, Hotline: hotline(r.CallerID),
		Name: r.Campaign, Customer: r.Name, Variables: r.Variables,
	}
	o.Before = func() error {
		// The engine may have given up meanwhile: then nothing may be written.
		if err := ctx.Err(); err != nil {
			return err
		}
		if r.Before != nil {
			if err := r.Before(); err != nil {
				return err
			}
		}
		g.mu.Lock()
		defer g.mu.Unlock()
		f.sent = time.Now()
		return nil
	}
	done := make(chan error, 1)
	go func() {
		defer g.work.Done()
		id, err := g.kind.PBX.Place(run, o)
		done <- g.answered(f, id, err)
	}()
	select {
	case err = <-done:
	case <-ctx.Done():
		g.mu.Lock()
		defer g.mu.Unlock()
		select {
		case err = <-done: // at the same moment
		default:
			f.late = true
			err = fmt.Errorf("%w: %w", dialer.ErrOutcomeUnknown, ctx.Err())
		}
	}
	if err == nil {
		return nil
	}
	return &dialer.AgentError{Agent: f.agent, Channel: g.channel(f), Err: err}
}

// channel is what is asked of the PBX for a call, as the result names it.
func (g *Gateway) channel(f *flight) string {
	return g.kind.Name + "/" + f.agent + "/" + f.number
}

// pool is who is to be rung for a request.
func pool(r dialer.Request) dialer.Pool {
	switch {
	case r.Application == "":
		return dialer.Pool{Exten: r.Exten}
	case strings.EqualFold(r.Application, "queue"):
		name, _, _ := strings.Cut(r.Data, ",")
		return dialer.Pool{Queue: name}
	}
	return dialer.Pool{}
}

// reserve picks the agent and makes the call his before anything is sent.
func (g *Gateway) reserve(r dialer.Request) (*flight, context.Context, error) {
	p := pool(r)
	if p == (dialer.Pool{}) {
		return nil, nil, errNoPool
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.running == nil || g.running.Err() != nil {
		return nil, nil, errNotLinked
	}
	now := time.Now()
	s := g.book.pick(p, now)
	if s == nil {
		return nil, nil, errNoAgent
	}
	f := &flight{
		call: r.Call, agent: s.Exten, number: r.Number, pool: p.Name(), sent: now, placing: true,
		before: s.fresh,
	}
	g.book.take(f)
	g.tellAgent(s, now)
	g.out.put(dialer.Event{Kind: dialer.CallAgentRung, At: now, Call: f.call, Agent: f.agent, Channel: g.channel(f)})
	g.work.Add(1)
	return f, g.running, nil
}

// answered takes in what the PBX answered to a request.
func (g *Gateway) answered(f *flight, id string, err error) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := time.Now()
	f.placing, f.placed = false, now
	refusal, refused := errors.AsType[*Refusal](err)
	switch {
	case err == nil:
		f.id = id
		g.out.put(dialer.Event{Kind: dialer.CallAccepted, At: now, Call: f.call})
		g.tellName(f, now)
		g.rehear(now)
		return nil
	case refused:
		g.refused(f, refusal, now)
		if refusal.Fault == AgentSilent {
			return nil // told as the call's end
		}
	case errors.Is(err, dialer.ErrNotSent):
		if s := g.book.drop(f, f.before); s != nil {
			g.tellAgent(s, now)
		}
	case errors.Is(err, dialer.ErrRefused):
		g.refused(f, &Refusal{Text: err.Error()}, now)
	default:
		g.rehear(now)
		poke(g.rowsNow)
		if !errors.Is(err, dialer.ErrOutcomeUnknown) {
			err = fmt.Errorf("%w: %w", dialer.ErrOutcomeUnknown, err)
		}
		return err
	}
	if f.late {
		g.end(f, "", dialer.Outcome{Disposition: results.NotPlaced, Detail: err.Error()}, now)
	}
	return err
}

// tellName tells the engine the PBX's name for a call, which a restart finds it by.
func (g *Gateway) tellName(f *flight, now time.Time) {
	if f.id != "" {
		g.out.put(dialer.Event{Kind: dialer.CallChannel, At: now, Call: f.call, Channel: f.id})
	}
}

// refused ends a call that the PBX does not place, and leaves its agent alone
// as the reason asks.
func (g *Gateway) refused(f *flight, r *Refusal, now time.Time) {
	if r.Fault == AgentSilent {
		g.end(f, "", dialer.Outcome{
			Disposition: results.AgentNoAnswer, CauseText: r.Code, Detail: r.Text, End: now,
		}, now)
		return
	}
	s := g.book.drop(f, f.before)
	if s == nil {
		return
	}
	switch r.Fault {
	case AgentBusy:
		s.fresh = now
		if s.State == Unseen {
			s.fresh = now.Add(busyAgain)
		}
	case AgentOffline:
		s.away = now.Add(g.set.Offline)
	case Other, AgentSilent:
	}
	g.tellAgent(s, now)
	poke(g.agentsNow)
}

// hotline is the number in a caller id such as Outpace <1000>.
func hotline(callerID string) string {
	if _, rest, ok := strings.Cut(callerID, "<"); ok {
		number, _, _ := strings.Cut(rest, ">")
		return strings.TrimSpace(number)
	}
	return strings.TrimSpace(callerID)
}
