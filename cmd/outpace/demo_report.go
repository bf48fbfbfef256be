package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"time"
)

// logged is what a demo reads back from one line of the result log.
type logged struct {
	Seq         int64     `json:"seq"`
	UUID        string    `json:"uuid"`
	Disposition string    `json:"disposition"`
	Abandoned   *bool     `json:"abandoned"`
	TmDial      time.Time `json:"tm_dial"`
	TmHangup    time.Time `json:"tm_hangup"`
	TalkMS      int64     `json:"talk_ms"`
	Agent       string    `json:"agent"`
	DialAddr    string    `json:"dial_addr"`
	Gateway     string    `json:"gateway"`
}

// report sums up the result log.
type report struct {
	calls     int
	by        map[string]int // disposition to calls
	live      int            // live answers that count for abandonment
	abandoned int
	talk      time.Duration
	talks     int // calls that an agent took
	first     time.Time
	last      time.Time
}

// readReport reads the log at path. It is an error if a line is no result, or
// if the numbers do not run 1, 2, 3, or if a call is there twice.
func readReport(path string) (report, []logged, error) {
	source, err := os.Open(path)
	if err != nil {
		return report{}, nil, fmt.Errorf("read the result log: %w", err)
	}
	defer func() { _ = source.Close() }() // it was only read
	return sumUp(source)
}

func sumUp(source io.Reader) (sum report, all []logged, err error) {
	sum = report{by: map[string]int{}}
	seen := map[string]bool{}
	lines := bufio.NewScanner(source)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var line logged
		if err := json.Unmarshal(lines.Bytes(), &line); err != nil {
			return sum, all, fmt.Errorf("line %d of the result log is no result: %w", sum.calls+1, err)
		}
		sum.add(line)
		all = append(all, line)
		if line.Seq != int64(sum.calls) {
			return sum, all, fmt.Errorf("line %d of the result log has the number %d", sum.calls, line.Seq)
		}
		if seen[line.UUID] {
			return sum, all, fmt.Errorf("the result log has the call %s twice", line.UUID)
		}
		seen[line.UUID] = true
	}
	if err := lines.Err(); err != nil {
		return sum, all, fmt.Errorf("read the result log: %w", err)
	}
	return sum, all, nil
}

func (r *report) add(line logged) {
	r.calls++
	r.by[line.Disposition]++
	if line.Abandoned != nil {
		r.live++
		if *line.Abandoned {
			r.abandoned++
		}
	}
	if line.Agent != "" {
		r.talks++
		r.talk += time.Duration(line.TalkMS) * time.Millisecond
	}
	if r.first.IsZero() || !line.TmDial.IsZero() && line.TmDial.Before(r.first) {
		r.first = line.TmDial
	}
	if line.TmHangup.After(r.last) {
		r.last = line.TmHangup
	}
}

// utilisation is the share of the agents' time, from the first dial to the last
// hang-up, that went into talk and wrap-up.
func (r report) utilisation(agents int, wrapup time.Duration) float64 {
	whole := time.Duration(agents) * r.last.Sub(r.first)
	if whole <= 0 {
		return 0
	}
	busy := r.talk + time.Duration(r.talks)*wrapup
	return min(float64(busy)/float64(whole), 1)
}

// abandonmentRate is abandoned over live answers, 0 without any.
func (r report) abandonmentRate() float64 {
	if r.live == 0 {
		return 0
	}
	return float64(r.abandoned) / float64(r.live)
}
