package api

import (
	"context"

	"github.com/outpace/outpace/campaign"
	"github.com/outpace/outpace/dlma"
	"github.com/outpace/outpace/plan"
)

func (s *server) plans() resource[plan.Plan] {
	store := s.cfg.Store
	return resource[plan.Plan]{
		fields: planFields,
		fresh:  freshPlan,
		check:  checkPlan,
		view:   viewPlan,
		uuid:   func(p plan.Plan) string { return p.UUID },
		create: store.CreatePlan,
		read:   store.Plan,
		list:   store.ListPlans,
		update: store.UpdatePlan,
		remove: withForce(store.DeletePlan),
	}
}

func (s *server) destinations() resource[campaign.Destination] {
	store := s.cfg.Store
	return resource[campaign.Destination]{
		fields: destinationFields,
		fresh:  freshDestination,
		check:  checkDestination,
		view:   viewDestination,
		uuid:   func(d campaign.Destination) string { return d.UUID },
		create: store.CreateDestination,
		read:   store.Destination,
		list:   store.ListDestinations,
		update: store.UpdateDestination,
		remove: withForce(store.DeleteDestination),
	}
}

func (s *server) lists() resource[dlma.List] {
	store := s.cfg.Store
	return resource[dlma.List]{
		fields: listFields,
		fresh:  freshList,
		check:  checkList,
		view:   viewList,
		uuid:   func(l dlma.List) string { return l.UUID },
		create: store.CreateList,
		read:   store.List,
		list:   store.ListLists,
		update: store.UpdateList,
		remove: func(ctx context.Context, uuid string, p params) (dlma.List, error) {
			force, err := p.option("force")
			if err != nil {
				return dlma.List{}, err
			}
			entries, err := p.option("delete_dls")
			if err != nil {
				return dlma.List{}, err
			}
			return store.DeleteList(ctx, uuid, force, entries)
		},
	}
}

// entries are listed by a handler of their own, see getEntries.
func (s *server) entries() resource[dlma.Entry] {
	store := s.cfg.Store
	return resource[dlma.Entry]{
		fields: entryFields,
		fresh:  freshEntry,
		check:  checkEntry,
		view:   viewEntry,
		uuid:   func(e dlma.Entry) string { return e.UUID },
		create: store.CreateEntry,
		read:   store.Entry,
		update: store.UpdateEntry,
		// Nothing refuses the deletion of an entry, so force has nothing to lift.
		remove: withForce(func(ctx context.Context, uuid string, _ bool) (dlma.Entry, error) {
			return store.DeleteEntry(ctx, uuid)
		}),
	}
}

// campaigns are created and changed by handlers of their own, since a change
// of status has conditions: see postCampaign and putCampaign.
func (s *server) campaigns() resource[campaign.Campaign] {
	store := s.cfg.Store
	return resource[campaign.Campaign]{
		fields: campaignFields,
		view:   viewCampaign,
		uuid:   func(c campaign.Campaign) string { return c.UUID },
		read:   store.Campaign,
		list:   store.ListCampaigns,
		remove: withForce(store.DeleteCampaign),
	}
}

// withForce reads the option force for a deletion.
func withForce[T any](remove func(ctx context.Context, uuid string, force bool) (T, error)) func(context.Context, string, params) (T, error) {
	return func(ctx context.Context, uuid string, p params) (T, error) {
		force, err := p.option("force")
		if err != nil {
			var none T
			return none, err
		}
		return remove(ctx, uuid, force)
	}
}
