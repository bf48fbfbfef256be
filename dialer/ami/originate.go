package ami

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// MaxChannelID is the longest ChannelID in bytes.
const MaxChannelID = 149

// Originate places a call and sends it, once answered, to an extension or to
// an application.
//
// It is asynchronous unless Sync is set: the reply says no more than that the
// call was queued, and an OriginateResponse event with the ActionID tells its
// outcome. A synchronous one blocks the whole connection, replies and events,
// until the call is answered or has failed.
type Originate struct {
	Channel string // technology/resource, such as "PJSIP/100@trunk"; required

	// Either Context, Exten and Priority or Application and Data. Asterisk
	// would take neither, and then runs what it finds under the channel's own
	// number, so that is refused here.
	Context, Exten string
	Priority       string // a number or a label; default "1"
	Application    string
	Data           string

	// Timeout is how long to ring; whole milliseconds, at least one. Zero
	// leaves it to Asterisk, which takes 30 s.
	Timeout    time.Duration
	CallerID   string // such as `Sales <5550100>`
	Codecs     string // comma-separated, such as "alaw,ulaw"
	Account    string
	EarlyMedia bool // early media counts as answer; with Context only
	Sync       bool // wait for the outcome; see above

	// ChannelID becomes the Uniqueid of the channel; it must never be used
	// twice. OtherChannelID is that of a Local channel's second half. At most
	// 149 bytes each.
	ChannelID, OtherChannelID string
	// Variables are set on the channel before it is called.
	Variables []Variable
	// ActionID, if set, is used instead of one of the client's.
	ActionID string
}

// Action returns the action, or an error that names the field at fault.
func (o Originate) Action() (Action, error) {
	if err := o.check(); err != nil {
		return Action{}, fmt.Errorf("ami: Originate: %w", err)
	}
	b := builder{}
	b.set("ActionID", o.ActionID)
	b.set("Channel", o.Channel)
	if o.Application == "" {
		priority := o.Priority
		if priority == "" {
			priority = "1"
		}
		b.set("Context", o.Context)
		b.set("Exten", o.Exten)
		b.set("Priority", priority)
	} else {
		b.set("Application", o.Application)
		b.set("Data", o.Data)
	}
	if o.Timeout > 0 {
		b.set("Timeout", strconv.FormatInt(o.Timeout.Milliseconds(), 10))
	}
	b.set("CallerID", o.CallerID)
	b.set("Account", o.Account)
	b.set("Codecs", o.Codecs)
	b.set("ChannelId", o.ChannelID)
	b.set("OtherChannelId", o.OtherChannelID)
	if o.EarlyMedia {
		b.set("EarlyMedia", "true")
	}
	if !o.Sync {
		b.set("Async", "true")
	}
	for _, v := range o.Variables {
		h, err := v.Header()
		if err != nil {
			return Action{}, fmt.Errorf("ami: Originate: %w", err)
		}
		b.headers = append(b.headers, h)
	}
	return b.action("Originate")
}

func (o Originate) check() error {
	toExten := o.Context != "" || o.Exten != "" || o.Priority != ""
	switch {
	case !strings.Contains(o.Channel, "/"):
		return errors.New("Channel must be technology/resource")
	case o.Application != "" && toExten:
		return errors.New("Application excludes Context, Exten and Priority")
	case o.Application == "" && (o.Context == "" || o.Exten == ""):
		return errors.New("Application, or Context and Exten, must be set")
	case o.Application == "" && o.Data != "":
		return errors.New("Data goes with Application only")
	case o.Application != "" && o.EarlyMedia:
		return errors.New("EarlyMedia goes with Context and Exten only")
	case o.Timeout < 0 || (o.Timeout > 0 && o.Timeout < time.Millisecond):
		return errors.New("Timeout must be at least 1 ms, since less rings for ever")
	case len(o.ChannelID) > MaxChannelID || len(o.OtherChannelID) > MaxChannelID:
		return errors.New("ChannelID and OtherChannelID may have 149 bytes")
	case o.ChannelID != "" && o.ChannelID == o.OtherChannelID:
		return errors.New("ChannelID and OtherChannelID must differ")
	}
	return nil
}
