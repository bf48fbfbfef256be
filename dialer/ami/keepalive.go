package ami

import "time"

// pinger sends a Ping now and then, which keeps the session's reader from
// calling it dead, and measures how long the answer takes. It belongs to the
// goroutine that attends the session.
type pinger struct {
	client  *Client
	session *session
	ticker  *time.Ticker // nil if pings are off
	call    *call        // in flight, or nil
}

func newPinger(c *Client, s *session) *pinger {
	p := &pinger{client: c, session: s}
	if c.cfg.PingInterval > 0 {
		p.ticker = time.NewTicker(c.cfg.PingInterval)
	}
	return p
}

func (p *pinger) stop() {
	if p.ticker != nil {
		p.ticker.Stop()
	}
}

func (p *pinger) due() <-chan time.Time {
	if p.ticker == nil {
		return nil
	}
	return p.ticker.C
}

func (p *pinger) answered() <-chan struct{} {
	if p.call == nil {
		return nil
	}
	return p.call.done
}

// send queues a Ping unless one is in flight. It does not wait: if the writer
// has more than enough to do, the ping is left out.
func (p *pinger) send() {
	if p.call != nil {
		return
	}
	call, err := p.client.newCall(Action{Name: "Ping"}, false)
	if err != nil || p.session.register(call) != nil {
		return
	}
	select {
	case p.session.queue <- call:
		p.call = call
	default:
		p.session.giveUp(call, ErrTooManyActions)
	}
}

func (p *pinger) record() {
	if p.call.err == nil {
		p.client.meter.pinged(p.call.replied.Sub(p.call.sent))
	}
	p.call = nil
}
