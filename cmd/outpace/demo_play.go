package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/outpace/outpace/dlma"
)

const (
	demoQueue = "demo"
	// demoLimit bounds a demo that does not end by itself.
	demoLimit = 15 * time.Minute
	// settleLimit bounds how long the last results may take to be written.
	settleLimit = 15 * time.Second
)

// play is what a user does: set a campaign up, start it, watch it end, and
// look whether the books are right.
func (d *demo) play(ctx context.Context) (report, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, demoLimit, errors.New("the campaign did not end by itself"))
	defer cancel()
	if err := poll(ctx, 50*time.Millisecond, func() (bool, error) { return d.api.ready(ctx), nil }); err != nil {
		return report{}, fmt.Errorf("wait until the server is ready: %w", err)
	}
	campaign, err := d.load(ctx)
	if err != nil {
		return report{}, fmt.Errorf("load the campaign: %w", err)
	}
	if err := d.api.do(ctx, http.MethodPut, "/ob/campaigns/"+campaign, map[string]any{"status": 1}, nil); err != nil {
		return report{}, fmt.Errorf("start the campaign: %w", err)
	}
	if err := d.watch(ctx, campaign); err != nil {
		return report{}, fmt.Errorf("watch the campaign: %w", err)
	}
	return d.audit(ctx, campaign)
}

// poll asks until the answer is yes, at once and then at each interval.
func poll(ctx context.Context, interval time.Duration, ask func() (bool, error)) error {
	tick := time.NewTicker(interval)
	defer tick.Stop()
	for {
		done, err := ask()
		if done || err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-tick.C:
		}
	}
}

// load makes the campaign and what it refers to by REST, and fills the list.
func (d *demo) load(ctx context.Context) (campaign string, err error) {
	destination, err := d.api.create(ctx, "/ob/destinations", map[string]any{
		"name": "demo queue", "type": 1, "application": "Queue", "data": demoQueue,
		"wrapup": int(demoWrapup.Seconds()),
	})
	if err != nil {
		return "", err
	}
	plan, err := d.api.create(ctx, "/ob/plans", map[string]any{
		"name": "demo plan", "dial_mode": 1, "tech_name": "PJSIP", "trunk_name": "trunk",
		"dial_timeout": 25_000, "retry_delay": 5, "dl_end_handle": 1,
		"service_level": d.Agents / 2, "caller_id": "Outpace <1000>",
		"max_retry_cnt_1": 2, "max_retry_cnt_2": 0, "max_retry_cnt_3": 0, "max_retry_cnt_4": 0,
		"max_retry_cnt_5": 0, "max_retry_cnt_6": 0, "max_retry_cnt_7": 0, "max_retry_cnt_8": 0,
	})
	if err != nil {
		return "", err
	}
	list, err := d.api.create(ctx, "/ob/dlmas", map[string]any{"name": "demo list"})
	if err != nil {
		return "", err
	}
	// The list is filled in one go: REST takes one entry at a time, which would
	// be most of a demo's minute.
	entries := make([]dlma.Entry, d.Entries)
	for i := range entries {
		entries[i] = dlma.Entry{
			List: list, Name: fmt.Sprintf("Customer %d", i+1), Ukey: fmt.Sprintf("demo-%d", i+1),
			Number: [dlma.Numbers]string{fmt.Sprintf("0155%06d", i+1)},
		}
	}
	if _, err := d.app.store.AddEntries(ctx, entries); err != nil {
		return "", fmt.Errorf("fill the list: %w", err)
	}
	return d.api.create(ctx, "/ob/campaigns", map[string]any{
		"name": "demo", "plan": plan, "dest": destination, "dlma": list,
	})
}

// watch shows the progress until the campaign has stopped by itself.
func (d *demo) watch(ctx context.Context, campaign string) error {
	interval := time.Second
	if d.screen.terminal {
		interval = time.Second / 4
	}
	start := time.Now()
	var ended time.Time
	return poll(ctx, interval, func() (bool, error) {
		var present struct {
			Status int `json:"status"`
		}
		if err := d.api.do(ctx, http.MethodGet, "/ob/campaigns/"+campaign, nil, &present); err != nil {
			return false, err
		}
		var now stats
		if err := d.api.do(ctx, http.MethodGet, "/ob/campaigns/"+campaign+"/stats", nil, &now); err != nil {
			return false, err
		}
		d.screen.show(time.Since(start), now)
		if present.Status != 0 {
			return false, nil
		}
		if ended.IsZero() {
			ended = time.Now()
		}
		// The entries may be shown as they were counted a short while ago.
		return now.settled() == now.Entries.Total || time.Since(ended) > settleLimit, nil
	})
}

