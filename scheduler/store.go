package scheduler

import (
	"context"
	"time"

	"github.com/outpace/outpace/campaign"
	"github.com/outpace/outpace/dlma"
	"github.com/outpace/outpace/plan"
	"github.com/outpace/outpace/results"
)

// Leases keep two engines on one database from doing the same work.
type Leases interface {
	// Acquire takes or renews the lease called name for holder and returns the
	// token of the term, which stays the same until another holder has had the
	// lease. ok is false while somebody else holds it.
	Acquire(ctx context.Context, name, holder string, ttl time.Duration) (token string, ok bool, err error)
	// Release gives a lease back; it does nothing if token no longer holds it.
	Release(ctx context.Context, name, token string) error
	// Held reports whether another than holder has the lease called name.
	Held(ctx context.Context, name, holder string) (bool, error)
	// Attend says that the engine called holder is there for ttl, 0 that it
	// leaves, and returns how many engines are there, this one included.
	Attend(ctx context.Context, holder string, ttl time.Duration) (engines int, err error)
}

// Campaigns are read and moved by the loop and by the calendar.
type Campaigns interface {
	// Working returns the live campaigns whose status is not stopped or
	// paused, and all whose calendar is on.
	Working(ctx context.Context) ([]campaign.Campaign, error)
	// Campaign returns one live campaign; store.ErrNotFound if there is none.
	Campaign(ctx context.Context, uuid string) (campaign.Campaign, error)
	// Move changes a campaign's status if its present one is among m.From and
	// lease, the token of a lease, still holds. It reports whether it did.
	Move(ctx context.Context, lease, uuid string, m campaign.Move) (bool, error)
	// MoveEdge records that the calendar has been acted on as it was at edge, if the campaign's Edge still is was; m, if not nil, is made in
	// the same transaction where it applies. It reports whether Edge was moved.
	MoveEdge(ctx context.Context, uuid string, was, edge time.Time, m *campaign.Move) (bool, error)
}

// Objects are what campaigns refer to. Unknown and deleted uuids are absent
// from the answers.
type Objects interface {
	Plans(ctx context.Context, uuids []string) (map[string]plan.Plan, error)
	Destinations(ctx context.Context, uuids []string) (map[string]campaign.Destination, error)
	Lists(ctx context.Context, uuids []string) (map[string]dlma.List, error)
}

// Calls claim entries and record what becomes of them.
type Calls interface {
	// Claim takes up to pick.Count ready entries in one transaction, counts
	// their tries and writes a dialing for each, which build makes from the
	// entry as it was before the claim, the number's index (1 to 8) and the
	// try; the store sets what identifies the call. build must not block, since
	// rows are locked meanwhile. lease is the token of the gateway's lease,
	// gateway its name; results.ErrLeaseLost if it no longer holds.
	Claim(ctx context.Context, gateway, lease string, pick dlma.Pick,
		build func(e dlma.Entry, number, try int) results.Dialing) ([]results.Dialing, error)
	// Record stores the live rows of calls and finishes calls, in one
	// transaction. Rows that are not claimed by lease (any more) are left
	// alone. Repeating it is harmless.
	Record(ctx context.Context, lease string, rows []results.Dialing, ended []results.Result) error
	// TakeOver makes lease the owner of all open dialings of a gateway and
	// returns them.
	TakeOver(ctx context.Context, gateway, lease string) ([]results.Dialing, error)
	// OpenCalls counts a campaign's open dialings, on any gateway.
	OpenCalls(ctx context.Context, campaign string) (int, error)
	// HangupsAsked returns the uuids of a gateway's open dialings that a user
	// wants ended.
	HangupsAsked(ctx context.Context, gateway string) ([]string, error)
}

// Entries tell what a list still holds.
type Entries interface {
	Outlook(ctx context.Context, pick dlma.Pick) (dlma.Outlook, error)
	// Reconcile brings, in bounded steps, the index that Claim uses up to date
	// with a changed plan; Claim and Outlook are right without it, only
	// slower. It returns how many rows it changed; 0 means that it is done.
	Reconcile(ctx context.Context, pick dlma.Pick) (int, error)
}

// LiveStats stores what the owner sees of its campaigns.
type LiveStats interface {
	// lease is the token of the gateway's lease; without it nothing is stored.
	PutLive(ctx context.Context, lease string, live []campaign.Live) error
}

// Past is what a campaign's calls have come to.
type Past interface {
	// Days sums up what counts for abandonment in a campaign's calendar days,
	// from the one given (YYYY-MM-DD) on, in order; days without calls are absent.
	Days(ctx context.Context, campaign, from string) ([]results.Day, error)
	// Recent returns up to count of a campaign's latest results, oldest first.
	Recent(ctx context.Context, campaign string, count int) ([]results.Result, error)
}

// Ledger numbers results and remembers how far the log file got.
type Ledger interface {
	// Number gives up to limit finished, unnumbered results the next numbers
	// and returns how many it numbered. lease is the token of the lease
	// "results".
	Number(ctx context.Context, lease string, limit int) (int, error)
	// Numbered returns up to limit results after seq, in order.
	Numbered(ctx context.Context, after int64, limit int) ([]results.Result, error)
	// Logged and SetLogged keep the last seq known to be in the log of host.
	Logged(ctx context.Context, host string) (int64, error)
	SetLogged(ctx context.Context, host string, seq int64) error
}

// Store is all that the scheduler keeps.
type Store interface {
	Leases
	Campaigns
	Objects
	Calls
	Entries
	Past
	LiveStats
	Ledger
	Orphans
}
