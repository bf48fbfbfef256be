package tel4vn

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"

	"github.com/outpace/outpace/dialer"
	"github.com/outpace/outpace/dialer/hosted"
)

// dialReply is the answer of click2call, of either kind.
type dialReply struct {
	Status  string `json:"status"` // success or fail
	CallID  string `json:"call_id"`
	Error   string `json:"error"`
	Message string `json:"message"`
}

// options are the parameters of click2call that variables of the same names
// may set, in a plan or anywhere else.
var options = []string{"src_cid_name", "src_cid_number", "dest_cid_name", "dest_cid_number", "auto_answer", "hotline"}

// Place asks for one call.
func (p *pbx) Place(ctx context.Context, o hosted.Order) (string, error) {
	r := hosted.Request{Method: http.MethodGet, Path: "/v1/click2call/async", Query: p.query(o)}
	if p.cfg.Sync {
		r.Path = "/v1/click2call"
	}
	var reply dialReply
	err := p.session.Send(ctx, r, o.Before, &reply)
	if status, ok := errors.AsType[*hosted.StatusError](err); ok {
		if json.Unmarshal(status.Body, &reply) != nil || reply.Error == "" {
			return "", &hosted.Refusal{Code: strconv.Itoa(status.Status), Text: "the PBX does not take the request"}
		}
		return "", p.refusal(reply)
	}
	switch {
	case err != nil:
		return "", err
	case reply.Status == "success":
		return reply.CallID, nil
	case reply.Status == "fail":
		return "", p.refusal(reply)
	}
	return "", fmt.Errorf("%w: %w", dialer.ErrOutcomeUnknown,
		&hosted.MalformedError{Err: errors.New("neither success nor fail")})
}

func (p *pbx) query(o hosted.Order) url.Values {
	hotline := cmp.Or(o.Hotline, p.cfg.Hotline)
	q := url.Values{"ext": {o.Agent}, "phone": {o.Number}}
	for name, value := range map[string]string{
		// The agent sees the campaign and whom he is going to talk to, the
		// customer the campaign and the hotline.
		"src_cid_name": o.Name, "src_cid_number": o.Number, "dest_cid_name": o.Name, "dest_cid_number": hotline,
		"hotline": hotline,
	} {
		if value != "" {
			q.Set(name, value)
		}
	}
	if p.cfg.AutoAnswer {
		q.Set("auto_answer", "true")
	}
	for _, name := range options {
		if value, ok := o.Variables[name]; ok {
			q.Set(name, value)
		}
	}
	return q
}

// refusal is what the page says of an error.
func (p *pbx) refusal(r dialReply) *hosted.Refusal {
	switch r.Error {
	case "USER_BUSY":
		return &hosted.Refusal{Fault: hosted.AgentBusy, Code: r.Error, Text: "the agent is in a call"}
	case "USER_NOT_REGISTERED":
		return &hosted.Refusal{Fault: hosted.AgentOffline, Code: r.Error, Text: "the agent's phone is not registered"}
	}
	if p.cfg.Sync && r.Status == "fail" {
		// It has waited for his pick-up in vain. An error that is not a fail, as
		// of a token that has expired, came before he was rung.
		return &hosted.Refusal{Fault: hosted.AgentSilent, Code: r.Error, Text: "the agent did not pick up"}
	}
	return &hosted.Refusal{Code: r.Error, Text: "the PBX does not place the call"}
}
