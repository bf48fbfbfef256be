package tel4vn

import (
	"strings"
	"time"

	"github.com/outpace/outpace/dialer"
	"github.com/outpace/outpace/dialer/hosted"
	"github.com/outpace/outpace/results"
)

// Words is what the status of a CDR means, for some with the cause behind a
// slash.
var Words = hosted.Table{
	{Word: "ANSWERED", Disposition: results.Answered, ResDial: results.DialAnswered, Cause: 16},
	{Word: "BUSY", Disposition: results.Busy, ResDial: results.DialBusy, Cause: 17},
	{Word: "NO ANSWER", Disposition: results.NoAnswer, ResDial: results.DialNoAnswer, Cause: 19},
	{Word: "NO ANSWER/CALL_REJECTED", Disposition: results.Rejected, ResDial: results.DialRejected, Cause: 21},
	{Word: "FAILED/USER_BUSY", Disposition: results.Busy, ResDial: results.DialBusy, Cause: 17},
	{Word: "FAILED/NO_ANSWER", Disposition: results.NoAnswer, ResDial: results.DialNoAnswer, Cause: 19},
	{Word: "FAILED/NO_USER_RESPONSE", Disposition: results.NoAnswer, ResDial: results.DialNoAnswer, Cause: 18},
	{Word: "FAILED/CALL_REJECTED", Disposition: results.Rejected, ResDial: results.DialRejected, Cause: 21},
	{Word: "FAILED/UNALLOCATED_NUMBER", Disposition: results.Unallocated, Cause: 1, Detail: "Number does not exist"},
	{Word: "FAILED/INVALID_NUMBER_FORMAT", Disposition: results.Unallocated, Cause: 28, Detail: "Number does not exist"},
	{Word: "FAILED/NORMAL_CIRCUIT_CONGESTION", Disposition: results.Congestion, ResDial: results.DialCongestion, Cause: 34},
	{Word: "FAILED/SWITCH_CONGESTION", Disposition: results.Congestion, ResDial: results.DialCongestion, Cause: 42},
	{Word: "FAILED", Disposition: results.Failed, Detail: "Call failed on the way to the phone"},
	{Word: "UNKNOWN", Disposition: results.Unknown, Detail: "The PBX does not know the outcome"},
}

// outcome reads the two words of a CDR. The status is sure; the cause is
// NORMAL_CLEARING for busy as well, in the page's own example.
func outcome(status, cause string, talk time.Duration) dialer.Outcome {
	status = strings.ToUpper(strings.ReplaceAll(strings.TrimSpace(status), "_", " "))
	o := Words.Outcome(talk, status+"/"+cause, status)
	if cause != "" {
		o.CauseText = cause
	}
	return o
}
