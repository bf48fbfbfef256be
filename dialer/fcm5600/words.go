package fcm5600

import (
	"github.com/outpace/outpace/dialer/hosted"
	"github.com/outpace/outpace/results"
)

// Words are the values of callStatus and what they mean. The page writes the
// third one in two ways.
var Words = hosted.Table{
	{Word: "ANSWERED", Disposition: results.Answered, ResDial: results.DialAnswered, Cause: 16},
	{Word: "BUSY", Disposition: results.Busy, ResDial: results.DialBusy, Cause: 17},
	{Word: "NO ANSWER", Disposition: results.NoAnswer, ResDial: results.DialNoAnswer, Cause: 19},
	{Word: "NOANSWER", Disposition: results.NoAnswer, ResDial: results.DialNoAnswer, Cause: 19},
	{Word: "FAILED", Disposition: results.Failed, ResDial: results.DialNone, Cause: 38, Detail: "Call failed on the way to the phone"},
}
