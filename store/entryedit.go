package store

import (
	"context"
	"strconv"

	"gorm.io/gorm"

	"github.com/outpace/outpace/dlma"
)

// UpdateEntry lets edit change an entry in one transaction, as UpdatePlan
// does. While the entry is being dialed, changing what the call depends on or
// will write is a dlma.Conflict. Changing a result or a try count also
// settles an unknown outcome.
func (s *Store) UpdateEntry(ctx context.Context, uuid string, edit func(*dlma.Entry) error) (dlma.Entry, error) {
	var out dlma.Entry
	err := s.tx(ctx, func(tx *gorm.DB) error {
		row, err := find[dlma.Entry, entryRow](tx, uuid, true, dlma.ErrNotFound)
		if err != nil {
			return err
		}
		present := []dlma.Entry{row.object()}
		if err := withCalls(tx, present); err != nil {
			return err
		}
		was, e := present[0], present[0]
		e.Variables = mapOf(row.Variables) // edit may write into it
		if err := edit(&e); err != nil {
			return err
		}
		if err := checkEdit(tx, was, &e); err != nil {
			return err
		}
		changed := entryRowOf(e, row.Base)
		changed.DialingUUID, changed.DialingIndex = row.DialingUUID, row.DialingIndex
		changed.PrevTmUpdate, changed.PrevTmLastDial = row.PrevTmUpdate, row.PrevTmLastDial
		if was.Number == e.Number && was.Tries == e.Tries && was.Unknown == e.Unknown {
			changed.Spent = row.Spent
		}
		changed.Base.TmUpdate = after(s.nowMicros(), row.Base.TmUpdate)
		out = changed.object()
		out.DialingCampaign, out.DialingPlan = was.DialingCampaign, was.DialingPlan

		return save(tx, &changed)
	})

	return out, err
}

// checkEdit judges an edit and finishes it.
func checkEdit(tx *gorm.DB, was dlma.Entry, e *dlma.Entry) error {
	if err := checkEntry(*e); err != nil {
		return err
	}
	if was.Status == dlma.Dialing {
		if field := protected(was, *e); field != "" {
			return dlma.Conflict(field + " cannot be changed while the entry is being dialed")
		}
	} else if e.Status == dlma.Dialing {
		return dlma.Invalid{Field: "status", Message: "can be set to 0 or 2 only"}
	}
	if e.List != was.List {
		if err := holdList(tx, e.List); err != nil {
			return err
		}
	}
	if e.ResDial != was.ResDial || e.Tries != was.Tries {
		e.Unknown = false
	}

	return nil
}

// protected names a field that an edit has changed and that belongs to the
// open call, "" if there is none.
func protected(was, e dlma.Entry) string {
	for i := range dlma.Numbers {
		switch {
		case e.Number[i] != was.Number[i]:
			return "number_" + strconv.Itoa(i+1)
		case e.Tries[i] != was.Tries[i]:
			return "trycnt_" + strconv.Itoa(i+1)
		}
	}
	switch {
	case e.Status != was.Status:
		return "status"
	case e.List != was.List:
		return "dlma_uuid"
	case e.ResDial != was.ResDial, e.Unknown != was.Unknown:
		return "res_dial"
	case e.ResDialDetail != was.ResDialDetail:
		return "res_dial_detail"
	case e.ResHangup != was.ResHangup:
		return "res_hangup"
	case e.ResHangupDetail != was.ResHangupDetail:
		return "res_hangup_detail"
	case !e.TmLastDial.Equal(was.TmLastDial):
		return "tm_last_dial"
	case !e.TmLastHangup.Equal(was.TmLastHangup):
		return "tm_last_hangup"
	}

	return ""
}

// DeleteEntry deletes an entry. An open call to it runs on and is recorded.
func (s *Store) DeleteEntry(ctx context.Context, uuid string) (dlma.Entry, error) {
	list := make([]dlma.Entry, 1)
	err := s.tx(ctx, func(tx *gorm.DB) error {
		row, err := find[dlma.Entry, entryRow](tx, uuid, true, dlma.ErrNotFound)
		if err != nil {
			return err
		}
		row.Base.deleted(s.nowMicros())
		list[0] = row.object()
		if err := withCalls(tx, list); err != nil {
			return err
		}

		return save(tx, row)
	})

	return list[0], err
}
