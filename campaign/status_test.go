package campaign

import (
	"errors"
	"strings"
	"testing"
)

// The whole ruling: rows are the stored status, columns what is asked for; -1
// is a refusal.
func TestTransition(t *testing.T) {
	asked := []Status{0, 10, 1, 11, 2, 12, 30}
	table := map[Status][]Status{
		//              0   10   1  11   2  12  30
		Stopped:       {0, 0, 1, 1, -1, -1, -1},
		Started:       {10, 10, 1, 1, 12, 12, 30},
		Starting:      {10, 10, 1, 1, 12, 12, 30},
		Paused:        {0, 0, 1, 1, 2, 2, 30},
		Stopping:      {10, 10, 1, 1, -1, -1, 30},
		Pausing:       {-1, -1, 1, 1, 12, 12, 30},
		ForceStopping: {-1, -1, -1, -1, -1, -1, 30},
	}
	for from, row := range table {
		for i, want := range row {
			got, err := Transition(from, asked[i])
			var conflict Conflict
			switch {
			case want == -1 && !errors.As(err, &conflict):
				t.Errorf("%v to %v gives %v, %v; want a conflict", from, asked[i], got, err)
			case want == -1 && !strings.HasPrefix(err.Error(), "status cannot become"):
				t.Errorf("%v to %v: %q does not say what was refused", from, asked[i], err)
			case want != -1 && (err != nil || got != want):
				t.Errorf("%v to %v gives %v, %v; want %v", from, asked[i], got, err, want)
			}
		}
	}
	for _, to := range []Status{-1, 3, 13, 31, 101} {
		var invalid Invalid
		if _, err := Transition(Started, to); !errors.As(err, &invalid) || invalid.Field != "status" {
			t.Errorf("to %d: %v, want an Invalid about status", int(to), err)
		}
	}
}

func TestStatus(t *testing.T) {
	tests := []struct {
		status          Status
		dials, draining bool
		settled         Status
	}{
		{Stopped, false, false, Stopped},
		{Started, true, false, Started},
		{Starting, true, false, Starting},
		{Paused, false, false, Paused},
		{Stopping, false, true, Stopped},
		{Pausing, false, true, Paused},
		{ForceStopping, false, true, Stopped},
	}
	for _, tt := range tests {
		if !tt.status.Valid() {
			t.Errorf("%v is not valid", tt.status)
		}
		if tt.status.Dials() != tt.dials || tt.status.Draining() != tt.draining || tt.status.Settled() != tt.settled {
			t.Errorf("%v: dials %v, draining %v, settled %v", tt.status, tt.status.Dials(), tt.status.Draining(), tt.status.Settled())
		}
	}
	if Status(3).Valid() || Status(3).String() != "status 3" {
		t.Errorf("3 is taken for a status: %v", Status(3))
	}
}
