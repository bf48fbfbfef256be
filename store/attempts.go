package store

import (
	"encoding/json"
	"time"

	"github.com/outpace/outpace/results"
)

// attemptRow is what dialings and results have in common.
type attemptRow struct {
	UUID            string
	ActionID        string
	Gateway         string
	CampaignUUID    string
	PlanUUID        string
	DestUUID        string
	DlmaUUID        string
	DlUUID          string
	Name            string
	Ukey            string
	DialChannel     string
	DialAddr        string
	DialIndex       int
	DialTrycnt      int
	DialTimeout     int64 // ms
	DialType        int
	DialContext     string
	DialExten       string
	DialPriority    string
	DialApplication string
	DialData        string
	DialVariables   *string
	CallerID        string
	Codecs          string
	EarlyMedia      int
	Queue           string
	PatienceUs      int64
	Zone            string
	TmCreate        int64
}

func attemptRowOf(a results.Attempt) attemptRow {
	return attemptRow{
		UUID: a.UUID, ActionID: a.ActionID, Gateway: a.Gateway, CampaignUUID: a.Campaign, PlanUUID: a.Plan, DestUUID: a.Destination,
		DlmaUUID: a.List, DlUUID: a.Entry, Name: a.Name, Ukey: a.Ukey, DialChannel: a.DialChannel, DialAddr: a.DialAddr,
		DialIndex: a.DialIndex, DialTrycnt: a.DialTry, DialTimeout: a.DialTimeout.Milliseconds(), DialType: a.DialType,
		DialContext: a.DialContext, DialExten: a.DialExten, DialPriority: a.DialPriority, DialApplication: a.DialApplication,
		DialData: a.DialData, DialVariables: jsonMap(a.DialVariables), CallerID: a.CallerID, Codecs: a.Codecs,
		EarlyMedia: bit(a.EarlyMedia), Queue: a.Queue, PatienceUs: a.Patience.Microseconds(), Zone: a.Zone, TmCreate: micros(a.TmCreate),
	}
}

func (r *attemptRow) attempt() results.Attempt {
	return results.Attempt{
		UUID: r.UUID, ActionID: r.ActionID, Gateway: r.Gateway, Campaign: r.CampaignUUID, Plan: r.PlanUUID, Destination: r.DestUUID,
		List: r.DlmaUUID, Entry: r.DlUUID, Name: r.Name, Ukey: r.Ukey, DialChannel: r.DialChannel, DialAddr: r.DialAddr,
		DialIndex: r.DialIndex, DialTry: r.DialTrycnt, DialTimeout: time.Duration(r.DialTimeout) * time.Millisecond, DialType: r.DialType,
		DialContext: r.DialContext, DialExten: r.DialExten, DialPriority: r.DialPriority, DialApplication: r.DialApplication,
		DialData: r.DialData, DialVariables: mapOf(r.DialVariables), CallerID: r.CallerID, Codecs: r.Codecs,
		EarlyMedia: r.EarlyMedia != 0, Queue: r.Queue, Patience: microseconds(r.PatienceUs), Zone: r.Zone, TmCreate: timeOf(r.TmCreate),
	}
}

func microseconds(us int64) time.Duration { return time.Duration(us) * time.Microsecond }

// dialingRow is an open call.
type dialingRow struct {
	ID      int64
	Attempt attemptRow `gorm:"embedded"`

	Owner           string
	Status          int
	Channel         string
	Agent           string
	ResDial         int
	ResDialDetail   string
	ResHangup       int
	ResHangupDetail string
	TmDial          int64
	TmRing          int64
	TmAnswer        int64
	TmAgent         int64
	TmUpdate        int64
	Abandoned       int
	HangupAsked     int
	Rule            int64 // the limits of the claim

	// Hashes into versions, NULL if not given; the entry's is used once only
	// and stands here itself.
	InfoCampaign *string
	InfoPlan     *string
	InfoDest     *string
	InfoDlma     *string
	InfoDl       *string
}

// TableName names the table to gorm.
func (*dialingRow) TableName() string { return "dialings" }

var (
	// dialingColumns are inserted at the claim.
	dialingColumns = columnsOf[dialingRow]("id")
	// liveColumns are what changes while a call is open.
	liveColumns = pickColumns(dialingColumns, "status", "channel", "agent", "res_dial", "res_dial_detail", "res_hangup", "res_hangup_detail",
		"tm_dial", "tm_ring", "tm_answer", "tm_agent", "tm_update", "abandoned")
	// liveKey names the row that changes.
	liveKey = pickColumns(dialingColumns, "dlma_uuid", "uuid")
)

