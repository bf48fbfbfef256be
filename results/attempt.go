package results

import (
	"encoding/json"
	"time"
)

// Attempt is what a dialing was to do: fixed at the claim, shared by the live
// row and the result.
type Attempt struct {
	UUID     string // the dialing's uuid, also the ChannelId at an Asterisk
	ActionID string
	Gateway  string

	Campaign    string // uuids
	Plan        string
	Destination string
	List        string
	Entry       string

	Name string // the entry's
	Ukey string // the entry's

	DialChannel     string // what was asked of the PBX, e.g. PJSIP/300@trunk
	DialAddr        string // the number
	DialIndex       int    // which of the entry's numbers, 1 to 8
	DialTry         int    // which try of that number, from 1
	DialTimeout     time.Duration
	DialType        int // destination type: 0 extension, 1 application
	DialContext     string
	DialExten       string
	DialPriority    string
	DialApplication string
	DialData        string
	DialVariables   map[string]string // merged; nil if none
	CallerID        string
	Codecs          string
	EarlyMedia      bool

	// Queue is the queue whose agents take the call, "" when the destination
	// has no agents that the gateway sees; then abandonment is not counted.
	Queue    string
	Patience time.Duration // how long an answered customer may wait for an agent
	Zone     string        // IANA zone of the campaign; its calendar day is the day of the tally

	TmCreate time.Time // the claim
}

// The statuses of a dialing, in the numbers of the wire.
const (
	StatusNone         = 0
	StatusSent         = 1  // originate request sent
	StatusQueued       = 2  // accepted by the PBX
	StatusDialBegin    = 3  // the PBX dials
	StatusChannel      = 4  // the PBX has a channel for it
	StatusDialEnd      = 5  // the dial has ended, answered or not
	StatusResponded    = 6  // originate response is in
	StatusHangup       = 7  // hung up
	StatusError        = 10 // any other error
	StatusSendFailed   = 11 // the request could not be sent
	StatusQueueFailed  = 12 // the PBX refused the request
	StatusOriginFailed = 13 // the originate failed
)

// Dialing is the live row of one attempt, from claim to hang-up.
type Dialing struct {
	Attempt

	Owner   string // token of the claim; every later write names it
	Status  int
	Channel string // the PBX's name for the channel, "" if unknown
	Agent   string // who took it, "" if nobody yet

	ResDial         int
	ResDialDetail   string
	ResHangup       int
	ResHangupDetail string

	TmDial   time.Time // request sent
	TmRing   time.Time
	TmAnswer time.Time
	TmAgent  time.Time
	TmUpdate time.Time

	// Abandoned says that the patience of an answered customer ended without an
	// agent.
	Abandoned bool
	// HangupAsked says that a user wants the call ended.
	HangupAsked bool

	Info Info
}

// Info keeps the objects of a call as they were at the claim, each as JSON of
// its own type.
type Info struct {
	Campaign    json.RawMessage
	Plan        json.RawMessage
	Destination json.RawMessage
	List        json.RawMessage
	Entry       json.RawMessage
}

// Result is what became of one attempt, written once.
type Result struct {
	Attempt

	Seq     int64 // position in the log, from 1; 0 until it has been numbered
	Status  int   // last status of the dialing
	Channel string
	Agent   string

	ResDial         int
	ResDialDetail   string
	ResHangup       int
	ResHangupDetail string
	Disposition     Disposition
	// Abandoned is nil where it is not counted: no live answer, a destination
	// without agents that we see, or not observed.
	Abandoned *bool

	TmDial   time.Time // zero times: never happened, or not seen
	TmRing   time.Time
	TmAnswer time.Time
	TmAgent  time.Time
	TmHangup time.Time
	TmUpdate time.Time

	Ring      time.Duration // request to answer or end
	Wait      time.Duration // answer to agent or end
	Talk      time.Duration // agent to end
	Billsec   int           // answer to end, whole seconds
	Recording string        // name or URL, "" if none
}
