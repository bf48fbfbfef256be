package scheduler

import (
	"encoding/json"
	"slices"
	"time"

	"github.com/outpace/outpace/dialer"
	"github.com/outpace/outpace/dlma"
	"github.com/outpace/outpace/predictor"
	"github.com/outpace/outpace/results"
)

// observeAnswer tells the pacer that a call of its campaign was answered.
func (f *floor) observeAnswer(c *call, now time.Time) {
	f.observe(c.campaign, predictor.Outcome{Kind: predictor.CallAnswered, At: now, After: now.Sub(c.born), Class: c.class})
}

// observeTaken tells it that an agent took the call.
func (f *floor) observeTaken(c *call, now time.Time) {
	f.observe(c.campaign, predictor.Outcome{Kind: predictor.CallTaken, At: now, After: now.Sub(c.answered), Class: c.class})
}

// observeLost tells it that an answered customer found nobody in time, and
// whether there was an agent who should have taken him.
func (f *floor) observeLost(c *call, now time.Time) {
	waiting := max(1, f.tally.queue(c.queue)[dialer.Waiting]) + f.book.strangers(c.queue)
	f.observe(c.campaign, predictor.Outcome{
		Kind: predictor.CallAbandoned, At: now, After: now.Sub(c.answered), Class: c.class,
		Idle: f.book.able(c.queue, now) >= waiting,
	})
}

// observeEnd tells it that a call ended without an answer.
func (f *floor) observeEnd(c *call, res results.Result) {
	if failed(res) {
		f.observe(c.campaign, predictor.Outcome{Kind: predictor.CallFailed, At: res.TmUpdate, After: res.Ring, Class: c.class})
	}
}

// failed reports whether a result tells that a person was called and did not
// answer; others tell of us, or of nothing.
func failed(res results.Result) bool {
	switch {
	case undialable(res), res.Disposition.TryGivenBack(), !res.TmAnswer.IsZero():
		return false
	}
	return res.Disposition != results.Unknown && res.Disposition != results.Cancelled
}

func (f *floor) observe(campaign string, o predictor.Outcome) {
	if r := f.runs[campaign]; r != nil {
		r.pacer.Observe(o)
	}
}

// observeAgent tells the pacers of an agent's queues how long he was in a phase
// that has ended.
func (f *floor) observeAgent(kind predictor.OutcomeKind, queues []dialer.Membership, at time.Time, after time.Duration) {
	for _, id := range f.order {
		r := f.runs[id]
		q := f.pool(r.destination).Name()
		if q != "" && slices.ContainsFunc(queues, func(m dialer.Membership) bool { return m.Queue == q }) {
			r.pacer.Observe(predictor.Outcome{Kind: kind, At: at, After: after})
		}
	}
}

// watchTalk notes that an agent has stopped talking, whoever it was that he
// talked to.
func (f *floor) watchTalk(e dialer.Event) {
	if e.Kind != dialer.AgentChanged {
		return
	}
	was, ok := f.book.agents[e.Member.Interface]
	if ok && was.Phase == dialer.AgentTalking && e.Member.Phase != dialer.AgentTalking {
		f.observeAgent(predictor.TalkEnded, was.Queues, e.At, e.At.Sub(was.Since))
	}
}

// watchRest notes that agents' wrap-ups are over.
func (f *floor) watchRest(rested []dialer.Agent) {
	for _, a := range rested {
		if pause := f.book.pause(&a); pause > 0 {
			f.observeAgent(predictor.WrapUpEnded, a.Queues, a.TalkEnded.Add(pause), pause)
		}
	}
}

// classOfCall is classOf for a call that was claimed.
func (f *floor) classOfCall(d results.Dialing) predictor.Class {
	loc := time.UTC
	if r := f.runs[d.Campaign]; r != nil && r.figures.loc != nil {
		loc = r.figures.loc
	}
	var e dlma.Entry
	_ = json.Unmarshal(d.Info.Entry, &e) // without it nothing is known of its last call
	return classOf(d.DialTry-1, d.DialIndex, e.ResDial, d.TmCreate, loc)
}

// classOf is what a call's answer chance is learned by. last is the res_dial of
// the entry's last call.
func classOf(tries, number, last int, at time.Time, loc *time.Location) predictor.Class {
	return predictor.Class{Tries: tries, Number: number, Hour: at.In(loc).Hour(), LastResult: last}
}

// learnFrom gives a pacer that knows nothing the outcomes of a campaign's
// latest results, but for those before a time. Which result the entry had before
// is not in them, so that only first tries tell of their class.
func learnFrom(p *predictor.Predictive, list []results.Result, since time.Time, loc *time.Location) {
	var outcomes []predictor.Outcome
	for _, res := range list {
		if res.TmUpdate.Before(since) {
			continue
		}
		class := predictor.Class{}
		if res.DialTry == 1 {
			class = classOf(0, res.DialIndex, 0, res.TmCreate, loc)
		}
		switch {
		case failed(res):
			outcomes = append(outcomes, predictor.Outcome{Kind: predictor.CallFailed, At: res.TmUpdate, After: res.Ring, Class: class})
		case !res.TmAnswer.IsZero():
			outcomes = append(outcomes, predictor.Outcome{
				Kind: predictor.CallAnswered, At: res.TmAnswer, After: res.TmAnswer.Sub(res.TmCreate), Class: class,
			})
			if res.Talk > 0 {
				outcomes = append(outcomes, predictor.Outcome{Kind: predictor.TalkEnded, At: res.TmUpdate, After: res.Talk})
			}
		}
	}
	slices.SortStableFunc(outcomes, func(a, b predictor.Outcome) int { return a.At.Compare(b.At) })
	for _, o := range outcomes {
		p.Observe(o)
	}
}
