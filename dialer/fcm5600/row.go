package fcm5600

import (
	"errors"
	"strings"
	"time"

	"github.com/outpace/outpace/dialer/hosted"
)

const second = "2006-01-02 15:04:05"

// record is one row of the call log, or of the list of recordings.
type record struct {
	ID        text   `json:"id"`
	Source    text   `json:"callSrc"`
	To        text   `json:"callTo"`
	Start     string `json:"startTime"`
	Duration  figure `json:"duration"`
	Status    string `json:"callStatus"`
	Type      string `json:"callType"`
	Recording string `json:"recordingFile"`
	// Of recordings only.
	Length  figure `json:"timeLength"`
	PlayURL string `json:"playUrl"`
}

type (
	figure = hosted.Figure
	text   = hosted.Text
)

// row reads one record. ok is false for one that cannot be of our calls.
func (p *pbx) row(r record) (row hosted.Row, ok bool, err error) {
	start, err := hosted.Local(p.zone(), second, strings.TrimSpace(r.Start))
	if err != nil {
		return row, false, errors.New("a row tells no time")
	}
	if strings.EqualFold(r.Type, "incoming") {
		return row, false, nil
	}
	duration := hosted.Seconds(float64(r.Duration))
	row = hosted.Row{
		// The numbers of rows may begin anew when the log is cleared.
		ID:     string(r.ID) + " " + r.Start + " " + string(r.Source) + " " + string(r.To),
		Agent:  p.rung(string(r.Source)),
		Number: string(r.To),
		Start:  start, Duration: duration,
		Outcome: Words.Outcome(duration, r.Status),
	}
	row.Outcome.Recording = r.Recording
	return row, true, nil
}

// rung is the extension that a caller's number names, "" if it is none of the
// PBX's: then it is what was shown to the customer.
func (p *pbx) rung(source string) string {
	if known := p.known.Load(); known != nil && !(*known)[source] {
		return ""
	}
	return source
}

// shorter takes the length of a recording for the talk, if it is shorter.
func shorter(row *hosted.Row, length time.Duration) {
	if o := &row.Outcome; length > 0 && length < o.Talk {
		o.Talk, o.Billsec = length, int(length/time.Second)
	}
}
