package hosted

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/outpace/outpace/dialer"
	"github.com/outpace/outpace/results"
)

// detailPBX is a PBX that has nothing but the details of rows.
type detailPBX struct {
	PBX

	detail func(c Live, r Row) (Row, error)
}

func (p detailPBX) Detail(_ context.Context, c Live, r Row) (Row, error) { return p.detail(c, r) }

// detailGateway has one open call, by agent 101 to a number.
func detailGateway(t *testing.T, detail func(c Live, r Row) (Row, error)) *Gateway {
	t.Helper()
	s := Settings{Name: "lab", BaseURL: "http://127.0.0.1:1"}
	client, err := NewClient(s)
	if err != nil {
		t.Fatal(err)
	}
	g, err := New(s, Kind{Name: "lab", Client: client, PBX: detailPBX{detail: detail}})
	if err != nil {
		t.Fatal(err)
	}
	g.Adopt([]results.Dialing{{Agent: "101", Attempt: results.Attempt{UUID: "ours", DialAddr: "0909123456", TmCreate: time.Now()}}})
	return g
}

func detailRows() []Row {
	now := Exactly(time.Now())
	return []Row{
		{ID: "1", Agent: "102", Number: "0909123456", Start: now},
		{ID: "2", Agent: "101", Number: "+84909123456", Start: now, Outcome: dialer.Outcome{Detail: "from the list"}},
		{ID: "3", Agent: "101", Number: "0909000000", Start: now},
	}
}

// TestDetailOfOurRowsOnly: rows of others' calls are not asked for.
func TestDetailOfOurRowsOnly(t *testing.T) {
	asked := 0
	g := detailGateway(t, func(c Live, r Row) (Row, error) {
		asked++
		if c.Call != "ours" || c.Agent != "101" || c.Number != "0909123456" || r.ID != "2" {
			t.Errorf("asked for row %s of call %+v", r.ID, c)
		}
		r.ID, r.Outcome.Detail = "another", "in detail"
		return r, nil
	})
	got := g.detail(t.Context(), detailRows())
	if asked != 1 || len(got) != 1 || got[0].ID != "2" || got[0].Outcome.Detail != "in detail" {
		t.Errorf("asked %d times, got %+v", asked, got)
	}
	g.mu.Lock()
	g.match(got, time.Now())
	open := len(g.book.flights)
	g.mu.Unlock()
	if open != 0 {
		t.Error("the row did not end the call")
	}
	if got := g.detail(t.Context(), detailRows()); asked != 1 || len(got) != 0 {
		t.Errorf("asked again for a row that is done with: %+v", got)
	}
}

// TestDetailIsTriedAgain: with the third failure what is known counts.
func TestDetailIsTriedAgain(t *testing.T) {
	g := detailGateway(t, func(_ Live, r Row) (Row, error) {
		r.Outcome.Detail = "a part"
		return r, errors.New("not now")
	})
	for i := range detailTries {
		got := g.detail(t.Context(), detailRows())
		if last := i == detailTries-1; len(got) != 0 != last || last && got[0].Outcome.Detail != "a part" {
			t.Errorf("after %d failures: %+v", i+1, got)
		}
	}
	if len(g.misses) != 0 {
		t.Errorf("%v is remembered", g.misses)
	}
}

// TestNoDetail: a kind without details keeps its rows.
func TestNoDetail(t *testing.T) {
	g := detailGateway(t, nil)
	g.kind.PBX = detailPBX{}.PBX
	if got := g.detail(t.Context(), detailRows()); len(got) != 3 {
		t.Errorf("%d rows", len(got))
	}
}
