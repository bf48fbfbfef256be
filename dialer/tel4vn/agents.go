package tel4vn

import (
	"context"
	"net/http"
	"strings"

	"github.com/outpace/outpace/dialer"
	"github.com/outpace/outpace/dialer/hosted"
)

// agentsReply is the answer of GET /v1/monitor/agent: the agents who are
// logged in.
type agentsReply struct {
	Data []monitored `json:"data"`
}

type monitored struct {
	AgentName   string `json:"agent_name"`
	CallID      string `json:"call_id"`
	CallState   string `json:"call_state"` // RINGING, ONCALL; else he is in no call
	Destination string `json:"destination"`
	Extension   string `json:"extension"`
}

// Agents lists the agents who are logged in. The PBX's queues are not in the
// page, so that the settings say who is in which.
func (p *pbx) Agents(ctx context.Context, _ []dialer.Pool) ([]hosted.Agent, error) {
	var reply agentsReply
	if err := p.session.Do(ctx, hosted.Request{Method: http.MethodGet, Path: "/v1/monitor/agent"}, &reply); err != nil {
		return nil, err
	}
	list := make([]hosted.Agent, 0, len(reply.Data))
	for _, m := range reply.Data {
		list = append(list, hosted.Agent{
			Exten: m.Extension, Name: m.AgentName, State: stateOf(m.CallState), CallID: m.CallID, Number: m.Destination,
		})
	}
	return list, nil
}

func stateOf(call string) hosted.State {
	switch strings.ToUpper(strings.TrimSpace(call)) {
	case "":
		return hosted.Free
	case "RINGING":
		return hosted.Ringing
	}
	return hosted.Talking // ONCALL, and whatever else: he is not to be rung
}
