package oapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/outpace/outpace/dialer/hosted"
)

// record is one row of the call histories.
type record struct {
	Caller    party  `json:"caller"`
	Callee    party  `json:"callee"`
	Class     string `json:"class"`
	Direction string `json:"direction"`
	Status    string `json:"status_detail"`
	Duration  figure `json:"duration_seconds"`
	Timestamp figure `json:"unix_timestamp"`
	Billing   figure `json:"billing_seconds"`
	Recording string `json:"recording"`
}

// party is one side of a call.
type party struct {
	Number   text   `json:"number"`
	Type     string `json:"type"`
	Username text   `json:"username"`
}

type (
	figure = hosted.Figure
	text   = hosted.Text
)

// records finds the rows in an answer: a bare array, or the one array that an
// object holds, or that an object in it holds.
func records(body []byte) ([]json.RawMessage, error) {
	if list, ok := array(body); ok {
		return list, nil
	}
	return nested(body, 2)
}

var errNoRows = errors.New("the answer holds no list of calls")

func nested(body []byte, depth int) ([]json.RawMessage, error) {
	var object map[string]json.RawMessage
	if err := json.Unmarshal(body, &object); err != nil {
		return nil, errNoRows
	}
	var found []json.RawMessage
	lists := 0
	for _, value := range object {
		if list, ok := array(value); ok {
			found = list
			lists++
		}
	}
	switch {
	case lists == 1:
		return found, nil
	case lists > 1 || depth <= 1:
		return nil, errNoRows
	}
	for _, value := range object {
		if list, err := nested(value, depth-1); err == nil {
			found = list
			lists++
		}
	}
	if lists != 1 {
		return nil, errNoRows
	}
	return found, nil
}

// array reads a list whose elements are objects, if there are any.
func array(body []byte) ([]json.RawMessage, bool) {
	var list []json.RawMessage
	if err := json.Unmarshal(body, &list); err != nil || list == nil {
		return nil, false
	}
	return list, !slices.ContainsFunc(list, func(e json.RawMessage) bool { return !bytes.HasPrefix(e, []byte("{")) })
}

// row reads one record. ok is false for one that cannot be of our calls, or
// that may not have ended yet; now is the time by the PBX's clock.
func (p *pbx) row(r record, now time.Time) (row hosted.Row, ok bool, err error) {
	if strings.EqualFold(r.Direction, "to_ab") || strings.EqualFold(r.Class, "one_one") {
		return row, false, nil
	}
	start := time.Unix(int64(r.Timestamp), 0)
	if r.Timestamp < 1 || r.Timestamp > 1e11 {
		return row, false, errors.New("a row tells no time")
	}
	duration, talk := hosted.Seconds(float64(r.Duration)), hosted.Seconds(float64(r.Billing))
	word := strings.ToUpper(strings.TrimSpace(r.Status))
	if !final(word, talk > 0) {
		end := start.Add(duration + p.still)
		if duration <= 0 {
			end = start.Add(blank * p.still)
		}
		if now.Before(end) {
			return row, false, nil
		}
	}
	agent, customer := r.Caller, r.Callee
	if r.Callee.Type == "user" && r.Caller.Type != "user" {
		agent, customer = r.Callee, r.Caller
	}
	row = hosted.Row{
		// Not of what may be written into a row later, but for the recording,
		// which only an answered call has: its number is not called again soon.
		ID:     fmt.Sprintf("%d/%s/%s/%s", start.Unix(), r.Caller.Number, r.Callee.Number, r.Recording),
		Agent:  p.device(agent),
		Number: string(customer.Number),
		Start:  hosted.Exactly(start), Duration: duration,
		Outcome: Words.Outcome(talk, word),
	}
	row.Outcome.Recording = r.Recording
	return row, true, nil
}

// device is what the settings call a party, "" if it is not one of ours that
// the page would name.
func (p *pbx) device(who party) string {
	for _, name := range []text{who.Number, who.Username} {
		for _, device := range p.devices {
			if strings.EqualFold(device, string(name)) {
				return device
			}
		}
	}
	if who.Type == "user" {
		return string(who.Number) // somebody else's call
	}
	return ""
}
