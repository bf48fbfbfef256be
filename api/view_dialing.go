package api

import (
	"encoding/json"

	"github.com/outpace/outpace/campaign"
	"github.com/outpace/outpace/dlma"
	"github.com/outpace/outpace/plan"
	"github.com/outpace/outpace/results"
)

// dialingView is an open call on the wire. The info_* objects are the objects
// as they were when the call was claimed.
type dialingView struct {
	ActionID        *string           `json:"action_id"`
	Channel         *string           `json:"channel"`
	DialAddr        *string           `json:"dial_addr"`
	DialApplication *string           `json:"dial_application"`
	DialChannel     *string           `json:"dial_channel"`
	DialContext     *string           `json:"dial_context"`
	DialData        *string           `json:"dial_data"`
	DialExten       *string           `json:"dial_exten"`
	DialIndex       int               `json:"dial_index"`
	DialPriority    *string           `json:"dial_priority"`
	DialTimeout     int64             `json:"dial_timeout"` // milliseconds
	DialTrycnt      int               `json:"dial_trycnt"`
	DialType        int               `json:"dial_type"`
	DialVariables   map[string]string `json:"dial_variables"`
	InfoCamp        any               `json:"info_camp"`
	InfoDest        any               `json:"info_dest"`
	InfoDial        infoDial          `json:"info_dial"`
	InfoDlList      any               `json:"info_dl_list"`
	InfoDlma        any               `json:"info_dlma"`
	InfoPlan        any               `json:"info_plan"`
	ResDial         int               `json:"res_dial"`
	ResDialDetail   *string           `json:"res_dial_detail"`
	ResHangup       int               `json:"res_hangup"`
	ResHangupDetail *string           `json:"res_hangup_detail"`
	Status          int               `json:"status"`
	TmCreate        *string           `json:"tm_create"`
	TmDelete        *string           `json:"tm_delete"`
	TmUpdate        *string           `json:"tm_update"`
	UUID            string            `json:"uuid"`
	UUIDCamp        *string           `json:"uuid_camp"`
	UUIDDest        *string           `json:"uuid_dest"`
	UUIDDlList      *string           `json:"uuid_dl_list"`
	UUIDDlma        *string           `json:"uuid_dlma"`
	UUIDPlan        *string           `json:"uuid_plan"`
}

// infoDial is what was asked of the PBX.
type infoDial struct {
	ChannelID       string            `json:"channelid"`
	DestVariables   map[string]string `json:"dest_variables"`
	DialAddr        *string           `json:"dial_addr"`
	DialApplication *string           `json:"dial_application"`
	DialChannel     *string           `json:"dial_channel"`
	DialData        *string           `json:"dial_data"`
	DialIndex       int               `json:"dial_index"`
	DialTimeout     int64             `json:"dial_timeout"`
	DialTrycnt      int               `json:"dial_trycnt"`
	DialType        int               `json:"dial_type"`
	DlVariables     map[string]string `json:"dl_variables"`
	OtherChannelID  *string           `json:"otherchannelid"` // we ask for no second channel
	PlanVariables   map[string]string `json:"plan_variables"`
	UUID            *string           `json:"uuid"` // of the dl
	Variables       map[string]string `json:"variables"`
}

func viewDialing(d results.Dialing) any {
	camp, hasCamp := kept[campaign.Campaign](d.Info.Campaign)
	dest, hasDest := kept[campaign.Destination](d.Info.Destination)
	p, hasPlan := kept[plan.Plan](d.Info.Plan)
	list, hasList := kept[dlma.List](d.Info.List)
	entry, hasEntry := kept[dlma.Entry](d.Info.Entry)
	return dialingView{
		ActionID:        orNull(d.ActionID),
		Channel:         orNull(d.Channel),
		DialAddr:        orNull(d.DialAddr),
		DialApplication: orNull(d.DialApplication),
		DialChannel:     orNull(d.DialChannel),
		DialContext:     orNull(d.DialContext),
		DialData:        orNull(d.DialData),
		DialExten:       orNull(d.DialExten),
		DialIndex:       d.DialIndex,
		DialPriority:    orNull(d.DialPriority),
		DialTimeout:     d.DialTimeout.Milliseconds(),
		DialTrycnt:      d.DialTry,
		DialType:        d.DialType,
		DialVariables:   d.DialVariables,
		InfoCamp:        viewKept(camp, hasCamp, viewCampaign),
		InfoDest:        viewKept(dest, hasDest, viewDestination),
		InfoDial: infoDial{
			ChannelID:       d.UUID,
			DestVariables:   dest.Variables,
			DialAddr:        orNull(d.DialAddr),
			DialApplication: orNull(d.DialApplication),
			DialChannel:     orNull(d.DialChannel),
			DialData:        orNull(d.DialData),
			DialIndex:       d.DialIndex,
			DialTimeout:     d.DialTimeout.Milliseconds(),
			DialTrycnt:      d.DialTry,
			DialType:        d.DialType,
			DlVariables:     entry.Variables,
			PlanVariables:   p.Variables,
			UUID:            orNull(d.Entry),
			Variables:       d.DialVariables,
		},
		InfoDlList:      viewKept(entry, hasEntry, viewEntry),
		InfoDlma:        viewKept(list, hasList, viewList),
		InfoPlan:        viewKept(p, hasPlan, viewPlan),
		ResDial:         d.ResDial,
		ResDialDetail:   orNull(d.ResDialDetail),
		ResHangup:       d.ResHangup,
		ResHangupDetail: orNull(d.ResHangupDetail),
		Status:          d.Status,
		TmCreate:        timeOrNull(d.TmCreate),
		TmUpdate:        timeOrNull(d.TmUpdate),
		UUID:            d.UUID,
		UUIDCamp:        orNull(d.Campaign),
		UUIDDest:        orNull(d.Destination),
		UUIDDlList:      orNull(d.Entry),
		UUIDDlma:        orNull(d.List),
		UUIDPlan:        orNull(d.Plan),
	}
}

// kept reads an object that a call keeps. One that is missing, or that an
// older version wrote in a form that cannot be read, is shown as null: the call
// itself matters more.
func kept[T any](body json.RawMessage) (t T, ok bool) {
	if len(body) == 0 || isNull(body) {
		return t, false
	}
	if err := json.Unmarshal(body, &t); err != nil {
		var none T
		return none, false
	}
	return t, true
}

func viewKept[T any](t T, ok bool, view func(T) any) any {
	if !ok {
		return nil
	}
	return view(t)
}
