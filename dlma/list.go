package dlma

import "time"

// List is a dial list as a whole.
type List struct {
	UUID      string
	Name      string
	Detail    string
	Variables map[string]string

	InUse    bool
	TmCreate time.Time
	TmUpdate time.Time
	TmDelete time.Time
}
