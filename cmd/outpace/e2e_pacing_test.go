//go:build e2e

package main

import (
	"fmt"
	"testing"
	"time"
)

// pacingView is what GET /ob/campaigns/<uuid>/pacing tells, as far as these
// tests look at it.
type pacingView struct {
	Windows []struct {
		Name      string  `json:"name"`
		Live      int     `json:"live"`
		Abandoned int     `json:"abandoned"`
		Target    float64 `json:"target"`
	} `json:"windows"`
	Decisions []struct {
		Place  int                `json:"place"`
		Code   string             `json:"code"`
		Reason string             `json:"reason"`
		Facts  map[string]float64 `json:"facts"`
	} `json:"decisions"`
}

// TestE2EPredictiveHoldsItsLimit lets the lab's drawn customers be called for
// some minutes for twenty agents who answer at once: the pacer has to call ahead
// of free agents, and yet hardly anybody may find none.
func TestE2EPredictiveHoldsItsLimit(t *testing.T) {
	const (
		dialing = 150 * time.Second
		entries = 500 // more than can be called meanwhile
	)
	p := labPlace(t)
	r := p.start(t)
	numbers := make([][]string, entries)
	for i := range numbers {
		numbers[i] = []string{fmt.Sprintf("800%07d", i)}
	}
	dest := toQueue("local_1")
	dest["wrapup"] = 3
	c := r.offer(map[string]any{"dial_timeout": 16_000}, dest, numbers...)
	r.status(c, 1)
	ahead := 0 // looks at which more calls rang than agents were free
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for range int(dialing / time.Second) {
		<-tick.C
		var s stats
		r.get("/ob/campaigns/"+c+"/stats", &s)
		if s.Calls.Ringing > s.Agents.Free {
			ahead++
		}
	}
	var seen pacingView
	r.get("/ob/campaigns/"+c+"/pacing", &seen)
	r.status(c, 0)
	r.awaitStatus(c, 0)

	live, abandoned, dials, talk := 0, 0, 0, time.Duration(0)
	for _, o := range r.logged(p, 1) {
		dials++
		talk += time.Duration(o.TalkMs) * time.Millisecond
		if o.Abandoned != nil {
			live++
			if *o.Abandoned {
				abandoned++
			}
		}
	}
	t.Logf("%d calls, %d live answers, %d abandoned, %d s of talk; calls ahead at %d looks; last decision %+v",
		dials, live, abandoned, int(talk.Seconds()), ahead, last(seen.Decisions))
	if live < 50 || ahead < 10 {
		t.Errorf("%d live answers, and calls ahead of free agents at %d looks", live, ahead)
	}
	if 100*abandoned > 3*live {
		t.Errorf("%d of %d live answers were abandoned", abandoned, live)
	}
	if len(seen.Windows) != 2 || seen.Windows[0].Name != "day" || seen.Windows[0].Live == 0 || seen.Windows[0].Target != 0.03 {
		t.Errorf("windows %+v", seen.Windows)
	}
}

func last[T any](list []T) (t T) {
	if len(list) > 0 {
		t = list[len(list)-1]
	}
	return t
}
