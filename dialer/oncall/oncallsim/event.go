package oncallsim

import (
	"bytes"
	"crypto/md5" //nolint:gosec // what Digest authentication is made of
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/outpace/outpace/dialer/hosted/hostedsim"
)

// tell sends the events of a call, as the page's example has them.
func (s *Sim) tell(c hostedsim.Call, stage hostedsim.Stage) {
	name, ok := map[hostedsim.Stage]string{
		hostedsim.Began: "call_start", hostedsim.PickedUp: "call_established", hostedsim.Over: "call_ended",
	}[stage]
	target := s.target()
	if !ok || target == "" {
		return
	}
	body, err := json.Marshal(map[string]any{
		"call_id": c.SIPID, "callee": "sip:" + c.Number + "@192.0.2.1", "caller": "sip:" + c.Exten + "@" + s.cfg.Domain,
		"event_type": name, "tenant_id": int64(239926257964425216), "tenant_name": s.cfg.Domain,
		"time": strconv.FormatInt(s.world.Clock(time.Now()).Unix(), 10),
	})
	if err != nil {
		return // text and numbers are always written
	}
	s.world.Hook(func(client *http.Client) error { return s.post(client, target, body) })
}

// post sends an event: without authentication at first if it is by Digest,
// which needs the receiver's challenge.
func (s *Sim) post(client *http.Client, target string, body []byte) error {
	authorization := ""
	for again := false; ; again = true {
		req, err := http.NewRequest(http.MethodPost, target, bytes.NewReader(body)) //nolint:noctx // the client has a time-out
		if err != nil {
			return fmt.Errorf("make an event: %w", err)
		}
		req.Header.Set("Content-Type", "application/json")
		switch {
		case s.cfg.EventAuth == Basic:
			req.SetBasicAuth(s.cfg.EventUsername, s.cfg.EventPassword)
		case authorization != "":
			req.Header.Set("Authorization", authorization)
		}
		resp, err := client.Do(req)
		if err != nil {
			return fmt.Errorf("send an event: %w", err)
		}
		_, _ = io.Copy(io.Discard, resp.Body)
		_ = resp.Body.Close() // it was only read
		switch {
		case resp.StatusCode/100 == 2:
			return nil
		case resp.StatusCode != http.StatusUnauthorized || s.cfg.EventAuth != Digest || again:
			return fmt.Errorf("send an event: the answer is %d", resp.StatusCode)
		}
		authorization = s.digest(req.URL, resp.Header.Get("WWW-Authenticate"))
	}
}

var parameter = regexp.MustCompile(`(realm|nonce)="([^"]*)"`)

// digest answers a challenge (RFC 7616, MD5, qop auth).
func (s *Sim) digest(target *url.URL, challenge string) string {
	p := map[string]string{}
	for _, m := range parameter.FindAllStringSubmatch(challenge, -1) {
		p[m[1]] = m[2]
	}
	const nc, cnonce = "00000001", "0a4f113b"
	a1 := hashed(s.cfg.EventUsername, p["realm"], s.cfg.EventPassword)
	a2 := hashed(http.MethodPost, target.RequestURI())
	response := hashed(a1, p["nonce"], nc, cnonce, "auth", a2)
	return fmt.Sprintf(`Digest username=%q, realm=%q, nonce=%q, uri=%q, qop=auth, nc=%s, cnonce=%q, response=%q`,
		s.cfg.EventUsername, p["realm"], p["nonce"], target.RequestURI(), nc, cnonce, response)
}

func hashed(parts ...string) string {
	sum := md5.Sum([]byte(strings.Join(parts, ":"))) //nolint:gosec // as above
	return hex.EncodeToString(sum[:])
}
