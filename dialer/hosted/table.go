package hosted

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/outpace/outpace/dialer"
	"github.com/outpace/outpace/results"
)

// Meaning is what one word of a PBX says about a call.
type Meaning struct {
	// Word is the PBX's: a status, a cause, or both with a slash between. The
	// comparison ignores case.
	Word        string
	Disposition results.Disposition
	ResDial     int
	Cause       int    // Q.850 for res_hangup, 0 = none
	Detail      string // res_dial_detail; "" = the text of ResDial
}

// Table is the words of a kind. The first line that fits counts.
type Table []Meaning

// Outcome reads a row's words, the most exact first, with the talk time that
// the row tells. What is answered without any talk was picked up by the agent
// alone. A row without a word that the table knows is an unknown outcome.
func (t Table) Outcome(talk time.Duration, words ...string) dialer.Outcome {
	for _, word := range words {
		for _, m := range t {
			if !strings.EqualFold(m.Word, strings.TrimSpace(word)) {
				continue
			}
			return m.outcome(talk, word)
		}
	}
	return dialer.Outcome{
		Disposition: results.Unknown, CauseText: strings.Join(words, " "),
		Detail: "The PBX's word for the outcome is not known",
	}
}

func (m Meaning) outcome(talk time.Duration, word string) dialer.Outcome {
	o := dialer.Outcome{
		Disposition: m.Disposition, ResDial: m.ResDial, Cause: m.Cause, CauseText: word,
		Detail: cmp.Or(m.Detail, results.DialText(m.ResDial)),
	}
	switch {
	case m.Disposition != results.Answered:
	case talk <= 0:
		o.Disposition, o.ResDial = results.NoAnswer, results.DialNoAnswer
		o.Detail = "Picked up by the agent only: no talk"
	default:
		o.Talk, o.Billsec = talk, int(talk/time.Second)
	}
	return o
}

// Markdown is the table as docs/gateways.md shows it.
func (t Table) Markdown() string {
	var b strings.Builder
	b.WriteString("| word of the PBX | `disposition` | `res_dial` | `res_hangup` |\n|---|---|---|---|\n")
	for _, m := range t {
		fmt.Fprintf(&b, "| `%s` | `%s` | %d %s | %d |\n", m.Word, m.Disposition, m.ResDial,
			cmp.Or(m.Detail, results.DialText(m.ResDial)), m.Cause)
	}
	return b.String()
}
