package pbxsim

import "fmt"

// AddMember logs an agent into a queue, as QueueAdd does; who is new to the
// PBX behaves as configured here.
func (s *Server) AddMember(queue string, cfg MemberConfig) (err error) {
	s.do(func(p *pbx) {
		q := p.queue(queue)
		if q == nil {
			err = fmt.Errorf("%w: %s", ErrNoQueue, queue)
			return
		}
		if q.member(cfg.Interface) != nil {
			err = fmt.Errorf("pbxsim: %s is in %s already", cfg.Interface, queue)
			return
		}
		if p.agents[cfg.Interface] == nil {
			p.makeAgent(cfg)
		}
		p.memberEvent("QueueMemberAdded", p.addMember(q, cfg, true))
		p.soon()
	})
	return err
}

// RemoveMember logs an agent out of a queue. A call he has goes on.
func (s *Server) RemoveMember(queue, iface string) error {
	return s.onMember(queue, iface, (*pbx).removeMember)
}

// PauseMember pauses an agent in one queue, or lets him go on.
func (s *Server) PauseMember(queue, iface string, paused bool, reason string) error {
	return s.onMember(queue, iface, func(p *pbx, m *member) { p.pause(m, paused, reason) })
}

// SetMode changes how an agent behaves from his next call on, in all his
// queues. AgentOffline and AgentInvalid make him unreachable.
func (s *Server) SetMode(iface string, mode AgentMode) (err error) {
	s.do(func(p *pbx) {
		g := p.agents[iface]
		if g == nil {
			err = fmt.Errorf("%w: %s", ErrNoMember, iface)
			return
		}
		before := g.status()
		g.mode = mode
		if g.status() != before {
			p.statusEvents(g)
		}
		p.soon()
	})
	return err
}

func (s *Server) onMember(queue, iface string, do func(p *pbx, m *member)) (err error) {
	s.do(func(p *pbx) {
		q := p.queue(queue)
		if q == nil {
			err = fmt.Errorf("%w: %s", ErrNoQueue, queue)
			return
		}
		m := q.member(iface)
		if m == nil {
			err = fmt.Errorf("%w: %s in %s", ErrNoMember, iface, queue)
			return
		}
		do(p, m)
	})
	return err
}
