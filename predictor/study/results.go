package study

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"
)

// logLine is what the study needs of a line of the result log.
type logLine struct {
	Campaign    string    `json:"uuid_camp"`
	Disposition string    `json:"disposition"`
	Agent       string    `json:"agent"`
	Timeout     float64   `json:"dial_timeout"` // ms
	Dial        time.Time `json:"tm_dial"`
	Answer      time.Time `json:"tm_answer"`
	Taken       time.Time `json:"tm_agent"`
	Hangup      time.Time `json:"tm_hangup"`
	Ring        *float64  `json:"ring_ms"`
	Wait        *float64  `json:"wait_ms"`
	Talk        *float64  `json:"talk_ms"`
}

const longestLine = 4 << 20 // bytes of a line of the log

// counted are the dispositions that say what became of a call on somebody's
// phone, and whether it was answered live. The others say nothing of that.
var counted = map[string]bool{
	"answered": true, "abandoned": true, "hung_up_early": true,
	"busy": false, "no_answer": false, "congestion": false, "unallocated": false, "rejected": false, "failed": false,
}

func (l logLine) live() bool { return counted[l.Disposition] }

// readLog reads the lines of one campaign that tell of a call, by the time when
// it was placed. campaign may be empty if the log has only one.
func readLog(r io.Reader, campaign string) ([]logLine, error) {
	var lines []logLine
	campaigns := map[string]bool{}
	s := bufio.NewScanner(r)
	s.Buffer(nil, longestLine)
	for n := 1; s.Scan(); n++ {
		if strings.TrimSpace(s.Text()) == "" {
			continue
		}
		var l logLine
		if err := json.Unmarshal(s.Bytes(), &l); err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
		if l.Disposition == "" {
			return nil, fmt.Errorf("line %d is no result: it has no disposition", n)
		}
		if campaign != "" && l.Campaign != campaign {
			continue
		}
		campaigns[l.Campaign] = true
		if _, ok := counted[l.Disposition]; ok && !l.Dial.IsZero() && !l.Hangup.Before(l.Dial) {
			lines = append(lines, l)
		}
	}
	if err := s.Err(); err != nil {
		return nil, fmt.Errorf("read: %w", err)
	}
	if len(campaigns) > 1 {
		return nil, fmt.Errorf("there are results of %d campaigns; name one of %s", len(campaigns),
			strings.Join(slices.Sorted(maps.Keys(campaigns)), ", "))
	}
	if len(lines) == 0 {
		return nil, errors.New("there is no result of a call that was placed")
	}
	slices.SortStableFunc(lines, func(a, b logLine) int { return a.Dial.Compare(b.Dial) })
	return lines, nil
}