func dialingRowOf(d results.Dialing) dialingRow {
	return dialingRow{
		Attempt: attemptRowOf(d.Attempt), Owner: d.Owner, Status: d.Status, Channel: d.Channel, Agent: d.Agent,
		ResDial: d.ResDial, ResDialDetail: d.ResDialDetail, ResHangup: d.ResHangup, ResHangupDetail: d.ResHangupDetail,
		TmDial: micros(d.TmDial), TmRing: micros(d.TmRing), TmAnswer: micros(d.TmAnswer), TmAgent: micros(d.TmAgent),
		TmUpdate: micros(d.TmUpdate), Abandoned: bit(d.Abandoned), HangupAsked: bit(d.HangupAsked),
	}
}

// dialing makes the call of a row, with the bodies of its versions by hash.
func (r *dialingRow) dialing(bodies map[string]string) results.Dialing {
	version := func(hash *string) json.RawMessage {
		if hash == nil {
			return nil
		}

		return json.RawMessage(bodies[*hash])
	}
	d := results.Dialing{
		Attempt: r.Attempt.attempt(), Owner: r.Owner, Status: r.Status, Channel: r.Channel, Agent: r.Agent,
		ResDial: r.ResDial, ResDialDetail: r.ResDialDetail, ResHangup: r.ResHangup, ResHangupDetail: r.ResHangupDetail,
		TmDial: timeOf(r.TmDial), TmRing: timeOf(r.TmRing), TmAnswer: timeOf(r.TmAnswer), TmAgent: timeOf(r.TmAgent),
		TmUpdate: timeOf(r.TmUpdate), Abandoned: r.Abandoned != 0, HangupAsked: r.HangupAsked != 0,
		Info: results.Info{
			Campaign: version(r.InfoCampaign), Plan: version(r.InfoPlan), Destination: version(r.InfoDest), List: version(r.InfoDlma),
		},
	}
	if r.InfoDl != nil {
		d.Info.Entry = json.RawMessage(*r.InfoDl)
	}

	return d
}

// resultRow is a finished call.
type resultRow struct {
	ID      int64
	Attempt attemptRow `gorm:"embedded"`

	Seq             *int64 // NULL until it has been numbered
	DialingID       int64  // the place that the call had among the dialings
	Status          int
	Channel         string
	Agent           string
	ResDial         int
	ResDialDetail   string
	ResHangup       int
	ResHangupDetail string
	Disposition     string
	Abandoned       *int
	TmDial          int64
	TmRing          int64
	TmAnswer        int64
	TmAgent         int64
	TmHangup        int64
	TmUpdate        int64
	RingUs          int64
	WaitUs          int64
	TalkUs          int64
	Billsec         int
	Recording       string
}

// TableName names the table to gorm.
func (*resultRow) TableName() string { return "results" }

var resultColumns = columnsOf[resultRow]("id", "seq")

func resultRowOf(r results.Result) resultRow {
	row := resultRow{
		Attempt: attemptRowOf(r.Attempt), Status: r.Status, Channel: r.Channel, Agent: r.Agent, ResDial: r.ResDial,
		ResDialDetail: r.ResDialDetail, ResHangup: r.ResHangup, ResHangupDetail: r.ResHangupDetail, Disposition: string(r.Disposition),
		TmDial: micros(r.TmDial), TmRing: micros(r.TmRing), TmAnswer: micros(r.TmAnswer), TmAgent: micros(r.TmAgent),
		TmHangup: micros(r.TmHangup), TmUpdate: micros(r.TmUpdate),
		RingUs: r.Ring.Microseconds(), WaitUs: r.Wait.Microseconds(), TalkUs: r.Talk.Microseconds(), Billsec: r.Billsec, Recording: r.Recording,
	}
	if r.Abandoned != nil {
		abandoned := bit(*r.Abandoned)
		row.Abandoned = &abandoned
	}

	return row
}

func (r *resultRow) result() results.Result {
	out := results.Result{
		Attempt: r.Attempt.attempt(), Status: r.Status, Channel: r.Channel, Agent: r.Agent, ResDial: r.ResDial,
		ResDialDetail: r.ResDialDetail, ResHangup: r.ResHangup, ResHangupDetail: r.ResHangupDetail,
		Disposition: results.Disposition(r.Disposition),
		TmDial:      timeOf(r.TmDial), TmRing: timeOf(r.TmRing), TmAnswer: timeOf(r.TmAnswer), TmAgent: timeOf(r.TmAgent),
		TmHangup: timeOf(r.TmHangup), TmUpdate: timeOf(r.TmUpdate),
		Ring: microseconds(r.RingUs), Wait: microseconds(r.WaitUs), Talk: microseconds(r.TalkUs), Billsec: r.Billsec, Recording: r.Recording,
	}
	if r.Seq != nil {
		out.Seq = *r.Seq
	}
	if r.Abandoned != nil {
		abandoned := *r.Abandoned != 0
		out.Abandoned = &abandoned
	}

	return out
}
