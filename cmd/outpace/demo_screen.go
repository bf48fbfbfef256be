package main

import (
	"cmp"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/term"
)

// stats is what the demo shows of GET /ob/campaigns/UUID/stats.
type stats struct {
	Entries struct {
		Total    int `json:"total"`
		Idle     int `json:"idle"`
		Dialing  int `json:"dialing"`
		Answered int `json:"answered"`
		UsedUp   int `json:"used_up"`
		Waiting  int `json:"waiting"`
		Unknown  int `json:"unknown"`
	} `json:"entries"`
	Calls struct {
		Ringing int `json:"ringing"`
		Waiting int `json:"waiting"`
		Talking int `json:"talking"`
	} `json:"calls"`
	Agents struct {
		LoggedIn int `json:"logged_in"`
		Free     int `json:"free"`
		Busy     int `json:"busy"`
		WrapUp   int `json:"wrap_up"`
		Paused   int `json:"paused"`
	} `json:"agents"`
	LiveAnswers     *int           `json:"live_answers"`
	Abandoned       *int           `json:"abandoned"`
	AbandonmentRate *float64       `json:"abandonment_rate"`
	Results         map[string]int `json:"results"`
	Why             *string        `json:"why"`
}

// dialed counts the finished calls.
func (s stats) dialed() int {
	n := 0
	for _, count := range s.Results {
		n += count
	}
	return n
}

// settled counts the entries that need no more calls.
func (s stats) settled() int { return s.Entries.Answered + s.Entries.UsedUp + s.Entries.Unknown }

// screen shows progress: on a terminal one block that is drawn over itself,
// elsewhere a line each time.
type screen struct {
	out      io.Writer
	terminal bool
	width    func() int // columns of the terminal now; nil or 0 = not known
	drawn    int        // lines of the last block
}

func newScreen(out io.Writer) screen {
	file, ok := out.(*os.File)
	if !ok || !term.IsTerminal(int(file.Fd())) {
		return screen{out: out}
	}
	return screen{out: out, terminal: true, width: func() int {
		columns, _, err := term.GetSize(int(file.Fd()))
		if err != nil {
			return 0
		}
		return columns
	}}
}

func (s *screen) show(elapsed time.Duration, now stats) {
	if !s.terminal {
		sayf(s.out, "%s", line(elapsed, now))
		return
	}
	lines := block(elapsed, now)
	columns := 80
	if s.width != nil {
		columns = cmp.Or(s.width(), columns)
	}
	var picture strings.Builder
	if s.drawn > 0 {
		picture.WriteString("\x1b[" + strconv.Itoa(s.drawn) + "A") // back up to the block's first line
	}
	for i, text := range lines {
		if i > 0 {
			picture.WriteString("\n")
		}
		// A line that the terminal had to break would spoil the way back up.
		picture.WriteString("\x1b[2K" + text[:min(len(text), columns)]) // clear the line, write it
	}
	sayf(s.out, "%s", picture.String())
	s.drawn = len(lines)
}

// line is the progress in one line.
func line(elapsed time.Duration, s stats) string {
	return fmt.Sprintf("%3ds  entries %d/%d  calls %d done, %d ringing, %d waiting, %d talking  agents %d free, %d busy, %d wrap-up  live %d, abandoned %d",
		int(elapsed.Seconds()), s.settled(), s.Entries.Total,
		s.dialed(), s.Calls.Ringing, s.Calls.Waiting, s.Calls.Talking,
		s.Agents.Free, s.Agents.Busy, s.Agents.WrapUp, either(s.LiveAnswers, 0), either(s.Abandoned, 0))
}

// block is the progress in a few lines, with bars.
func block(elapsed time.Duration, s stats) []string {
	why := "dialing"
	if s.Why != nil {
		why = *s.Why
	}
	return []string{
		fmt.Sprintf("%-8s %s %4d of %d settled, %.0f s", "entries", bar(s.settled(), s.Entries.Total), s.settled(), s.Entries.Total, elapsed.Seconds()),
		fmt.Sprintf("%-8s %s %4d free, %d busy, %d in wrap-up, of %d", "agents", bar(s.Agents.Busy+s.Agents.WrapUp, s.Agents.LoggedIn), s.Agents.Free, s.Agents.Busy, s.Agents.WrapUp, s.Agents.LoggedIn),
		fmt.Sprintf("%-8s %d ringing, %d waiting for an agent, %d talking, %d done", "calls", s.Calls.Ringing, s.Calls.Waiting, s.Calls.Talking, s.dialed()),
		fmt.Sprintf("%-8s %d live, %d abandoned (%.1f %%)", "answers", either(s.LiveAnswers, 0), either(s.Abandoned, 0), 100*either(s.AbandonmentRate, 0)),
		fmt.Sprintf("%-8s %s", "now", why),
	}
}

const barWidth = 30

func bar(part, whole int) string {
	full := 0
	if whole > 0 {
		full = min(max(part*barWidth/whole, 0), barWidth)
	}
	return "[" + strings.Repeat("#", full) + strings.Repeat(".", barWidth-full) + "]"
}
