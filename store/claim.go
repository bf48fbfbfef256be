package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"gorm.io/gorm"

	"github.com/outpace/outpace/dlma"
	"github.com/outpace/outpace/results"
)

// claimed names an entry and its call in the parameter of unclaim.
type claimed struct {
	DlmaUUID string
	ID       int64
	UUID     string // of the dialing
}

var claimedColumns = columnsOf[claimed]()

// Claim takes up to pick.Count ready entries in one transaction, fewest total
// tries first, then the longest since their last hang-up, counts their tries
// and writes a dialing for each. build makes the dialing from the entry as it
// was before the claim, the index of the number (1 to 8) and which try of it
// this is; it must not block, since rows are locked, and it may be called for
// entries that are not claimed in the end. The store itself sets what
// identifies the dialing: uuid, owner, gateway, list, entry, number and times.
//
// lease is the token of the gateway's lease; results.ErrLeaseLost if it does
// not hold. After any other error nothing is claimed: a commit in doubt is
// looked up, and if even that fails, what it may have claimed is given back by
// the next Claim.
func (s *Store) Claim(ctx context.Context, gateway, lease string, pick dlma.Pick,
	build func(e dlma.Entry, number, try int) results.Dialing,
) ([]results.Dialing, error) {
	if err := s.settleDoubts(ctx); err != nil {
		return nil, err
	}
	if pick.Count <= 0 || !storable(pick.List) {
		return nil, nil
	}
	if pick.Now.IsZero() {
		pick.Now = s.clock()
	}
	c := claim{store: s, gateway: gateway, lease: lease, pick: pick, build: build}
	err := s.tx(ctx, c.run)
	if _, inDoubt := errors.AsType[errCommit](err); inDoubt {
		err = s.resolve(ctx, lease, c.marks(), err)
	}
	if err != nil {
		return nil, fmt.Errorf("claim: %w", err)
	}
	s.versions.add(c.bodies)

	return c.calls, nil
}

// claim is one run of Claim.
type claim struct {
	store   *Store
	gateway string
	lease   string
	pick    dlma.Pick
	build   func(e dlma.Entry, number, try int) results.Dialing

	rows   []dialingRow
	calls  []results.Dialing
	ids    map[string]int64 // entry rows by uuid of the dialing
	bodies map[string]string
}

// run is the transaction; it may be run more than once.
func (c *claim) run(tx *gorm.DB) error {
	c.rows, c.calls, c.ids, c.bodies = nil, nil, map[string]int64{}, map[string]string{}
	if err := c.store.leaseHolds(tx, c.lease); err != nil {
		return err
	}
	entries, err := scan[entryRow](tx.Raw(c.store.dialect.claimSQL(), pickParams(c.pick)))
	if err != nil {
		return fmt.Errorf("take entries: %w", err)
	}
	if len(entries) == 0 {
		return nil
	}
	slices.SortFunc(entries, func(a, b entryRow) int {
		return cmp.Or(cmp.Compare(a.Tries, b.Tries), cmp.Compare(a.TmLastHangup, b.TmLastHangup), cmp.Compare(a.Base.ID, b.Base.ID))
	})
	back := c.prepare(entries)
	if err := c.store.keepVersions(tx, c.bodies); err != nil {
		return err
	}
	lost, err := c.insert(tx)
	if err != nil {
		return err
	}

	return c.store.giveBack(tx, append(back, lost...))
}

