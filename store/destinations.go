package store

import (
	"context"

	"gorm.io/gorm"

	"github.com/outpace/outpace/campaign"
)

type destinationRow struct {
	Base base `gorm:"embedded"`

	Name        string
	Detail      string
	Type        int
	Application string
	Data        string
	Context     string
	Exten       string
	Priority    string
	Wrapup      int // s
	Variables   *string
}

// TableName names the table to gorm.
func (*destinationRow) TableName() string { return "destinations" }

func (r *destinationRow) head() *base { return &r.Base }

func destinationRowOf(d campaign.Destination, b base) destinationRow {
	return destinationRow{
		Base: b, Name: d.Name, Detail: d.Detail, Type: d.Type, Application: d.Application, Data: d.Data, Context: d.Context,
		Exten: d.Exten, Priority: d.Priority, Wrapup: d.Wrapup, Variables: jsonMap(d.Variables),
	}
}

func (r *destinationRow) object() campaign.Destination {
	return campaign.Destination{
		UUID: r.Base.UUID, Name: r.Name, Detail: r.Detail, Type: r.Type, Application: r.Application, Data: r.Data, Context: r.Context,
		Exten: r.Exten, Priority: r.Priority, Wrapup: r.Wrapup, Variables: mapOf(r.Variables),
		InUse: r.Base.InUse != 0, TmCreate: timeOf(r.Base.TmCreate), TmUpdate: timeOf(r.Base.TmUpdate), TmDelete: timeOf(r.Base.TmDelete),
	}
}

func checkDestination(d campaign.Destination) error {
	bad := texts{
		"name", d.Name, "detail", d.Detail, "application", d.Application, "data", d.Data, "context", d.Context,
		"exten", d.Exten, "priority", d.Priority,
	}.variables(d.Variables).bad()
	if bad != "" {
		return campaign.Invalid{Field: bad, Message: unstorable}
	}

	return nil
}

// CreateDestination keeps a new destination under a uuid of its own.
func (s *Store) CreateDestination(ctx context.Context, d campaign.Destination) (campaign.Destination, error) {
	if err := checkDestination(d); err != nil {
		return campaign.Destination{}, err
	}
	row := destinationRowOf(d, base{})
	row.Base.made(s.nowMicros())
	if err := insert(s.w.WithContext(ctx), &row); err != nil {
		return campaign.Destination{}, err
	}

	return row.object(), nil
}

// Destination returns a live destination, campaign.ErrNotFound if there is
// none of that uuid.
func (s *Store) Destination(ctx context.Context, uuid string) (campaign.Destination, error) {
	return get[campaign.Destination, destinationRow](s.read(ctx), uuid, campaign.ErrNotFound)
}

// Destinations returns the live destinations among uuids.
func (s *Store) Destinations(ctx context.Context, uuids []string) (map[string]campaign.Destination, error) {
	return several[campaign.Destination, destinationRow](s.engine(ctx), uuids)
}

// ListDestinations returns up to count live destinations after the one named,
// oldest first, and whether there are more.
func (s *Store) ListDestinations(ctx context.Context, after string, count int) (list []campaign.Destination, more bool, err error) {
	return page[campaign.Destination, destinationRow](s.read(ctx), after, count, campaign.Invalid{Field: "after", Message: afterUnknown})
}

// UpdateDestination lets edit change a destination in one transaction, as
// UpdatePlan does. One that a plan sends abandoned customers to stays an
// extension.
func (s *Store) UpdateDestination(ctx context.Context, uuid string, edit func(*campaign.Destination) error) (campaign.Destination, error) {
	var out campaign.Destination
	err := s.tx(ctx, func(tx *gorm.DB) error {
		row, err := find[campaign.Destination, destinationRow](tx, uuid, true, campaign.ErrNotFound)
		if err != nil {
			return err
		}
		d := row.object()
		if err := edit(&d); err != nil {
			return err
		}
		if err := checkDestination(d); err != nil {
			return err
		}
		if err := s.checkType(tx, row, d.Type); err != nil {
			return err
		}
		changed := destinationRowOf(d, row.Base)
		changed.Base.TmUpdate = after(s.nowMicros(), row.Base.TmUpdate)
		out = changed.object()

		return save(tx, &changed)
	})

	return out, err
}

// checkType refuses, as a Conflict, to make an application of an extension that
// a live plan names.
func (s *Store) checkType(tx *gorm.DB, was *destinationRow, is int) error {
	if is == was.Type || is == campaign.TypeExten {
		return nil
	}
	n, err := s.release(tx, "plans", "abandon_destination", was.Base.UUID, false)
	if err != nil {
		return err
	}
	if n > 0 {
		return campaign.Conflict("type must stay 0 (extension) while a plan has the destination as its abandon_destination")
	}

	return nil
}

// DeleteDestination deletes a destination, as DeletePlan does. A live plan may
// name it too.
func (s *Store) DeleteDestination(ctx context.Context, uuid string, force bool) (campaign.Destination, error) {
	var out campaign.Destination
	err := s.tx(ctx, func(tx *gorm.DB) error {
		row, err := find[campaign.Destination, destinationRow](tx, uuid, true, campaign.ErrNotFound)
		if err != nil {
			return err
		}
		n, err := s.release(tx, "campaigns", "dest_uuid", uuid, force)
		if err != nil {
			return err
		}
		if n > 0 && !force {
			return campaign.Conflict(inUse("destination", n))
		}
		if n, err = s.release(tx, "plans", "abandon_destination", uuid, force); err != nil {
			return err
		}
		if n > 0 && !force {
			return campaign.Conflict("the destination is the abandon_destination of a plan; force=1 takes it out of the plan")
		}
		row.Base.deleted(s.nowMicros())
		out = row.object()

		return save(tx, row)
	})

	return out, err
}
