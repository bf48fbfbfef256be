package campaign

import (
	"strings"
	"time"
)

// The types of destination, in the numbers of the wire.
const (
	TypeExten       = 0 // an extension: Context, Exten, Priority
	TypeApplication = 1 // an application: Application, Data
)

// Destination is who takes the answered call.
type Destination struct {
	UUID        string
	Name        string
	Detail      string
	Type        int // TypeExten or TypeApplication
	Application string
	Data        string
	Context     string
	Exten       string
	Priority    string
	Wrapup      int // seconds an agent stays busy after a talk when his queue membership sets none; 0 to 3600
	Variables   map[string]string

	InUse    bool
	TmCreate time.Time
	TmUpdate time.Time
	TmDelete time.Time
}

// Startable returns an Invalid if a campaign with this destination cannot
// start. The priority of an extension may be missing: it is 1 then.
func (d Destination) Startable() error {
	switch {
	case d.Type == TypeApplication && d.Application == "":
		return Invalid{"application", "of the destination must be set before a campaign can start"}
	case d.Type == TypeExten && d.Context == "":
		return Invalid{"context", "of the destination must be set before a campaign can start"}
	case d.Type == TypeExten && d.Exten == "":
		return Invalid{"exten", "of the destination must be set before a campaign can start"}
	}
	return nil
}

// HonoursEarlyMedia reports whether the PBX connects the destination on early
// media when a plan asks for it. It does so for extensions only.
func (d Destination) HonoursEarlyMedia() bool { return d.Type == TypeExten }

// Queue is the name of the queue that takes the calls: the data up to the
// first comma when the application is queue, in any case of letters. It is ""
// for all other destinations, which have no agents that are seen.
func (d Destination) Queue() string {
	if d.Type != TypeApplication || !strings.EqualFold(d.Application, "queue") {
		return ""
	}
	name, _, _ := strings.Cut(d.Data, ",")
	return name
}
