package oncall

import (
	"cmp"
	"context"
	"net/url"
	"strings"

	"github.com/outpace/outpace/dialer/hosted"
	"github.com/outpace/outpace/results"
)

// target is one phone that was called for a call (5.2).
type target struct {
	Destination text `json:"destination"`
	Answer      text `json:"answer_time"`
	FailCode    text `json:"fail_code"`
	Ring        text `json:"ring_duration"`
	Talk        text `json:"talk_duration"`
	EndReason   text `json:"end_reason"`
	Status      text `json:"status"`
}

func (t target) told() told {
	return told{
		status: t.Status, reason: t.EndReason, failCode: t.FailCode,
		ring: t.Ring.seconds(), talk: t.Talk.seconds(),
	}
}

// Detail asks whom the PBX called for a row and how that went (5.2), and for
// the recording of an answered one (4.1).
func (p *pbx) Detail(ctx context.Context, c hosted.Live, r hosted.Row) (hosted.Row, error) {
	var answer struct {
		Targets []target `json:"targets"`
	}
	err := p.get(ctx, "/api/call_logs/show", url.Values{"id": {r.ID}}, &answer)
	if err != nil && !nonexistent(err) {
		return r, err
	}
	r = p.judge(c, r, answer.Targets)
	if r.Outcome.Disposition != results.Answered {
		return r, nil
	}
	name, err := p.recordingOf(ctx, c, r)
	r.Outcome.Recording = name
	return r, err
}

// judge lets the targets say how the call went.
func (p *pbx) judge(c hosted.Live, r hosted.Row, targets []target) hosted.Row {
	var customer *target
	others := 0 // targets that are neither the customer nor the agent
	for i := range targets {
		switch t := &targets[i]; {
		case hosted.Number(user(t.Destination)) == hosted.Number(c.Number):
			if customer == nil || !talked(*customer) {
				customer = t
			}
		case user(t.Destination) != c.Agent:
			others++
		}
	}
	answered := r.Outcome.Disposition == results.Answered
	switch {
	case customer != nil:
		o := customer.told().outcome()
		if answered && o.Disposition != results.Answered {
			// Row and target contradict each other, or the row counts the
			// agent's own pick-up. Where the target is sure it is right.
			if o.Disposition == results.Failed || o.Disposition == results.Unknown {
				return r
			}
		}
		r.Outcome = o
		if at := customer.Answer.instant(p.zone); !at.IsZero() {
			r.Answer = at
		}
	case len(targets) > 0 && others == 0 && !answered:
		o := Words.Outcome(0, wordAgentOnly)
		o.CauseText = cmp.Or(r.Outcome.CauseText, o.CauseText)
		r.Outcome = o
	}
	return r
}

func talked(t target) bool {
	return strings.EqualFold(strings.TrimSpace(string(t.Status)), "ANSWERED") && t.Talk.seconds() > 0
}
