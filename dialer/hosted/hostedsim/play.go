package hostedsim

import "time"

// play runs a call from the agent's ringing phone to its row.
func (w *World) play(c *Call, fate Fate, hangup <-chan struct{}) {
	defer w.forget(c)
	w.step(c, Began, nil)
	w.steps(c, fate, hangup)
	if w.ctx.Err() != nil {
		return
	}
	w.release(c)
	w.step(c, Over, nil)
	if delay := w.Faults().RowDelay; delay > 0 && !w.pause(delay, nil) {
		return
	}
	if !fate.NoRow {
		w.step(c, Logged, func() { c.Logged = true })
	}
}

// steps takes the call to its end: its own, or one by Hangup.
func (w *World) steps(c *Call, fate Fate, hangup <-chan struct{}) {
	if fate.End == AgentSilent {
		w.pauseUnits(fate.Ring, hangup)
		return
	}
	if !w.pauseUnits(0.5, hangup) {
		return
	}
	w.step(c, PickedUp, func() { c.AgentUp = time.Now() })
	if !w.pauseUnits(fate.Ring, hangup) || fate.End != Answer {
		return
	}
	w.step(c, Talking, func() { c.Answered = time.Now() })
	w.pauseUnits(fate.Talk, hangup)
}

// release ends the call and sets its agent free.
func (w *World) release(c *Call) {
	w.mu.Lock()
	defer w.mu.Unlock()
	c.Ended = time.Now()
	if a := w.agent(c.Exten); a != nil && a.Call == c {
		a.Call = nil
	}
}

func (w *World) forget(c *Call) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.hangups, c.ID)
}

// step changes the call and tells the watchers.
func (w *World) step(c *Call, s Stage, change func()) {
	w.mu.Lock()
	if change != nil {
		change()
	}
	copied, watchers := *c, w.watchers
	w.mu.Unlock()
	for _, f := range watchers {
		f(copied, s)
	}
}

func (w *World) pauseUnits(n float64, hangup <-chan struct{}) bool {
	return w.pause(time.Duration(n*float64(w.cfg.Unit)), hangup)
}

// pause waits; false if the call was hung up or the world ends first.
func (w *World) pause(d time.Duration, hangup <-chan struct{}) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-hangup:
		return false
	case <-w.ctx.Done():
		return false
	}
}
