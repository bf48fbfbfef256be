package api

import (
	"strconv"
	"time"

	"github.com/outpace/outpace/dlma"
)

// entryView is an entry of a dial list, a dl, on the wire.
type entryView struct {
	Detail          *string           `json:"detail"`
	DialingCampUUID *string           `json:"dialing_camp_uuid"`
	DialingPlanUUID *string           `json:"dialing_plan_uuid"`
	DialingUUID     *string           `json:"dialing_uuid"`
	DlmaUUID        *string           `json:"dlma_uuid"`
	Email           *string           `json:"email"`
	InUse           int               `json:"in_use"`
	Name            *string           `json:"name"`
	Number1         *string           `json:"number_1"`
	Number2         *string           `json:"number_2"`
	Number3         *string           `json:"number_3"`
	Number4         *string           `json:"number_4"`
	Number5         *string           `json:"number_5"`
	Number6         *string           `json:"number_6"`
	Number7         *string           `json:"number_7"`
	Number8         *string           `json:"number_8"`
	ResDial         int               `json:"res_dial"`
	ResDialDetail   *string           `json:"res_dial_detail"`
	ResHangup       int               `json:"res_hangup"`
	ResHangupDetail *string           `json:"res_hangup_detail"`
	ResvTarget      *string           `json:"resv_target"`
	Status          int               `json:"status"`
	TmCreate        *string           `json:"tm_create"`
	TmDelete        *string           `json:"tm_delete"`
	TmLastDial      *string           `json:"tm_last_dial"`
	TmLastHangup    *string           `json:"tm_last_hangup"`
	TmUpdate        *string           `json:"tm_update"`
	Trycnt1         int               `json:"trycnt_1"`
	Trycnt2         int               `json:"trycnt_2"`
	Trycnt3         int               `json:"trycnt_3"`
	Trycnt4         int               `json:"trycnt_4"`
	Trycnt5         int               `json:"trycnt_5"`
	Trycnt6         int               `json:"trycnt_6"`
	Trycnt7         int               `json:"trycnt_7"`
	Trycnt8         int               `json:"trycnt_8"`
	Ukey            *string           `json:"ukey"`
	UUID            string            `json:"uuid"`
	Variables       map[string]string `json:"variables"`
}

func viewEntry(e dlma.Entry) any {
	return entryView{
		Detail:          orNull(e.Detail),
		DialingCampUUID: orNull(e.DialingCampaign),
		DialingPlanUUID: orNull(e.DialingPlan),
		DialingUUID:     orNull(e.Dialing),
		DlmaUUID:        orNull(e.List),
		Email:           orNull(e.Email),
		InUse:           flag(e.InUse),
		Name:            orNull(e.Name),
		Number1:         orNull(e.Number[0]),
		Number2:         orNull(e.Number[1]),
		Number3:         orNull(e.Number[2]),
		Number4:         orNull(e.Number[3]),
		Number5:         orNull(e.Number[4]),
		Number6:         orNull(e.Number[5]),
		Number7:         orNull(e.Number[6]),
		Number8:         orNull(e.Number[7]),
		ResDial:         e.ResDial,
		ResDialDetail:   orNull(e.ResDialDetail),
		ResHangup:       e.ResHangup,
		ResHangupDetail: orNull(e.ResHangupDetail),
		ResvTarget:      orNull(e.ResvTarget),
		Status:          int(e.Status),
		TmCreate:        timeOrNull(e.TmCreate),
		TmDelete:        timeOrNull(e.TmDelete),
		TmLastDial:      timeOrNull(e.TmLastDial),
		TmLastHangup:    timeOrNull(e.TmLastHangup),
		TmUpdate:        timeOrNull(e.TmUpdate),
		Trycnt1:         e.Tries[0],
		Trycnt2:         e.Tries[1],
		Trycnt3:         e.Tries[2],
		Trycnt4:         e.Tries[3],
		Trycnt5:         e.Tries[4],
		Trycnt6:         e.Tries[5],
		Trycnt7:         e.Tries[6],
		Trycnt8:         e.Tries[7],
		Ukey:            orNull(e.Ukey),
		UUID:            e.UUID,
		Variables:       e.Variables,
	}
}

var entryFields = func() fields[dlma.Entry] {
	text := func(place func(*dlma.Entry) *string) setter[dlma.Entry] { return at(place, readText) }
	number := func(place func(*dlma.Entry) *int) setter[dlma.Entry] { return at(place, readInt) }
	f := fields[dlma.Entry]{
		"name":              text(func(e *dlma.Entry) *string { return &e.Name }),
		"detail":            text(func(e *dlma.Entry) *string { return &e.Detail }),
		"email":             text(func(e *dlma.Entry) *string { return &e.Email }),
		"ukey":              text(func(e *dlma.Entry) *string { return &e.Ukey }),
		"resv_target":       text(func(e *dlma.Entry) *string { return &e.ResvTarget }),
		"res_dial_detail":   text(func(e *dlma.Entry) *string { return &e.ResDialDetail }),
		"res_hangup_detail": text(func(e *dlma.Entry) *string { return &e.ResHangupDetail }),
		"res_dial":          number(func(e *dlma.Entry) *int { return &e.ResDial }),
		"res_hangup":        number(func(e *dlma.Entry) *int { return &e.ResHangup }),
		"dlma_uuid":         at(func(e *dlma.Entry) *string { return &e.List }, readUUID),
		"status":            at(func(e *dlma.Entry) *int { return (*int)(&e.Status) }, readInt),
		"tm_last_dial":      at(func(e *dlma.Entry) *time.Time { return &e.TmLastDial }, readTime),
		"tm_last_hangup":    at(func(e *dlma.Entry) *time.Time { return &e.TmLastHangup }, readTime),
		"variables":         at(func(e *dlma.Entry) *map[string]string { return &e.Variables }, readVariables),
	}
	for i := range dlma.Numbers {
		f["number_"+strconv.Itoa(i+1)] = text(func(e *dlma.Entry) *string { return &e.Number[i] })
		f["trycnt_"+strconv.Itoa(i+1)] = number(func(e *dlma.Entry) *int { return &e.Tries[i] })
	}
	return f
}()

func freshEntry() dlma.Entry { return dlma.Entry{} }

// checkEntry checks an entry that a body has changed from before.
func checkEntry(before, e *dlma.Entry, body object) error {
	if err := unchangedSince(before, body); err != nil {
		return err
	}
	if e.Status != before.Status && e.Status != dlma.Idle && e.Status != dlma.Reserved {
		return invalid("status", "may be set to 0 (idle) or 2 (reserved) only")
	}
	if e.List == "" {
		return invalid("dlma_uuid", "is needed")
	}
	return e.Validate()
}

// unchangedSince refuses a body whose tm_update is not the stored one:
// somebody, or a call, has changed the entry since the body's author read it.
// A new entry has none to compare with.
func unchangedSince(stored *dlma.Entry, body object) error {
	if stored.UUID == "" {
		return nil
	}
	for _, m := range body {
		if m.name != "tm_update" {
			continue
		}
		var given time.Time
		if !isNull(m.value) {
			var err error
			if given, err = readTime(m.value); err != nil {
				return invalid(m.name, err.Error())
			}
		}
		if !given.Equal(stored.TmUpdate) {
			return dlma.Conflict("tm_update is not the stored value: the dl was changed since it was read. Read it again.")
		}
	}
	return nil
}
