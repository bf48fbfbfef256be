package dialer

import (
	"cmp"
	"errors"
	"time"
	"unicode/utf8"

	"github.com/outpace/outpace/results"
)

// maxDetail bounds the words of a PBX that are kept, in bytes.
const maxDetail = 200

func (c *Call) signals(end time.Time) results.Signals {
	s := results.Signals{
		Answered:      c.answered,
		Response:      c.response,
		ResponseOK:    c.responseOK,
		Reason:        c.reason,
		DialStatus:    c.dialStatus,
		Hangup:        c.hangup,
		Cause:         c.row.ResHangup,
		TechCause:     c.techCause,
		Channel:       c.mayHaveChannel(),
		Rang:          c.rang,
		CancelledByUs: !c.cancelledAt.IsZero(),
		CustomerEnded: c.customer,
		Timeout:       c.row.DialTimeout,
	}
	if !c.hangup {
		s.Cause = c.customerCause
	}
	if !c.sent.IsZero() {
		s.Elapsed = end.Sub(c.sent)
	}
	return s
}

// finish ends the call with what is known. Without a hang-up and a response
// that is a call that was found dead: answered if it is known to have been,
// unknown if it may have been.
func (c *Call) finish(at time.Time) Change {
	end := c.endTime()
	out := results.Classify(c.signals(end))
	r := c.draft(at)
	r.ResDial, r.ResDialDetail, r.Disposition = out.ResDial, out.Detail, out.Disposition
	r.TmHangup = c.hangupAt
	if c.answered {
		r.Disposition, r.Abandoned = c.verdict()
	}
	c.measure(&r, end)
	return c.close(r, at)
}

// told ends a call with what the PBX's record says of it. An answer that was
// seen before stays one, whatever the record says.
func (c *Call) told(e Event) Change {
	o := e.Outcome
	if o == nil {
		return 0
	}
	if o.Disposition == results.Answered {
		c.toldAnswer(e, *o)
	}
	if o.Cause != 0 || o.CauseText != "" {
		c.row.ResHangup, c.row.ResHangupDetail = o.Cause, clip(cmp.Or(o.CauseText, results.HangupText(o.Cause)))
	}
	switch {
	case !o.End.IsZero():
		c.raise(results.StatusHangup)
	case o.Disposition == results.NotPlaced:
		c.row.Status = results.StatusQueueFailed
	}
	r := c.draft(e.At)
	r.ResDial, r.ResDialDetail, r.Disposition = o.ResDial, clip(cmp.Or(o.Detail, results.DialText(o.ResDial))), o.Disposition
	r.TmHangup, r.Recording = o.End, o.Recording
	if !c.cancelledAt.IsZero() && o.Disposition != results.Answered && !o.Disposition.TryGivenBack() && o.Disposition != results.Unknown {
		r.Disposition, r.ResDial, r.ResDialDetail = results.Cancelled, results.DialNone, "Hung up by us before the answer"
	}
	if c.answered {
		r.ResDial, r.ResDialDetail = results.DialAnswered, results.DialText(results.DialAnswered)
		r.Disposition, r.Abandoned = c.verdict()
	}
	c.measure(&r, o.End)
	if o.Disposition == results.Answered {
		r.Talk, r.Billsec = o.Talk, o.Billsec
	}
	return c.close(r, e.At)
}

// toldAnswer: an agent-first call has its agent before its customer, so the
// answer and the agent come at one time.
func (c *Call) toldAnswer(e Event, o Outcome) {
	when := o.Answer
	if when.IsZero() {
		when = e.At
	}
	if !c.answered {
		c.answered, c.row.TmAnswer = true, when
	}
	if c.row.TmAgent.IsZero() {
		c.row.TmAgent, c.row.Agent = c.row.TmAnswer, cmp.Or(e.Agent, c.row.Agent)
	}
}

// notPlaced ends a call whose request never became one.
func (c *Call) notPlaced(at time.Time, status int, err error) Change {
	c.row.Status = status
	r := c.draft(at)
	r.Disposition = results.NotPlaced
	if errors.Is(err, ErrUnusable) {
		r.Disposition = results.Failed
	}
	r.ResDial, r.ResDialDetail = results.DialNone, clip(err.Error())
	return c.close(r, at)
}

func (c *Call) draft(at time.Time) results.Result {
	return results.Result{
		Attempt:         c.row.Attempt,
		Status:          c.row.Status,
		Channel:         c.row.Channel,
		Agent:           c.row.Agent,
		ResHangup:       c.row.ResHangup,
		ResHangupDetail: c.row.ResHangupDetail,
		TmDial:          c.row.TmDial,
		TmRing:          c.row.TmRing,
		TmAnswer:        c.row.TmAnswer,
		TmAgent:         c.row.TmAgent,
		TmUpdate:        at,
	}
}

// close ends the call. A customer whom we or the PBX hung up on inside his
// patience comes to be abandoned here.
func (c *Call) close(r results.Result, at time.Time) Change {
	var change Change
	if r.Abandoned != nil && *r.Abandoned {
		change = c.abandon(at)
	}
	c.row.ResDial, c.row.ResDialDetail, c.row.TmUpdate = r.ResDial, r.ResDialDetail, at
	c.result, c.ended = r, true
	return change | ChangeRow | ChangeEnded | c.enter(Ended)
}

// endTime is when the call ended as far as that was seen; zero if it was not.
func (c *Call) endTime() time.Time {
	if c.hangup {
		return c.hangupAt
	}
	if c.response && !c.responseOK {
		return c.respondedAt
	}
	return time.Time{}
}

// measure fills in how long things took. What was not seen to end has no
// length.
func (c *Call) measure(r *results.Result, end time.Time) {
	between := func(from time.Time, to ...time.Time) time.Duration {
		for _, t := range to {
			if !from.IsZero() && !t.IsZero() {
				return max(0, t.Sub(from))
			}
		}
		return 0
	}
	r.Ring = between(r.TmDial, r.TmAnswer, end)
	if !c.answered {
		return
	}
	r.Billsec = int(between(r.TmAnswer, end) / time.Second)
	if r.Queue == "" && r.TmAgent.IsZero() {
		r.Talk = between(r.TmAnswer, end)
		return
	}
	left := c.redirectedAt
	if !end.IsZero() && end.Before(left) { // he hung up before we were told
		left = end
	}
	r.Wait = between(r.TmAnswer, r.TmAgent, left, end)
	r.Talk = between(r.TmAgent, left, end)
}

// clip shortens a text to maxDetail bytes without cutting a character.
func clip(text string) string {
	if len(text) <= maxDetail {
		return text
	}
	text = text[:maxDetail]
	for !utf8.ValidString(text) && len(text) > maxDetail-utf8.UTFMax {
		text = text[:len(text)-1]
	}
	return text
}
