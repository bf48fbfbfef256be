package scheduler

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"time"

	"github.com/outpace/outpace/campaign"
	"github.com/outpace/outpace/dlma"
	"github.com/outpace/outpace/plan"
	"github.com/outpace/outpace/results"
)

// watchPeriod is how often the database is looked at for what was changed
// through another engine's API.
const watchPeriod = time.Second

// watchLimit bounds one look.
const watchLimit = 10 * time.Second

// staleAfter is how old what is known of the campaigns may be for dialing to go
// on: somebody may have stopped them since. A claim is as young as that, and
// its calls are placed within claimLife.
const staleAfter = 5 * time.Second

// roster is the campaigns as they were when the database was asked.
type roster struct {
	list []work
	read time.Time
}

// work is a campaign that is not at rest, with the objects that it names.
type work struct {
	campaign    campaign.Campaign
	plan        *plan.Plan // nil: none, or deleted
	destination *campaign.Destination
	list        *dlma.List
	message     *campaign.Destination // for customers whom no agent takes, nil: none
	gateway     string                // resolved name; the default one's if the plan names none that we have
	unknown     string                // the name in the plan if we have no such gateway
	elsewhere   bool                  // another engine has that gateway: it knows what we do not
	info        results.Info
}

// startable says, in a sentence that names the field, why such a campaign may
// not dial; nil if it may.
func (w work) startable() error {
	switch {
	case w.plan == nil:
		return campaign.Invalid{Field: "plan", Message: "must name a live plan."}
	case w.destination == nil:
		return campaign.Invalid{Field: "dest", Message: "must name a live destination."}
	case w.list == nil:
		return campaign.Invalid{Field: "dlma", Message: "must name a live dial list."}
	case w.unknown != "" && !w.elsewhere:
		return plan.Invalid{Field: "gateway", Message: fmt.Sprintf("%q is not a gateway of this server.", w.unknown)}
	}
	if err := w.plan.Startable(); err != nil {
		return err
	}
	return w.destination.Startable()
}

// watch reads what campaigns there are and hands them to the loops and to the
// calendar, each second and whenever it is poked.
type watch struct {
	cfg      Config
	posts    []*post
	calendar *calendar
	pokes    chan struct{}
}

func newWatch(cfg Config, posts []*post, cal *calendar) *watch {
	w := &watch{cfg: cfg, posts: posts, calendar: cal, pokes: make(chan struct{}, 1)}
	cal.changed = w.poke
	return w
}

func (w *watch) poke() {
	select {
	case w.pokes <- struct{}{}:
	default:
	}
}

func (w *watch) run(ctx context.Context) {
	tick := time.NewTicker(watchPeriod)
	defer tick.Stop()
	for {
		w.look(ctx)
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		case <-w.pokes:
		}
	}
}

// look reads once and hands on.
func (w *watch) look(ctx context.Context) {
	attempt, cancel := context.WithTimeout(ctx, watchLimit)
	defer cancel()
	read := w.cfg.Clock()
	list, err := w.load(attempt)
	switch {
	case err == nil:
		for _, p := range w.posts {
			p.offer(roster{list, read})
		}
		w.calendar.look(attempt, list)
	case ctx.Err() == nil:
		w.cfg.Logger.Error("campaigns could not be read", slog.Any("error", err))
	}
}

// load reads all campaigns that are not at rest and what they name.
func (w *watch) load(ctx context.Context) ([]work, error) {
	list, err := w.cfg.Store.Working(ctx)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	works, err := gather(ctx, w.cfg, list)
	if err != nil {
		return nil, err
	}
	var active []*work
	for i := range works {
		if s := works[i].campaign.Status; s != campaign.Stopped && s != campaign.Paused {
			active = append(active, &works[i])
		}
	}
	w.cfg.others.seek(ctx, w.cfg, active...)
	return works, nil
}

// gather adds to campaigns what they name.
func gather(ctx context.Context, cfg Config, list []campaign.Campaign) ([]work, error) {
	plans, dests, lists := map[string]bool{}, map[string]bool{}, map[string]bool{}
	for _, c := range list {
		plans[c.Plan], dests[c.Destination], lists[c.List] = true, true, true
	}
	ps, err := cfg.Store.Plans(ctx, names(plans))
	if err != nil {
		return nil, fmt.Errorf("read plans: %w", err)
	}
	for _, p := range ps {
		dests[p.AbandonDestination] = true
	}
	ds, err := cfg.Store.Destinations(ctx, names(dests))
	if err != nil {
		return nil, fmt.Errorf("read destinations: %w", err)
	}
	ls, err := cfg.Store.Lists(ctx, names(lists))
	if err != nil {
		return nil, fmt.Errorf("read dial lists: %w", err)
	}
	works := make([]work, 0, len(list))
	for _, c := range list {
		works = append(works, assemble(cfg, c, ps, ds, ls))
	}
	return works, nil
}

// gatherOne is gather for a campaign that is to be started.
func gatherOne(ctx context.Context, cfg Config, c campaign.Campaign) (work, error) {
	works, err := gather(ctx, cfg, []campaign.Campaign{c})
	if err != nil {
		return work{}, err
	}
	cfg.others.seek(ctx, cfg, &works[0])
	return works[0], nil
}

func names(set map[string]bool) []string {
	delete(set, "")
	return slices.Sorted(maps.Keys(set))
}

func assemble(cfg Config, c campaign.Campaign, ps map[string]plan.Plan,
	ds map[string]campaign.Destination, ls map[string]dlma.List) work {
	w := work{campaign: c}
	w.info.Campaign = mustJSON(c)
	if p, ok := ps[c.Plan]; ok {
		w.plan, w.info.Plan = &p, mustJSON(p)
		if m, ok := ds[p.AbandonDestination]; ok && m.Type == campaign.TypeExten && m.Startable() == nil {
			w.message = &m
		}
	}
	if d, ok := ds[c.Destination]; ok {
		w.destination, w.info.Destination = &d, mustJSON(d)
	}
	if l, ok := ls[c.List]; ok {
		w.list, w.info.List = &l, mustJSON(l)
	}
	if len(cfg.Gateways) == 0 {
		return w
	}
	w.gateway = cfg.Gateways[0].Name()
	if w.plan != nil && w.plan.Gateway != "" {
		if slices.ContainsFunc(cfg.Gateways, func(g Gateway) bool { return g.Name() == w.plan.Gateway }) {
			w.gateway = w.plan.Gateway
		} else {
			w.unknown = w.plan.Gateway
		}
	}
	return w
}

// mustJSON marshals our own plain types, which cannot fail.
func mustJSON(v any) json.RawMessage {
	b, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("scheduler: marshal %T: %v", v, err))
	}
	return b
}