// audit waits until the last result is in the log, and compares the log, the
// table of results and what the PBX was asked to do.
func (d *demo) audit(ctx context.Context, campaign string) (report, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, settleLimit, errors.New("not all results reached the log in time"))
	defer cancel()
	var now stats
	if err := d.api.do(ctx, http.MethodGet, "/ob/campaigns/"+campaign+"/stats", nil, &now); err != nil {
		return report{}, err
	}
	var table []logged
	err := poll(ctx, 100*time.Millisecond, func() (bool, error) {
		var err error
		table, err = d.results(ctx, campaign)
		return len(table) >= now.dialed(), err
	})
	if err != nil {
		return report{}, err
	}
	sum, lines, err := readReport(d.folder.file(demoResults))
	if err != nil {
		return sum, err
	}
	return sum, compare(lines, table, d.pbx.asked(lines))
}

// results reads the table of results by REST.
func (d *demo) results(ctx context.Context, campaign string) ([]logged, error) {
	var all []logged
	for {
		var page struct {
			List []logged `json:"list"`
			Next any      `json:"next"`
		}
		path := fmt.Sprintf("/ob/results?campaign=%s&count=1000", campaign)
		if len(all) > 0 {
			path += fmt.Sprintf("&after=%d", all[len(all)-1].Seq)
		}
		if err := d.api.do(ctx, http.MethodGet, path, nil, &page); err != nil {
			return nil, err
		}
		all = append(all, page.List...)
		if page.Next == nil || len(page.List) == 0 {
			return all, nil
		}
	}
}

// compare says what does not fit together, if anything.
func compare(lines, table []logged, asked map[string]int) error {
	if len(lines) != len(table) {
		return fmt.Errorf("the result log has %d lines, the table has %d results", len(lines), len(table))
	}
	for i, line := range lines {
		if line.UUID != table[i].UUID || line.Seq != table[i].Seq || line.Disposition != table[i].Disposition {
			return fmt.Errorf("line %d of the result log is not the result with that number in the table", i+1)
		}
		if asked[line.UUID] == 0 && line.Disposition != "not_placed" {
			return fmt.Errorf("the PBX was never asked to place the call of line %d", i+1)
		}
	}
	for _, call := range slices.Sorted(maps.Keys(asked)) {
		if asked[call] > 1 {
			return fmt.Errorf("the PBX was asked %d times to place the call %s", asked[call], call)
		}
	}
	if len(asked) > len(lines) {
		return fmt.Errorf("the PBX was asked to place %d calls, but only %d have a result", len(asked), len(lines))
	}
	return nil
}

// summary tells what the demo did.
func (d *demo) summary(out io.Writer, sum report) {
	var by []string
	for _, disposition := range slices.Sorted(maps.Keys(sum.by)) {
		by = append(by, fmt.Sprintf("%s %d", disposition, sum.by[disposition]))
	}
	utilisation := fmt.Sprintf("%.0f %% of the time of %d agents went into talk and wrap-up", 100*sum.utilisation(d.Agents, demoWrapup), d.Agents)
	if d.Gateway != "asterisk" {
		utilisation = "not told: such a PBX counts talk in whole seconds, too coarse for a world that runs faster than life"
	}
	sayf(out, `
The campaign has ended by itself after %.0f s of dialing.
  calls          %d to %d customers
  live answers   %d (%.1f %% of the calls)
  abandonment    %d (%.1f %% of the live answers)
  utilisation    %s
  results        %s
  result file    %s, one line a call, the same as in the table
  more           %s (SQLite), %s`,
		sum.last.Sub(sum.first).Seconds(), sum.calls, d.Entries,
		sum.live, percent(sum.live, sum.calls), sum.abandoned, 100*sum.abandonmentRate(),
		utilisation, strings.Join(by, ", "),
		d.folder.file(demoResults), d.folder.file(demoDatabase), d.folder.file(demoLog))
}

func percent(part, whole int) float64 {
	if whole == 0 {
		return 0
	}
	return 100 * float64(part) / float64(whole)
}
