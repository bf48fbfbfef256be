package fcm5600

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/outpace/outpace/dialer/hosted"
)

// handshakeLimit bounds the check of a certificate.
const handshakeLimit = 10 * time.Second

// Check looks at the certificate, the local time, the load and the extensions
// of the settings. No phone rings.
func (p *pbx) Check(ctx context.Context) []hosted.Finding {
	if f, bad := p.checkCertificate(ctx); bad {
		return []hosted.Finding{f}
	}
	local, err := p.checkTime(ctx)
	f := hosted.Finding{Name: "time zone", Text: "the PBX's local time is " + local, Err: err}
	if local == "" {
		f.Text = "the PBX does not tell its local time: make sure that timezone is right"
	}
	if err != nil && local == "" {
		return []hosted.Finding{f}
	}
	return []hosted.Finding{f, p.checkCalls(ctx), p.checkExtensions(ctx)}
}

// checkCertificate shakes hands, and tells the fingerprint of a certificate
// that no authority we know has signed.
func (p *pbx) checkCertificate(ctx context.Context) (hosted.Finding, bool) {
	f := hosted.Finding{Name: "certificate"}
	base, err := url.Parse(p.base)
	if err != nil || base.Scheme != "https" {
		return f, false
	}
	dialer := tls.Dialer{Config: p.cfg.TLS}
	ctx, cancel := context.WithTimeout(ctx, handshakeLimit)
	defer cancel()
	conn, err := dialer.DialContext(ctx, "tcp", net.JoinHostPort(base.Hostname(), cmp.Or(base.Port(), "443")))
	if err == nil {
		_ = conn.Close() // nothing was written
		return f, false
	}
	e, ok := errors.AsType[*tls.CertificateVerificationError](err)
	if !ok || len(e.UnverifiedCertificates) == 0 {
		return f, false // the other lines say what is wrong
	}
	f.Err = fmt.Errorf("%w; if the device itself shows this fingerprint, set tls_pin: %s", e.Err, Fingerprint(e.UnverifiedCertificates[0].Raw))
	return f, true
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
