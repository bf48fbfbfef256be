package api

import (
	"encoding/json"

	"github.com/outpace/outpace/campaign"
	"github.com/outpace/outpace/dlma"
	"github.com/outpace/outpace/plan"
	"github.com/outpace/outpace/results"
)

// dialingView is an open call on the wire, without the objects as they were
// when the call was claimed: see capsules.
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
	InfoDial        infoDial          `json:"info_dial"`
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

// capsules show the objects that calls keep. Calls of one page have most of
// them in common, so each is taken apart and written once.
type capsules struct {
	campaigns    map[string]capsule
	plans        map[string]capsule
	destinations map[string]capsule
	lists        map[string]capsule
}

// capsule is an object as it was when a call was claimed.
type capsule struct {
	view      encoded
	variables map[string]string
}

func newCapsules() capsules {
	return capsules{map[string]capsule{}, map[string]capsule{}, map[string]capsule{}, map[string]capsule{}}
}

// encodeDialing appends an open call with its objects in the form of the wire.
func (c capsules) encodeDialing(dst encoded, d results.Dialing) (encoded, error) {
	camp := opened(c.campaigns, d.Info.Campaign, viewCampaign, func(c campaign.Campaign) map[string]string { return c.Variables })
	p := opened(c.plans, d.Info.Plan, viewPlan, func(p plan.Plan) map[string]string { return p.Variables })
	dest := opened(c.destinations, d.Info.Destination, viewDestination, func(d campaign.Destination) map[string]string { return d.Variables })
	list := opened(c.lists, d.Info.List, viewList, func(l dlma.List) map[string]string { return l.Variables })
	entry := unpack(d.Info.Entry, viewEntry, func(e dlma.Entry) map[string]string { return e.Variables })
	dst, err := encode(dst, viewDialing(d, dest.variables, entry.variables, p.variables))
	if err != nil {
		return nil, err
	}
	dst = dst[:len(dst)-1] // without its brace
	dst = appendMember(dst, "info_camp", camp.view)
	dst = appendMember(dst, "info_dest", dest.view)
	dst = appendMember(dst, "info_dl_list", entry.view)
	dst = appendMember(dst, "info_dlma", list.view)
	dst = appendMember(dst, "info_plan", p.view)
	return append(dst, '}'), nil
}

func viewDialing(d results.Dialing, dest, entry, plan map[string]string) dialingView {
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
		InfoDial: infoDial{
			ChannelID:       d.UUID,
			DestVariables:   dest,
			DialAddr:        orNull(d.DialAddr),
			DialApplication: orNull(d.DialApplication),
			DialChannel:     orNull(d.DialChannel),
			DialData:        orNull(d.DialData),
			DialIndex:       d.DialIndex,
			DialTimeout:     d.DialTimeout.Milliseconds(),
			DialTrycnt:      d.DialTry,
			DialType:        d.DialType,
			DlVariables:     entry,
			PlanVariables:   plan,
			UUID:            orNull(d.Entry),
			Variables:       d.DialVariables,
		},
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

// opened returns the capsule of body, perhaps as it was opened before.
func opened[T any](known map[string]capsule, body json.RawMessage, view func(T) any, variables func(T) map[string]string) capsule {
	c, ok := known[string(body)]
	if !ok {
		c = unpack(body, view, variables)
		known[string(body)] = c
	}
	return c
}

// unpack reads an object that a call keeps. One that is missing, or that an
// older version wrote in a form that cannot be read, is shown as null: the call
// itself matters more.
func unpack[T any](body json.RawMessage, view func(T) any, variables func(T) map[string]string) capsule {
	none := capsule{view: encoded("null")}
	if len(body) == 0 || isNull(body) {
		return none
	}
	var t T
	if err := json.Unmarshal(body, &t); err != nil {
		return none
	}
	shown, err := encode(nil, view(t))
	if err != nil {
		return none
	}
	return capsule{shown, variables(t)}
}
