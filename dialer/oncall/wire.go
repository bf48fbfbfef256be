package oncall

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/outpace/outpace/dialer/hosted"
)

// timeLayout is how the PBX writes local times.
const timeLayout = "2006-01-02 15:04:05"

// text is a value that the page shows now as a string, now as a number: ids
// have more digits than a float keeps.
type text string

// UnmarshalJSON takes a string, a number, true, false and null (which is "").
func (t *text) UnmarshalJSON(b []byte) error {
	switch {
	case bytes.Equal(b, []byte("null")):
		*t = ""
	case b[0] == '"':
		return json.Unmarshal(b, (*string)(t))
	case b[0] == '{' || b[0] == '[':
		return fmt.Errorf("neither text nor a number but %.1q", b)
	default:
		*t = text(b)
	}
	return nil
}

// seconds reads a duration in seconds; what is none is 0.
func (t text) seconds() time.Duration {
	n, err := strconv.ParseFloat(strings.TrimSpace(string(t)), 64)
	if err != nil {
		return 0
	}
	return hosted.Seconds(n)
}

// truth reads a boolean; what is none is false.
func (t text) truth() bool {
	yes, err := strconv.ParseBool(strings.ToLower(string(t)))
	return err == nil && yes
}

// instant reads a local time. "NOT_ANSWER", the epoch and what is no time at
// all are zero.
func (t text) instant(zone *time.Location) hosted.Instant {
	if len(t) < 4 || t[:4] < "1971" {
		return hosted.Instant{}
	}
	i, err := hosted.Local(zone, timeLayout, string(t))
	if err != nil {
		return hosted.Instant{}
	}
	return i
}

// user is the user of an address such as sip:101@test01.oncall, or all of what
// is no address.
func user(address text) string {
	s := strings.TrimSpace(string(address))
	if from, to := strings.IndexByte(s, '<'), strings.LastIndexByte(s, '>'); from >= 0 && to > from {
		s = s[from+1 : to]
	}
	for _, scheme := range []string{"sip:", "sips:", "tel:"} {
		if len(s) >= len(scheme) && strings.EqualFold(s[:len(scheme)], scheme) {
			s = s[len(scheme):]
			break
		}
	}
	if end := strings.IndexAny(s, "@;"); end >= 0 {
		s = s[:end]
	}
	return s
}

// paging is what every list has beside its entries.
type paging struct {
	PageSize text `json:"pagesize"`
}

// size is how many entries a full page of the answer has.
func (p paging) size(asked int) int {
	if n, err := strconv.Atoi(string(p.PageSize)); err == nil && n > 0 {
		return min(n, asked)
	}
	return asked
}
