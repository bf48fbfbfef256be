package api

import (
	"strings"
	"time"

	"github.com/outpace/outpace/campaign"
	"github.com/outpace/outpace/plan"
)

// staleAfter is how old an engine's report may be. Engines write one a second.
const staleAfter = 10 * time.Second

// why says in one sentence what holds a campaign's dialing back, "" if nothing
// does. For a campaign that runs the engine knows; for any other its status is
// the answer.
func (s *server) why(c campaign.Campaign, p *plan.Plan, live campaign.Live, reported bool) string {
	switch c.Status {
	case campaign.Started, campaign.Starting:
		return s.whyStarted(c, live, reported)
	case campaign.Paused:
		return "The campaign is paused."
	case campaign.Pausing:
		return "The campaign is being paused: live calls run on."
	case campaign.Stopping:
		if c.Reason == "" {
			return "The campaign is being stopped: live calls run on."
		}
		return because("The campaign is being stopped", c.Reason)
	case campaign.ForceStopping:
		return s.whyForced(p)
	}
	return s.whyStopped(c)
}

// whyStarted hands on what the engine says, unless none has said anything for
// a while. That the engine needs a moment after the start is no news.
func (s *server) whyStarted(c campaign.Campaign, live campaign.Live, reported bool) string {
	now := s.cfg.Now()
	switch {
	case reported && now.Sub(live.At) <= staleAfter:
		return live.Why
	case now.Sub(c.TmUpdate) <= staleAfter || now.Sub(c.TmCreate) <= staleAfter:
		return "The campaign has just been started, and no engine has reported on it yet."
	}
	return "No engine has reported on this campaign for more than 10 seconds."
}

// whyStopped says why a campaign is stopped, and when its calendar starts it.
func (s *server) whyStopped(c campaign.Campaign) string {
	why := because("The campaign is stopped", c.Reason)
	if c.Calendar.Mode == 0 {
		return why
	}
	why = strings.TrimSuffix(why, ".") + "; its calendar "
	now := s.cfg.Now()
	if c.Calendar.Open(now) {
		return why + "starts it at its next opening."
	}
	if next := c.Calendar.NextEdge(now); !next.IsZero() {
		return why + "starts it at " + next.UTC().Format(time.RFC3339) + "."
	}
	return why + "does not open any more."
}

// whyForced tells a forced stop that ends calls from one that cannot.
func (s *server) whyForced(p *plan.Plan) string {
	if p != nil {
		if gateway, ok := s.cfg.Gateways.Gateway(p.Gateway); ok && !gateway.Hangup {
			return "The campaign is being stopped; its gateway " + quote(gateway.Name) + " cannot end calls, so live ones run on."
		}
	}
	return "The campaign is being stopped by force: its calls are being hung up."
}

// because adds a reason, itself a sentence, to the beginning of one. A reason
// that speaks of the campaign needs no beginning.
func because(start, reason string) string {
	if reason == "" {
		return start + "."
	}
	if strings.HasPrefix(reason, "The campaign ") {
		return sentence(reason)
	}
	if rest, ok := strings.CutPrefix(reason, "The "); ok {
		reason = "the " + rest
	}
	return sentence(start + ": " + reason)
}
