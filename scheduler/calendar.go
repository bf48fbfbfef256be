package scheduler

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/robfig/cron/v3"

	"github.com/outpace/outpace/campaign"
)

// calendar starts and stops campaigns at the edges of their calendars. A cron
// entry stands for each calendar and fires at its next edge; once a minute all
// are checked, which repairs an edge that was missed (a restart, a clock that
// jumped). Acting twice is harmless: the store moves a campaign's Edge only
// once.
type calendar struct {
	cfg     Config
	cron    *cron.Cron
	changed func()

	mu      sync.Mutex
	entries map[string]edgeEntry // by campaign
	ctx     context.Context      //nolint:containedctx // cron jobs take no context; this one is run's
}

type edgeEntry struct {
	id  cron.EntryID
	cal campaign.Calendar
}

// edges is a calendar as cron sees it.
type edges struct{ cal campaign.Calendar }

// Next implements cron.Schedule; a zero time means never.
func (e edges) Next(t time.Time) time.Time { return e.cal.NextEdge(t) }

func newCalendar(cfg Config) *calendar {
	return &calendar{
		cfg: cfg, changed: func() {},
		cron:    cron.New(cron.WithLocation(time.UTC)),
		entries: map[string]edgeEntry{},
	}
}

func (c *calendar) run(ctx context.Context) {
	c.mu.Lock()
	c.ctx = ctx
	c.mu.Unlock()
	c.cron.Schedule(cron.Every(time.Minute), cron.FuncJob(func() { c.checkAll(ctx) }))
	c.cron.Start()
	<-ctx.Done()
	<-c.cron.Stop().Done()
}

// look takes note of new, changed and gone calendars, and acts on those that
// were made or changed since.
func (c *calendar) look(ctx context.Context, list []work) {
	seen := map[string]bool{}
	for _, w := range list {
		cp := w.campaign
		if cp.Calendar.Mode != 1 || !cp.InUse {
			continue
		}
		seen[cp.UUID] = true
		c.enter(cp)
		if cp.Edge.Equal(campaign.EdgePending) {
			c.act(ctx, cp, c.cfg.Clock())
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for uuid, e := range c.entries {
		if !seen[uuid] {
			c.cron.Remove(e.id)
			delete(c.entries, uuid)
		}
	}
}

func (c *calendar) enter(cp campaign.Campaign) {
	c.mu.Lock()
	defer c.mu.Unlock()
	old, ok := c.entries[cp.UUID]
	if ok && old.cal == cp.Calendar {
		return
	}
	if ok {
		c.cron.Remove(old.id)
	}
	uuid := cp.UUID
	id := c.cron.Schedule(edges{cp.Calendar}, cron.FuncJob(func() { c.check(uuid) }))
	c.entries[cp.UUID] = edgeEntry{id: id, cal: cp.Calendar}
}

func (c *calendar) check(uuid string) {
	c.mu.Lock()
	ctx := c.ctx
	c.mu.Unlock()
	if ctx == nil || ctx.Err() != nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, taskLimit)
	defer cancel()
	cp, err := c.cfg.Store.Campaign(ctx, uuid)
	if err != nil {
		c.cfg.Logger.Error("calendar: campaign could not be read", slog.String("campaign", uuid), slog.Any("error", err))
		return
	}
	c.act(ctx, cp, c.cfg.Clock())
}

func (c *calendar) checkAll(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, taskLimit)
	defer cancel()
	list, err := c.cfg.Store.Working(ctx)
	if err != nil {
		if ctx.Err() == nil {
			c.cfg.Logger.Error("calendar: campaigns could not be read", slog.Any("error", err))
		}
		return
	}
	for _, cp := range list {
		if cp.Calendar.Mode == 1 && cp.InUse {
			c.act(ctx, cp, c.cfg.Clock())
		}
	}
}

// act brings a campaign to the calendar's present state if an edge has passed
// since it was done last.
func (c *calendar) act(ctx context.Context, cp campaign.Campaign, now time.Time) {
	if cp.Calendar.Mode != 1 {
		return
	}
	edge, open := cp.Calendar.Window(now)
	switch {
	case open && cp.Edge.Equal(edge), !open && cp.ClosingDone():
		return
	case !open && cp.Edge.Equal(cp.Calendar.NextEdge(now)):
		return // the opening that comes was acted on already, by a clock that is ahead, or was
	case !open:
		edge = now
	}
	move, err := c.move(ctx, cp, edge, open)
	if err == nil {
		_, err = c.cfg.Store.MoveEdge(ctx, cp.UUID, cp.Edge, edge, move)
	}
	if err != nil {
		if ctx.Err() == nil {
			c.cfg.Logger.Error("calendar: edge not acted on, will be tried again", slog.String("campaign", cp.UUID), slog.Any("error", err))
		}
		return
	}
	c.cfg.Logger.Info("calendar edge", slog.String("campaign", cp.UUID), slog.Bool("open", open))
	c.changed()
}

// closed is the reason of a stop by the calendar.
const closed = "The calendar closed."

// move is what an edge asks for. Opening starts a stopped campaign and leaves
// a paused one; closing stops gracefully.
func (c *calendar) move(ctx context.Context, cp campaign.Campaign, edge time.Time, open bool) (*campaign.Move, error) {
	if !open {
		return &campaign.Move{
			From: []campaign.Status{campaign.Started, campaign.Starting}, To: campaign.Stopping,
			Reason: closed,
		}, nil
	}
	if cp.Edge.After(edge) && cp.Reason != closed {
		// By a clock that is ahead, or was, this window has been opened and closed
		// before. What the calendar stopped too early goes on; what somebody has
		// stopped in the window stays stopped.
		return nil, nil
	}
	w, err := gatherOne(ctx, c.cfg, cp)
	if err != nil {
		return nil, err
	}
	if err := w.startable(); err != nil {
		c.cfg.Logger.Warn("calendar: campaign cannot start", slog.String("campaign", cp.UUID), slog.Any("reason", err))
		return &campaign.Move{
			From: []campaign.Status{campaign.Stopped}, To: campaign.Stopped,
			Reason: "The calendar opened, but the campaign cannot start: " + err.Error(),
		}, nil
	}
	return &campaign.Move{
		From: []campaign.Status{campaign.Stopped, campaign.Stopping}, To: campaign.Started,
	}, nil
}
