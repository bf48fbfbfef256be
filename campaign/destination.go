package campaign

import "time"

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
