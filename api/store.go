package api

import (
	"context"

	"github.com/outpace/outpace/campaign"
	"github.com/outpace/outpace/dlma"
	"github.com/outpace/outpace/plan"
	"github.com/outpace/outpace/results"
)

// The errors of these methods are the noun packages': ErrNotFound for an
// unknown or deleted object, Invalid for bad input, Conflict for what may not
// be done now. Objects that are created get their uuid and times from the
// store. An update runs in one transaction: edit changes the present object,
// and its error is returned as it is.

// Plans keep plans. CreatePlan and UpdatePlan check that what a plan refers to
// exists. DeletePlan with force clears the references of campaigns.
type Plans interface {
	CreatePlan(ctx context.Context, p plan.Plan) (plan.Plan, error)
	Plan(ctx context.Context, uuid string) (plan.Plan, error)
	// ListPlans returns up to count live plans after the one named, oldest
	// first, and whether there are more. So do the other lists.
	ListPlans(ctx context.Context, after string, count int) (list []plan.Plan, more bool, err error)
	UpdatePlan(ctx context.Context, uuid string, edit func(*plan.Plan) error) (plan.Plan, error)
	DeletePlan(ctx context.Context, uuid string, force bool) (plan.Plan, error)
}

// Destinations keep destinations. DeleteDestination with force clears the
// references of campaigns and plans. UpdateDestination refuses, as a Conflict,
// another type for one that a plan refers to.
type Destinations interface {
	CreateDestination(ctx context.Context, d campaign.Destination) (campaign.Destination, error)
	Destination(ctx context.Context, uuid string) (campaign.Destination, error)
	ListDestinations(ctx context.Context, after string, count int) (list []campaign.Destination, more bool, err error)
	UpdateDestination(ctx context.Context, uuid string, edit func(*campaign.Destination) error) (campaign.Destination, error)
	DeleteDestination(ctx context.Context, uuid string, force bool) (campaign.Destination, error)
}

// Lists keep dial lists. DeleteList with force clears the references of
// campaigns, with entries it deletes the list's entries too; each lifts its
// own refusal only.
type Lists interface {
	CreateList(ctx context.Context, l dlma.List) (dlma.List, error)
	List(ctx context.Context, uuid string) (dlma.List, error)
	ListLists(ctx context.Context, after string, count int) (list []dlma.List, more bool, err error)
	UpdateList(ctx context.Context, uuid string, edit func(*dlma.List) error) (dlma.List, error)
	DeleteList(ctx context.Context, uuid string, force, entries bool) (dlma.List, error)
}

// Entries keep the entries of lists. UpdateEntry refuses, as a Conflict, to
// change what the ruling forbids while the entry is being dialed.
type Entries interface {
	CreateEntry(ctx context.Context, e dlma.Entry) (dlma.Entry, error)
	// CreateEntryOnce is a Conflict if the list has an entry with the same
	// ukey; of many calls at once only one creates it.
	CreateEntryOnce(ctx context.Context, e dlma.Entry) (dlma.Entry, error)
	Entry(ctx context.Context, uuid string) (dlma.Entry, error)
	ListEntries(ctx context.Context, q dlma.Query) (list []dlma.Entry, more bool, err error)
	UpdateEntry(ctx context.Context, uuid string, edit func(*dlma.Entry) error) (dlma.Entry, error)
	DeleteEntry(ctx context.Context, uuid string) (dlma.Entry, error)
}

// Campaigns keep campaigns. CreateCampaign and UpdateCampaign check that what
// a campaign refers to exists. DeleteCampaign refuses a campaign that is
// neither stopped nor paused unless force is set, which stops it first.
type Campaigns interface {
	CreateCampaign(ctx context.Context, c campaign.Campaign) (campaign.Campaign, error)
	Campaign(ctx context.Context, uuid string) (campaign.Campaign, error)
	ListCampaigns(ctx context.Context, after string, count int) (list []campaign.Campaign, more bool, err error)
	UpdateCampaign(ctx context.Context, uuid string, edit func(*campaign.Campaign) error) (campaign.Campaign, error)
	DeleteCampaign(ctx context.Context, uuid string, force bool) (campaign.Campaign, error)
}

// Dialings show open calls.
type Dialings interface {
	Dialing(ctx context.Context, uuid string) (results.Dialing, error)
	ListDialings(ctx context.Context, after string, count int) (list []results.Dialing, more bool, err error)
	// AskHangup leaves word for the engine that owns the call to end it.
	AskHangup(ctx context.Context, uuid string) error
}

// Figures are what statistics are made of.
type Figures interface {
	// Live returns what the engine saw last of a campaign; ok is false if it never ran.
	Live(ctx context.Context, campaign string) (live campaign.Live, ok bool, err error)
	Counts(ctx context.Context, pick dlma.Pick) (dlma.Counts, error)
	// Tally sums up the results of a campaign since it was made.
	Tally(ctx context.Context, campaign string) (results.Tally, error)
	// Days sums up what counts for abandonment in each day of a campaign from
	// the day from (YYYY-MM-DD) on, oldest first.
	Days(ctx context.Context, campaign, from string) ([]results.Day, error)
	Results(ctx context.Context, q results.Query) (list []results.Result, more bool, err error)
}

// Store is all that the API reads and writes.
type Store interface {
	Plans
	Destinations
	Lists
	Entries
	Campaigns
	Dialings
	Figures
}