// prepare builds the dialings. It returns the entries that must wait because a
// number of theirs is being called for an entry before them.
func (c *claim) prepare(entries []entryRow) (back []claimed) {
	called := map[string]bool{}
	for i := range entries {
		e := &entries[i]
		c.ids[e.DialingUUID] = e.Base.ID
		if slices.ContainsFunc(e.listed(), func(n string) bool { return called[n] }) {
			back = append(back, claimed{e.DlmaUUID, e.Base.ID, e.DialingUUID})

			continue
		}
		index := *e.DialingIndex
		number, try := e.numbers()[index-1], e.trycnts()[index-1]
		called[number] = true

		d := c.build(e.before(), index, try)
		d.UUID, d.Owner, d.Gateway = e.DialingUUID, c.lease, c.gateway
		d.List, d.Entry = e.DlmaUUID, e.Base.UUID
		d.DialAddr, d.DialIndex, d.DialTry = number, index, try
		d.TmCreate = timeOf(micros(c.pick.Now))
		d.TmUpdate = d.TmCreate
		row := dialingRowOf(d)
		row.Rule = int64(ruleOf(c.pick))
		pack(&row, d.Info, c.bodies)
		c.rows = append(c.rows, row)
		c.calls = append(c.calls, d)
	}

	return back
}

// insert writes the dialings, and forgets and returns those whose number is
// being called by somebody else after all, or was, and abandoned, since the
// entries were taken.
func (c *claim) insert(tx *gorm.DB) (lost []claimed, err error) {
	// In the order of the unique index, so that two claims that want the same
	// numbers wait for each other in one direction only.
	rows := slices.SortedFunc(slices.Values(c.rows), func(a, b dialingRow) int { return cmp.Compare(a.Attempt.DialAddr, b.Attempt.DialAddr) })
	sql := fmt.Sprintf("INSERT INTO dialings (%s) SELECT %s FROM %s WHERE NOT (@locking = 1 AND %s ) ON CONFLICT (dial_addr) DO NOTHING RETURNING uuid",
		dialingColumns.names(""), dialingColumns.names("x."), c.store.dialect.rows("rows", dialingColumns), abandonedSince("x.dial_addr", "@unlocked"))
	params := pickParams(c.pick)
	params["rows"] = encode(c.store.dialect, dialingColumns, rows)
	var written []string
	if err := tx.Raw(sql, params).Scan(&written).Error; err != nil {
		return nil, fmt.Errorf("write dialings: %w", err)
	}
	if len(written) == len(c.calls) {
		return nil, nil
	}
	here := make(map[string]bool, len(written))
	for _, id := range written {
		here[id] = true
	}
	for _, d := range c.calls {
		if !here[d.UUID] {
			lost = append(lost, claimed{d.List, c.ids[d.UUID], d.UUID})
		}
	}
	c.calls = slices.DeleteFunc(c.calls, func(d results.Dialing) bool { return !here[d.UUID] })

	return lost, nil
}

// marks names all that the claim has written.
func (c *claim) marks() []claimed {
	list := make([]claimed, len(c.calls))
	for i, d := range c.calls {
		list[i] = claimed{d.List, c.ids[d.UUID], d.UUID}
	}

	return list
}

// giveBack makes entries as they were before their claim.
func (s *Store) giveBack(tx *gorm.DB, list []claimed) error {
	if len(list) == 0 {
		return nil
	}
	sql := unclaim + s.dialect.fewRows("rows", claimedColumns) +
		" WHERE dls.dlma_uuid = x.dlma_uuid AND dls.id = x.id AND dls.dialing_uuid = x.uuid"
	if err := tx.Exec(sql, map[string]any{"rows": encode(s.dialect, claimedColumns, list)}).Error; err != nil {
		return fmt.Errorf("give entries back: %w", err)
	}

	return nil
}

// before is the entry as it was before the claim that the row comes from.
func (r *entryRow) before() dlma.Entry {
	e := r.object()
	e.Status, e.Dialing = dlma.Idle, ""
	if r.DialingIndex != nil {
		e.Tries[*r.DialingIndex-1]--
	}
	if r.PrevTmUpdate != nil {
		e.TmUpdate = timeOf(*r.PrevTmUpdate)
	}
	if r.PrevTmLastDial != nil {
		e.TmLastDial = timeOf(*r.PrevTmLastDial)
	}

	return e
}

// listed are the numbers that the entry has.
func (r *entryRow) listed() []string {
	all := r.numbers()

	return slices.DeleteFunc(all[:], func(n string) bool { return n == "" })
}
