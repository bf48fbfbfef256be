package dialer

import "time"

// sight is what is known about how well a call is observed.
type sight struct {
	recovered bool // read back from the database
	down      bool // the link is down
	// lost: nobody knows whether the call lives. A look-up will tell.
	lost bool
	// gap: at some time since the request, nobody looked.
	gap bool
	// dim: since the call was last seen unanswered there was a gap.
	dim bool
	// blind: the time between the answer and the agent, or the end of the
	// patience, was not observed in full.
	blind bool
	// guessed: the answer was not seen; its time is when it came to light.
	guessed bool

	since   time.Time // when it was lost, or when the link came back after that
	missed  time.Time // when the look-up was asked for that did not find it
	seen    time.Time // when it was last seen alive
	started time.Time // when the PBX started, as far as it is known
}

// lose notes that what happens to the call from now on is not seen.
func (c *Call) lose(at time.Time) {
	if c.endSeen() {
		return
	}
	s := &c.sight
	if !s.lost {
		s.lost, s.since, s.missed = true, at, time.Time{}
	}
	s.gap = true
	if !c.answered {
		s.dim = true
		return
	}
	undecided := c.row.TmAgent.IsZero() && !at.After(c.row.TmAnswer.Add(c.row.Patience))
	s.blind = s.blind || undecided
}

func (c *Call) linkDown(e Event) Change {
	var change Change
	if !c.sight.lost {
		change = c.overdue(e.At) // until now it was seen to wait
	}
	c.sight.down = true
	if !c.sent.IsZero() || c.sight.recovered {
		c.lose(e.At)
	}
	return change
}

func (c *Call) linkUp(e Event) Change {
	c.sight.down = false
	c.sight.started = e.Started
	if c.sight.lost && c.sight.missed.IsZero() {
		c.sight.since = e.At
	}
	return 0
}

// NeedsSurvey reports whether the call waits for a Census that nobody has
// asked for yet. It stays true until that Census has come.
func (c *Call) NeedsSurvey(now time.Time) bool {
	s := &c.sight
	switch {
	case c.ended || !s.lost || s.down:
		return false
	case s.missed.IsZero():
		return s.since.IsZero() || !now.Before(s.since.Add(graceCensus))
	}
	return !now.Before(c.due())
}

// due is when a request can no longer become a call.
func (c *Call) due() time.Time { return c.row.TmCreate.Add(c.row.DialTimeout + graceLookup) }

// census looks the call up among the living. Only a lost call is judged; one
// that is not found is dead on a second look-up, since at the first the
// request may not have arrived yet, or at once if the PBX has started since.
func (c *Call) census(e Event) Change {
	s := &c.sight
	if e.Started.After(s.started) {
		s.started = e.Started
	}
	if living, found := e.Living[c.row.UUID]; found {
		return c.sighted(e.At, living)
	}
	asked := e.At
	switch {
	case c.endSeen() || !c.sent.IsZero() && !asked.After(c.sent):
		return 0
	case !s.lost:
		c.doubt(asked)
		return 0
	case s.started.After(c.row.TmCreate) && s.started.After(c.sent):
		return c.dead(asked)
	case s.missed.IsZero():
		s.missed = asked
		return 0
	case asked.After(s.missed) && !asked.Before(c.due()):
		return c.dead(asked)
	}
	return 0
}

// doubt: a channel that was there is not any more. Its hang-up is on its way;
// should it never come, a second look-up says so.
func (c *Call) doubt(asked time.Time) {
	if c.channel && asked.After(c.sight.seen) {
		c.sight.lost, c.sight.since, c.sight.missed = true, asked, asked
	}
}

// dead ends a call whose end nobody saw.
func (c *Call) dead(asked time.Time) Change {
	c.lose(c.sight.seen)
	return c.finish(asked)
}

// sighted follows again a call that was found alive.
func (c *Call) sighted(at time.Time, living Sighting) Change {
	answered := living.Answered || living.Agent != "" || living.Queue != ""
	change := c.show(at, living.Channel, answered)
	switch {
	case !answered && living.Ringing:
		change |= c.ring(at)
	case answered:
		change |= c.answer(at)
	}
	switch {
	case living.Agent != "":
		change |= c.agent(at, living.Agent)
	case living.Queue != "":
		c.seenWaiting()
		change |= c.wait()
	case answered && c.row.Abandoned && c.row.TmAgent.IsZero():
		// In no queue any more: the message, if somebody sent him there unseen.
		change |= c.enter(Talking)
	}
	return change | c.overdue(at)
}
