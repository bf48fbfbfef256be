package tel4vn

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/outpace/outpace/dialer/hosted"
)

// events are the hooks that the page has, and what each says of a call. None
// of them tells the outcome.
var events = map[string]hosted.Stage{
	"ringing": hosted.Begun, "answered": hosted.Answered, "hangup": hosted.Over, "cdr": hosted.Over,
}

// eventNames are the keys of events, in the order of a call.
var eventNames = []string{"ringing", "answered", "hangup", "cdr"}

// hookEntry is one registered hook.
type hookEntry struct {
	ID     string `json:"event_domain_uuid"`
	Name   string `json:"event_name"`
	URL    string `json:"callback_url"`
	Secret string `json:"callback_apikey"`
}

func (p *pbx) hooks(ctx context.Context) ([]hookEntry, error) {
	var reply struct {
		Data []hookEntry `json:"data"`
	}
	err := p.session.Do(ctx, hosted.Request{Method: http.MethodGet, Path: "/v1/event"}, &reply)
	return reply.Data, err
}

// registerHooks registers those that are not there. One of ours with another
// secret is replaced.
func (p *pbx) registerHooks(ctx context.Context) error {
	there, err := p.hooks(ctx)
	if err != nil {
		return fmt.Errorf("list hooks: %w", err)
	}
	for _, name := range eventNames {
		found := false
		for _, h := range there {
			switch {
			case h.Name != name || h.URL != p.cfg.HookURL:
			case h.Secret == p.cfg.HookSecret:
				found = true
			default:
				err := p.session.Do(ctx, hosted.Request{Method: http.MethodDelete, Path: "/v1/event/" + url.PathEscape(h.ID)}, nil)
				if err != nil {
					return fmt.Errorf("replace hook %s: %w", name, err)
				}
			}
		}
		if found {
			continue
		}
		// Sent once: a second one would double every hook.
		err := p.session.Send(ctx, hosted.Request{Method: http.MethodPost, Path: "/v1/event", JSON: map[string]string{
			"callback_url": p.cfg.HookURL, "callback_apikey": p.cfg.HookSecret, "event": name,
		}}, nil, nil)
		if err != nil {
			return fmt.Errorf("register hook %s: %w", name, err)
		}
	}
	return nil
}

// hookBody is what the PBX posts.
type hookBody struct {
	CallID       string  `json:"call_id"`
	SIPCallID    string  `json:"sip_call_id"`
	Domain       string  `json:"domain"`
	Direction    string  `json:"direction"`
	FromNumber   string  `json:"from_number"` // the extension, if outbound
	ToNumber     string  `json:"to_number"`
	Hotline      string  `json:"hotline"`
	State        string  `json:"state"`
	Duration     float64 `json:"duration"`
	Billsec      float64 `json:"billsec"`
	RecordingURL string  `json:"recording_url"`
}

// Hook checks the secret and reads what the PBX posts.
func (p *pbx) Hook(r *http.Request, body []byte) ([]hosted.News, string, error) {
	if !p.authentic(r) {
		return nil, "", hosted.ErrForbidden
	}
	var h hookBody
	if err := json.Unmarshal(body, &h); err != nil {
		return nil, "", errors.New("the body is not JSON as the page has it") // err may quote a number
	}
	stage, known := events[strings.ToLower(h.State)]
	if !known || h.CallID == "" || strings.EqualFold(h.Direction, "inbound") {
		return nil, "", nil // of no use, and no reason to have it sent again
	}
	return []hosted.News{{CallID: h.CallID, Agent: h.FromNumber, Number: h.ToNumber, Stage: stage}}, "", nil
}

// Offer is all that may be meant as the secret, one a line.
func (p *pbx) Offer(r *http.Request) (offer, lasting string) {
	offer = strings.Join(given(r), "\n")
	return offer, offer
}

// authentic looks whether one of what was given is the secret.
func (p *pbx) authentic(r *http.Request) bool {
	return p.cfg.HookSecret != "" && slices.ContainsFunc(given(r), func(s string) bool {
		return subtle.ConstantTimeCompare([]byte(s), []byte(p.cfg.HookSecret)) == 1
	})
}

// given is what stands wherever the secret may be meant to stand.
func given(r *http.Request) []string {
	bare := r.Header.Get("Authorization")
	if scheme, rest, ok := strings.Cut(bare, " "); ok && strings.EqualFold(scheme, "Bearer") {
		bare = strings.TrimSpace(rest)
	}
	all := []string{bare, r.Header.Get("X-Api-Key"), r.Header.Get("Apikey"), r.URL.Query().Get("apikey")}
	return slices.DeleteFunc(all, func(s string) bool { return s == "" })
}

// Check says which hooks are registered.
func (p *pbx) Check(ctx context.Context) []hosted.Finding {
	f := hosted.Finding{Name: "event hooks", Text: "no hook_url is set: the CDRs are polled"}
	if p.cfg.HookURL != "" {
		there, err := p.hooks(ctx)
		var missing []string
		for _, name := range eventNames {
			if !slices.ContainsFunc(there, func(h hookEntry) bool { return h.Name == name && h.URL == p.cfg.HookURL }) {
				missing = append(missing, name)
			}
		}
		f.Err, f.Text = err, "all four are registered"
		if len(missing) > 0 {
			f.Text = "not registered yet, which serve does at its start: " + strings.Join(missing, ", ")
		}
	}
	return []hosted.Finding{f}
}
