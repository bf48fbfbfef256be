package tel4vnsim

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/outpace/outpace/dialer/hosted/hostedsim"
)

// step posts the hooks of a call's step. The page's "answered" comes when
// somebody picks up: first the agent, then the customer.
func (s *Sim) step(c hostedsim.Call, stage hostedsim.Stage) {
	name := map[hostedsim.Stage]string{
		hostedsim.Began: "ringing", hostedsim.PickedUp: "answered", hostedsim.Talking: "answered",
		hostedsim.Over: "hangup", hostedsim.Logged: "cdr",
	}[stage]
	body := map[string]any{
		"call_id": c.ID, "sip_call_id": c.SIPID, "domain": domain, "direction": "outbound",
		"from_number": c.Exten, "to_number": c.Number, "hotline": c.Options["hotline"], "state": name,
	}
	switch stage {
	case hostedsim.Over:
		body["duration"], body["billsec"] = c.Seconds(), c.TalkSeconds()
	case hostedsim.Logged:
		body["recording_url"] = ""
	case hostedsim.Began, hostedsim.PickedUp, hostedsim.Talking:
	}
	s.mu.Lock()
	var to []hook
	for _, h := range s.hooks {
		if h.Name == name {
			to = append(to, h)
		}
	}
	s.mu.Unlock()
	for _, h := range to {
		s.world.Hook(func(client *http.Client) error { return post(client, h, body) })
	}
}

func post(client *http.Client, h hook, body any) error {
	text, err := json.Marshal(body)
	if err != nil {
		return fmt.Errorf("write a hook: %w", err)
	}
	req, err := http.NewRequest(http.MethodPost, h.URL, bytes.NewReader(text)) //nolint:noctx // the client has a time-out
	if err != nil {
		return fmt.Errorf("make a hook: %w", err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", h.Secret)
	resp, err := client.Do(req)
	if err != nil {
		return fmt.Errorf("post a hook: %w", err)
	}
	defer resp.Body.Close() //nolint:errcheck // it has been read
	_, _ = io.Copy(io.Discard, resp.Body)
	if resp.StatusCode/100 != 2 {
		return errors.New("a hook was refused: " + resp.Status)
	}
	return nil
}
