package oncall

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/outpace/outpace/dialer/hosted"
)

// epoch is how the PBX says "no time".
var epoch = time.Unix(0, 0)

// Check looks at what a gateway needs and places no call.
func (p *pbx) Check(ctx context.Context) []hosted.Finding {
	return []hosted.Finding{
		p.checkQueues(ctx),
		p.checkPlacing(ctx),
		p.checkZone(ctx),
		p.checkRecordings(ctx),
		p.checkEvents(),
	}
}

func (p *pbx) checkQueues(ctx context.Context) hosted.Finding {
	f := hosted.Finding{Name: "call queues"}
	list, err := p.listQueues(ctx)
	if err != nil {
		f.Text, f.Err = "cannot be listed", err
		return f
	}
	var texts []string
	for _, q := range list {
		members, err := p.members(ctx, q.ID)
		if err != nil {
			f.Text, f.Err = "the members of "+string(q.Name)+" cannot be listed", err
			return f
		}
		var in, free int
		for _, m := range members {
			if m.LoggedIn.truth() {
				in++
				if m.Registered.truth() && !m.Calling.truth() {
					free++
				}
			}
		}
		texts = append(texts, fmt.Sprintf("%s (number %s, id %s): %d members, %d logged in, %d free",
			q.Name, q.Number, q.ID, len(members), in, free))
	}
	f.Text = strings.Join(texts, "; ")
	if len(list) == 0 {
		f.Text = "none; destinations have to name extensions"
	}
	return f
}

// checkPlacing logs in as the extension whose rights place the calls (1.3).
func (p *pbx) checkPlacing(ctx context.Context) hosted.Finding {
	f := hosted.Finding{Name: "auth_extension", Text: "may place calls"}
	err := explain(p.client.Do(ctx, hosted.Request{
		Method: http.MethodPost, Path: "/api/account/extension/web/verify",
		JSON: map[string]string{
			"extension_number": p.cfg.AuthExtension, "web_password": p.cfg.AuthPassword, "domain": p.cfg.Domain,
		},
	}, nil))
	if err != nil {
		f.Text, f.Err = "is refused; look at domain, auth_extension and auth_password (its web access password)", err
	}
	return f
}

// checkZone compares the setting with how the PBX writes the epoch, which is
// how it says "no time".
func (p *pbx) checkZone(ctx context.Context) hosted.Finding {
	f := hosted.Finding{Name: "timezone", Text: "no call in the log of the last day shows the PBX's zone; " + p.zone.String() + " is assumed"}
	now := time.Now()
	query := p.search(now.AddDate(0, 0, -1), now)
	query.Set("pagination", "1")
	query.Set("pagesize", "100")
	var page struct {
		Details []struct {
			Ringing text `json:"ringing_time"`
		} `json:"details"`
	}
	if err := p.get(ctx, "/api/call_logs/list", query, &page); err != nil {
		f.Text, f.Err = "the call log cannot be read", err
		return f
	}
	want := epoch.In(p.zone).Format(timeLayout)
	for _, d := range page.Details {
		switch {
		case !strings.HasPrefix(string(d.Ringing), "19"):
			continue
		case string(d.Ringing) == want:
			f.Text = p.zone.String() + " agrees with the call log"
		default:
			f.Text = "the PBX seems to be in another zone than " + p.zone.String()
			f.Err = fmt.Errorf("it writes the epoch as %q, not %q", d.Ringing, want)
		}
		return f
	}
	return f
}

func (p *pbx) checkRecordings(ctx context.Context) hosted.Finding {
	f := hosted.Finding{Name: "recordings"}
	if p.cfg.RecordingBaseURL == "" {
		f.Text = "results name none, since recording_base_url is not set"
		return f
	}
	now := time.Now()
	query := p.search(now.AddDate(0, 0, -1), now)
	query.Set("pagination", "1")
	query.Set("pagesize", "100")
	var page recordPage
	if err := p.get(ctx, "/api/recordfiles/extension/list", query, &page); err != nil {
		f.Text, f.Err = "cannot be listed", err
		return f
	}
	f.Text = "the list can be read"
	return f
}

func (p *pbx) checkEvents() hosted.Finding {
	f := hosted.Finding{Name: "event URL"}
	if p.cfg.HookPassword == "" {
		f.Text = "hook_username and hook_password are not set: events are refused, calls are followed by the call log alone"
		return f
	}
	f.Text = "set it in the portal under Profile > Event URL > Extension event, with the user and password of the settings; it cannot be seen from here"
	return f
}
