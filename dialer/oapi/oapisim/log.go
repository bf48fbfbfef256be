package oapisim

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/outpace/outpace/dialer/hosted/hostedsim"
)

// The limits of the page.
const (
	defaultLimit = 20
	maxLimit     = 100
	maxSpan      = 31 * 24 * time.Hour
)

// party is one side of a call.
type party struct {
	Number   string `json:"number"`
	Type     string `json:"type"`
	Username string `json:"username,omitempty"`
}

// history is one row.
type history struct {
	Caller    party   `json:"caller"`
	Callee    party   `json:"callee"`
	Class     string  `json:"class"`
	DIDNumber *string `json:"did_number"`
	Direction string  `json:"direction"`
	Status    string  `json:"status_detail"`
	Duration  int     `json:"duration_seconds"`
	Timestamp int64   `json:"unix_timestamp"`
	Billing   int     `json:"billing_seconds"`
	Recording string  `json:"recording"`
}

func (s *Sim) histories(w http.ResponseWriter, r *http.Request) {
	if !s.signed(w, r, "created_from", "created_to", "limit", "page") {
		return
	}
	query := r.URL.Query()
	from, err := time.Parse(time.RFC3339, query.Get("created_from"))
	to, err2 := time.Parse(time.RFC3339, query.Get("created_to"))
	limit, err3 := figure(query, "limit", defaultLimit)
	page, err4 := figure(query, "page", 1)
	oldest := s.world.Now().Add(-maxSpan)
	if err != nil || err2 != nil || err3 != nil || err4 != nil || limit > maxLimit || to.Sub(from) > maxSpan || from.Before(oldest) {
		fail(w, http.StatusBadRequest, "bad parameters")
		return
	}
	rows := make([]history, 0, limit)
	calls := s.world.Rows(from, to)
	slices.Reverse(calls)
	first := min((page-1)*limit, len(calls))
	for _, c := range calls[first:min(first+limit, len(calls))] {
		rows = append(rows, s.row(c))
	}
	if s.cfg.Wrapped {
		answer(w, map[string]any{"total": len(calls), "data": rows})
		return
	}
	answer(w, rows)
}

func figure(query url.Values, name string, def int) (int, error) {
	if !query.Has(name) {
		return def, nil
	}
	n, err := strconv.Atoi(query.Get(name))
	if err != nil || n < 1 {
		return 0, fmt.Errorf("%s is not a number from 1 on", name)
	}
	return n, nil
}

func (s *Sim) row(c hostedsim.Call) history {
	h := history{
		Caller: party{Number: c.Exten, Type: "user", Username: "user" + c.Exten},
		Callee: party{Number: c.Number, Type: "realnumber"},
		Class:  "trunking", Direction: "from_ab", Status: status(c),
		Duration: c.Seconds(), Billing: c.TalkSeconds(), Timestamp: s.world.Clock(c.Begun).Unix(),
	}
	if h.Billing > 0 {
		h.Recording = recordingName(c)
	}
	return h
}

// status is the PBX's word for how a call ended.
func status(c hostedsim.Call) string {
	switch {
	case !c.Answered.IsZero():
		return "SUCCESS"
	case c.Hung:
		return "CANCELLED"
	}
	switch c.End {
	case hostedsim.Busy:
		return "BUSY"
	case hostedsim.NoAnswer, hostedsim.AgentSilent:
		return "IVR"
	default:
		return "ERROR"
	}
}

func recordingName(c hostedsim.Call) string {
	return "call_recording_" + strings.ReplaceAll(c.ID, "-", "") + ".mp3"
}

// recording tells where a file is.
func (s *Sim) recording(w http.ResponseWriter, r *http.Request) {
	if !s.signed(w, r, "media") {
		return
	}
	where := "http://" + r.Host + "/media/" + url.PathEscape(r.URL.Query().Get("media"))
	if s.cfg.PlainURL {
		w.Header().Set("Content-Type", "text/plain")
		_, _ = io.WriteString(w, where) //nolint:gosec // a simulator; no browser shows it
		return
	}
	answer(w, where)
}

// media serves the file of a call; it has no sound.
func (s *Sim) media(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("name")
	if !slices.ContainsFunc(s.world.Calls(), func(c hostedsim.Call) bool { return c.Logged && recordingName(c) == name }) {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", "audio/mpeg")
	_, _ = io.WriteString(w, "recording of a simulated call, without sound: "+name) //nolint:gosec // a simulator; no browser shows it
}
