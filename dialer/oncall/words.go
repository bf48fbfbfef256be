package oncall

import (
	"github.com/outpace/outpace/dialer/hosted"
	"github.com/outpace/outpace/results"
)

// The documented errors.
const (
	codeNonexistent = "1028"
	codeParameter   = "1040001"
	codePassword    = "1041004"
	codePermission  = "1043001"
)

// Code is an err_code of the page.
type Code struct {
	Code    string
	Says    string // the page's words
	Meaning string // ours
	Fault   hosted.Fault
}

// Codes are all err_codes of the page and what they mean for a call. An
// extension that the PBX does not know cannot be rung for a while; the others
// are mistakes in the settings, which show in the stats and on gateway check.
var Codes = []Code{
	{codeNonexistent, "Database Nonexistent records.", "the PBX has no such record", hosted.AgentOffline},
	{codeParameter, "Parameter : pagination incorrect", "the PBX does not like a parameter", hosted.Other},
	{codePassword, "Username or Password incorrect", "user or password is wrong", hosted.Other},
	{codePermission, "Permission denied", "the PBX denies permission", hosted.Other},
}

func lookUp(code text) (Code, bool) {
	for _, c := range Codes {
		if c.Code == string(code) {
			return c, true
		}
	}
	return Code{}, false
}

// Words of our own, for what a row says by other means than a word.
const (
	wordAgentOnly    = "only the agent was called"
	wordRang         = "FAIL after ringing"
	wordContradicted = "talk time without ANSWERED"
)

// Words are the PBX's words and what they mean: the fail_code of the target
// that is the customer (5.2), a SIP status, and else the status of the row or
// the target. NO_ANSWER, NOANSWER, BUSY and CANCELLED are not on the page.
var Words = hosted.Table{
	{Word: "ANSWERED", Disposition: results.Answered, ResDial: results.DialAnswered, Cause: 16},
	{Word: wordAgentOnly, Disposition: results.AgentNoAnswer, ResDial: results.DialNone, Cause: 19, Detail: "The agent did not pick up"},
	{Word: wordContradicted, Disposition: results.Unknown, ResDial: results.DialNone, Detail: "The PBX's record contradicts itself"},
	{Word: "403", Disposition: results.Rejected, ResDial: results.DialRejected, Cause: 21},
	{Word: "404", Disposition: results.Unallocated, ResDial: results.DialNone, Cause: 1, Detail: "Number does not exist"},
	{Word: "408", Disposition: results.NoAnswer, ResDial: results.DialNoAnswer, Cause: 18},
	{Word: "410", Disposition: results.Unallocated, ResDial: results.DialNone, Cause: 22, Detail: "Number does not exist"},
	{Word: "480", Disposition: results.NoAnswer, ResDial: results.DialNoAnswer, Cause: 18},
	{Word: "484", Disposition: results.Unallocated, ResDial: results.DialNone, Cause: 28, Detail: "Number does not exist"},
	{Word: "486", Disposition: results.Busy, ResDial: results.DialBusy, Cause: 17},
	{Word: "487", Disposition: results.NoAnswer, ResDial: results.DialNoAnswer, Cause: 19},
	{Word: "503", Disposition: results.Congestion, ResDial: results.DialCongestion, Cause: 34},
	{Word: "600", Disposition: results.Busy, ResDial: results.DialBusy, Cause: 17},
	{Word: "603", Disposition: results.Rejected, ResDial: results.DialRejected, Cause: 21},
	{Word: "604", Disposition: results.Unallocated, ResDial: results.DialNone, Cause: 1, Detail: "Number does not exist"},
	{Word: "607", Disposition: results.Rejected, ResDial: results.DialRejected, Cause: 21},
	{Word: "608", Disposition: results.Rejected, ResDial: results.DialRejected, Cause: 21},
	{Word: "BUSY", Disposition: results.Busy, ResDial: results.DialBusy, Cause: 17},
	{Word: "NO_ANSWER", Disposition: results.NoAnswer, ResDial: results.DialNoAnswer, Cause: 19},
	{Word: "NOANSWER", Disposition: results.NoAnswer, ResDial: results.DialNoAnswer, Cause: 19},
	{Word: "CANCELLED", Disposition: results.NoAnswer, ResDial: results.DialNoAnswer, Cause: 19},
	{Word: wordRang, Disposition: results.NoAnswer, ResDial: results.DialNoAnswer, Cause: 19},
	{Word: "FAIL", Disposition: results.Failed, ResDial: results.DialNone, Detail: "Call failed on the way to the phone"},
}

// Event is an event_type of the event URL.
type Event struct {
	Type  string
	Stage hosted.Stage
}

// Events are the events that are understood. Only call_ended is on the page.
var Events = []Event{
	{"call_start", hosted.Begun},
	{"target_add", hosted.Begun},
	{"target_ringing", hosted.Begun},
	{"call_established", hosted.Answered},
	{"call_noanswer", hosted.Over},
	{"call_fail", hosted.Over},
	{"call_ended", hosted.Over},
}
