package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"sync/atomic"
	"time"

	"github.com/outpace/outpace/results"
)

// tail reads the result log as it grows, as an analyst would, and checks that
// its numbers have no gap and no line comes twice.
type tail struct {
	path  string
	meter *benchMeter
	lines atomic.Int64
}

// tailPause is how often the log is looked at.
const tailPause = 20 * time.Millisecond

// run reads until ctx ends, and then what is there.
func (t *tail) run(ctx context.Context) error {
	file, err := os.Open(t.path)
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	tick := time.NewTicker(tailPause)
	defer tick.Stop()
	var rest []byte
	buffer := make([]byte, 256<<10)
	for {
		last := ctx.Err() != nil
		for {
			n, err := file.Read(buffer)
			now := time.Now()
			rest = append(rest, buffer[:n]...)
			for {
				line, more, found := bytes.Cut(rest, []byte("\n"))
				if !found {
					break
				}
				if err := t.line(line, now); err != nil {
					return err
				}
				rest = more
			}
			rest = bytes.Clone(rest) // lets go of what was read
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				return fmt.Errorf("read the result log: %w", err)
			}
		}
		if last {
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
		}
	}
}

func (t *tail) line(line []byte, now time.Time) error {
	var l struct {
		Seq      int64  `json:"seq"`
		TmHangup string `json:"tm_hangup"`
	}
	if err := json.Unmarshal(line, &l); err != nil {
		return fmt.Errorf("read line %d of the result log: %w", t.lines.Load()+1, err)
	}
	if l.Seq != t.lines.Load()+1 {
		return fmt.Errorf("line %d of the result log has the number %d", t.lines.Load()+1, l.Seq)
	}
	if at, err := time.Parse(results.TimeFormat, l.TmHangup); err == nil {
		t.meter.took(timeLog, now.Sub(at))
	}
	t.lines.Add(1)
	return nil
}
