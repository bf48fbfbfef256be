package api

import "github.com/outpace/outpace/campaign"

// campaignView is a campaign on the wire.
type campaignView struct {
	Dest             *string           `json:"dest"`
	Detail           *string           `json:"detail"`
	Dlma             *string           `json:"dlma"`
	InUse            int               `json:"in_use"`
	Name             *string           `json:"name"`
	NextCampaign     *string           `json:"next_campaign"`
	Plan             *string           `json:"plan"`
	ScDateEnd        *string           `json:"sc_date_end"`
	ScDateList       *string           `json:"sc_date_list"`
	ScDateListExcept *string           `json:"sc_date_list_except"`
	ScDateStart      *string           `json:"sc_date_start"`
	ScDayList        *string           `json:"sc_day_list"`
	ScMode           int               `json:"sc_mode"`
	ScTimeEnd        *string           `json:"sc_time_end"`
	ScTimeStart      *string           `json:"sc_time_start"`
	ScTimezone       *string           `json:"sc_timezone"`
	Status           int               `json:"status"`
	TmCreate         *string           `json:"tm_create"`
	TmDelete         *string           `json:"tm_delete"`
	TmUpdate         *string           `json:"tm_update"`
	UUID             string            `json:"uuid"`
	Variables        map[string]string `json:"variables"`
}

func viewCampaign(c campaign.Campaign) any {
	return campaignView{
		Dest:             orNull(c.Destination),
		Detail:           orNull(c.Detail),
		Dlma:             orNull(c.List),
		InUse:            flag(c.InUse),
		Name:             orNull(c.Name),
		NextCampaign:     orNull(c.Next),
		Plan:             orNull(c.Plan),
		ScDateEnd:        orNull(c.Calendar.DateEnd),
		ScDateList:       orNull(c.Calendar.DateList),
		ScDateListExcept: orNull(c.Calendar.DateListExcept),
		ScDateStart:      orNull(c.Calendar.DateStart),
		ScDayList:        orNull(c.Calendar.DayList),
		ScMode:           c.Calendar.Mode,
		ScTimeEnd:        orNull(c.Calendar.TimeEnd),
		ScTimeStart:      orNull(c.Calendar.TimeStart),
		ScTimezone:       orNull(c.Calendar.Zone),
		Status:           int(c.Status),
		TmCreate:         timeOrNull(c.TmCreate),
		TmDelete:         timeOrNull(c.TmDelete),
		TmUpdate:         timeOrNull(c.TmUpdate),
		UUID:             c.UUID,
		Variables:        c.Variables,
	}
}

// campaignFields put a body's status into the campaign as it was asked for;
// what becomes of it is decided afterwards.
var campaignFields = func() fields[campaign.Campaign] {
	text := func(place func(*campaign.Campaign) *string) setter[campaign.Campaign] { return at(place, readText) }
	reference := func(place func(*campaign.Campaign) *string) setter[campaign.Campaign] {
		return at(place, readUUID)
	}
	return fields[campaign.Campaign]{
		"name":          text(func(c *campaign.Campaign) *string { return &c.Name }),
		"detail":        text(func(c *campaign.Campaign) *string { return &c.Detail }),
		"status":        at(func(c *campaign.Campaign) *int { return (*int)(&c.Status) }, readInt),
		"plan":          reference(func(c *campaign.Campaign) *string { return &c.Plan }),
		"dest":          reference(func(c *campaign.Campaign) *string { return &c.Destination }),
		"dlma":          reference(func(c *campaign.Campaign) *string { return &c.List }),
		"next_campaign": reference(func(c *campaign.Campaign) *string { return &c.Next }),
		"variables":     at(func(c *campaign.Campaign) *map[string]string { return &c.Variables }, readVariables),

		"sc_mode":             at(func(c *campaign.Campaign) *int { return &c.Calendar.Mode }, readInt),
		"sc_timezone":         text(func(c *campaign.Campaign) *string { return &c.Calendar.Zone }),
		"sc_time_start":       text(func(c *campaign.Campaign) *string { return &c.Calendar.TimeStart }),
		"sc_time_end":         text(func(c *campaign.Campaign) *string { return &c.Calendar.TimeEnd }),
		"sc_date_start":       text(func(c *campaign.Campaign) *string { return &c.Calendar.DateStart }),
		"sc_date_end":         text(func(c *campaign.Campaign) *string { return &c.Calendar.DateEnd }),
		"sc_date_list":        text(func(c *campaign.Campaign) *string { return &c.Calendar.DateList }),
		"sc_date_list_except": text(func(c *campaign.Campaign) *string { return &c.Calendar.DateListExcept }),
		"sc_day_list":         text(func(c *campaign.Campaign) *string { return &c.Calendar.DayList }),
	}
}()
