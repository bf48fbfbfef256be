package fcm5600

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/outpace/outpace/dialer/hosted"
)

// Check looks at the certificate, the local time, the load and the extensions
// of the settings. No phone rings.
func (p *pbx) Check(ctx context.Context) []hosted.Finding {
	local, err := p.checkTime(ctx)
	findings := []hosted.Finding{{Name: "time zone", Text: "the PBX's local time is " + local, Err: err}}
	if local == "" && err == nil {
		findings[0].Text = "the PBX does not tell its local time: make sure that timezone is right"
	}
	if e, ok := errors.AsType[*tls.CertificateVerificationError](err); ok && len(e.UnverifiedCertificates) > 0 {
		return []hosted.Finding{{
			Name: "certificate", Err: errors.New("it is not signed by an authority that we know; if the fingerprint is the one that the device itself shows, set tls_pin: " +
				Fingerprint(e.UnverifiedCertificates[0].Raw)),
		}}
	}
	if err != nil && local == "" {
		return findings
	}
	return append(findings, p.checkCalls(ctx), p.checkExtensions(ctx))
}

// checkCalls asks how many calls there are and may be.
func (p *pbx) checkCalls(ctx context.Context) hosted.Finding {
	var calls struct {
		Calls text `json:"calls"`
		Most  text `json:"maxcalls"`
	}
	f := hosted.Finding{Name: "current calls"}
	f.Err = p.ask(ctx, hosted.Request{Method: http.MethodGet, Path: "/pbx/systeminfo/calls"}, &calls)
	f.Text = fmt.Sprintf("%s now, %s at most", orNone(calls.Calls), orNone(calls.Most))
	return f
}

func orNone(t text) string {
	if t == "" {
		return "not told"
	}
	return string(t)
}

// checkExtensions looks for extensions of the settings that the PBX does not have.
func (p *pbx) checkExtensions(ctx context.Context) hosted.Finding {
	f := hosted.Finding{Name: "extensions"}
	if len(p.cfg.Extensions) == 0 {
		f.Text = "the settings name none: every extension of the PBX may be rung"
		return f
	}
	if _, err := p.Agents(ctx, nil); err != nil {
		f.Err = err
		return f
	}
	var missing []string
	known := *p.known.Load()
	for _, exten := range p.cfg.Extensions {
		if !known[exten] {
			missing = append(missing, exten)
		}
	}
	f.Text = fmt.Sprintf("all %d of the settings exist", len(p.cfg.Extensions))
	if len(missing) > 0 {
		f.Err = errors.New("the PBX does not have " + strings.Join(missing, ", "))
	}
	return f
}
