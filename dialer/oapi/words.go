package oapi

import (
	"github.com/outpace/outpace/dialer/hosted"
	"github.com/outpace/outpace/results"
)

// Words are the values of status_detail and what they mean. UNSUCCESS stands
// in newer pages of the maker where this one has ERROR.
var Words = hosted.Table{
	{Word: "SUCCESS", Disposition: results.Answered, ResDial: results.DialAnswered, Cause: 16},
	{Word: "BUSY", Disposition: results.Busy, ResDial: results.DialBusy, Cause: 17},
	{Word: "IVR", Disposition: results.NoAnswer, ResDial: results.DialNoAnswer, Cause: 19},
	{Word: "CANCELLED", Disposition: results.Cancelled, ResDial: results.DialNone, Cause: 16, Detail: "Hung up by the agent before the answer"},
	{Word: "ERROR", Disposition: results.Failed, ResDial: results.DialNone, Cause: 38, Detail: "Call failed on the way to the phone"},
	{Word: "UNSUCCESS", Disposition: results.Failed, ResDial: results.DialNone, Cause: 38, Detail: "Call failed on the way to the phone"},
}

// final reports whether a word, with the talk that goes with it, can only be
// said of a call that has ended.
func final(word string, talk bool) bool {
	switch word {
	case "SUCCESS":
		return talk
	case "BUSY", "CANCELLED", "ERROR", "UNSUCCESS":
		return true
	default:
		return false
	}
}
