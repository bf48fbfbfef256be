package scheduler

import (
	"cmp"
	"encoding/json"
	"time"

	"github.com/google/uuid"

	"github.com/outpace/outpace/campaign"
	"github.com/outpace/outpace/dialer"
	"github.com/outpace/outpace/dlma"
	"github.com/outpace/outpace/plan"
	"github.com/outpace/outpace/results"
)

// zoneOf is the zone whose calendar days are the campaign's.
func zoneOf(c campaign.Campaign) string { return cmp.Or(c.Calendar.Zone, "UTC") }

// pick is which entries a campaign may call now.
func (w work) pick(now time.Time, count int) dlma.Pick {
	return dlma.Pick{
		List: w.list.UUID, MaxTries: w.plan.MaxRetry, RetryDelay: w.plan.RetryDelay,
		RedialUnknown: w.plan.RedialUnknown, AbandonLock: w.plan.AbandonLock, Now: now, Count: count,
	}
}

// dialing is the attempt that calls one of an entry's numbers. A number or
// variables that cannot be dialed leave DialChannel empty: such a call is
// claimed and finished as failed without being placed, so that its result
// tells, and its entry does not come back for ever.
func (w work) dialing(gateway, owner string, e dlma.Entry, number, try int, now time.Time) results.Dialing {
	p, dest := w.plan, w.destination
	d := results.Dialing{
		Attempt: results.Attempt{
			UUID: uuid.NewString(), ActionID: uuid.NewString(), Gateway: gateway,
			Campaign: w.campaign.UUID, Plan: p.UUID, Destination: dest.UUID, List: w.list.UUID, Entry: e.UUID,
			Name: e.Name, Ukey: e.Ukey,
			DialAddr: e.Number[number-1], DialIndex: number, DialTry: try,
			DialTimeout: p.DialTimeout, DialType: dest.Type, CallerID: p.CallerID, Codecs: p.Codecs,
			Queue: dest.Queue(), Patience: p.AbandonPatience, Zone: zoneOf(w.campaign),
			TmCreate: now,
		},
		Owner: owner, Info: w.info,
	}
	d.Info.Entry = mustJSON(e)
	if dest.Type == campaign.TypeExten {
		d.DialContext, d.DialExten, d.DialPriority = dest.Context, dest.Exten, cmp.Or(dest.Priority, "1")
		d.EarlyMedia = p.EarlyMedia == "true"
	} else {
		d.DialApplication, d.DialData = dest.Application, dest.Data
	}
	channel, err := plan.Channel(p.Tech, d.DialAddr, p.Trunk)
	if err == nil {
		d.DialVariables, err = plan.MergeVariables(w.campaign.Variables, p.Variables, dest.Variables,
			w.list.Variables, e.Variables)
	}
	if err != nil {
		d.ResDialDetail = err.Error()
		return d
	}
	d.DialChannel = channel
	return d
}

// request is what the gateway is asked for.
func request(d results.Dialing) dialer.Request {
	var c campaign.Campaign
	_ = json.Unmarshal(d.Info.Campaign, &c) // only its name is wanted, to show it
	return dialer.Request{
		Campaign: c.Name, Name: d.Name,
		Call: d.UUID, ActionID: d.ActionID, Channel: d.DialChannel, Number: d.DialAddr,
		CallerID: d.CallerID, Codecs: d.Codecs, Timeout: d.DialTimeout,
		Context: d.DialContext, Exten: d.DialExten, Priority: d.DialPriority, EarlyMedia: d.EarlyMedia,
		Application: d.DialApplication, Data: d.DialData, Variables: d.DialVariables,
	}
}

// wayOf names the way out that a plan's calls take: what a fault of ours has
// in common with others.
func wayOf(p plan.Plan) string {
	if p.Trunk == "" {
		return p.Tech
	}
	return p.Tech + " and trunk " + p.Trunk
}
