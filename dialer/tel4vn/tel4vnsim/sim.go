// Package tel4vnsim simulates a TEL4VN PBX over a hostedsim.World, as the
// PBX's page describes it.
package tel4vnsim

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/outpace/outpace/dialer/hosted/hostedsim"
)

// Config is a simulated PBX.
type Config struct {
	World  *hostedsim.World
	APIKey string
	// OldIDs has CDRs carry other ids than the calls, as the page does not
	// rule out.
	OldIDs bool
}

// Sim is the PBX: an http.Handler. World.Handler adds the faults.
type Sim struct {
	http.Handler

	cfg   Config
	world *hostedsim.World

	mu    sync.Mutex
	hooks []hook
}

// hook is a registered event.
type hook struct {
	ID     string `json:"event_domain_uuid"`
	Domain string `json:"domain_name"`
	Name   string `json:"event_name"`
	URL    string `json:"callback_url"`
	Secret string `json:"callback_apikey"`
}

const domain = "test.example.com"

// New makes a PBX.
func New(cfg Config) *Sim {
	s := &Sim{cfg: cfg, world: cfg.World}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/auth/token", s.token)
	mux.HandleFunc("GET /v1/event", s.guard(s.listHooks))
	mux.HandleFunc("POST /v1/event", s.guard(s.addHook))
	mux.HandleFunc("DELETE /v1/event/{id}", s.guard(s.deleteHook))
	mux.HandleFunc("GET /v1/click2call", s.guard(s.dialSync))
	mux.HandleFunc("GET /v1/click2call/async", s.guard(s.dial))
	mux.HandleFunc("GET /v1/monitor/agent", s.guard(s.agents))
	mux.HandleFunc("GET /v1/cdr", s.guard(s.cdrs))
	mux.HandleFunc("GET /recordings/{file}", s.recording)
	s.Handler = mux
	s.world.Watch(s.step)
	return s
}

// Hooks returns the names of the registered events, with their addresses.
func (s *Sim) Hooks() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := make([]string, 0, len(s.hooks))
	for _, h := range s.hooks {
		list = append(list, h.Name+" "+h.URL)
	}
	return list
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) //nolint:errchkjson // the client has gone
}

func (s *Sim) token(w http.ResponseWriter, r *http.Request) {
	var in struct {
		APIKey string `json:"api_key"`
	}
	if json.NewDecoder(r.Body).Decode(&in) != nil || in.APIKey != s.cfg.APIKey {
		answer(w, http.StatusUnauthorized, map[string]string{"error": "api_key is not valid"})
		return
	}
	s.world.Count("logins")
	token, expires := s.world.NewToken()
	answer(w, http.StatusOK, map[string]any{"data": map[string]any{
		"expired": s.world.Clock(expires).Unix(), "token": token, "user_id": "aaaaaaaa-1111-2222-3333-eeeeeeee",
	}})
}

func (s *Sim) guard(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		if !ok || !s.world.GoodToken(token) {
			answer(w, http.StatusUnauthorized, map[string]string{"error": "token is expired"})
			return
		}
		next(w, r)
	}
}

func (s *Sim) listHooks(w http.ResponseWriter, _ *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := append([]hook{}, s.hooks...)
	answer(w, http.StatusOK, map[string]any{"data": list})
}

func (s *Sim) addHook(w http.ResponseWriter, r *http.Request) {
	var in struct {
		URL    string `json:"callback_url"`
		Secret string `json:"callback_apikey"`
		Event  string `json:"event"`
	}
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
		answer(w, http.StatusBadRequest, map[string]string{"error": "body is not JSON"})
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hooks = append(s.hooks, hook{ID: uuid.NewString(), Domain: domain, Name: in.Event, URL: in.URL, Secret: in.Secret})
	answer(w, http.StatusOK, map[string]bool{"created": true})
}

func (s *Sim) deleteHook(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, h := range s.hooks {
		if h.ID == r.PathValue("id") {
			s.hooks = append(s.hooks[:i], s.hooks[i+1:]...)
			answer(w, http.StatusOK, map[string]bool{"deleted": true})
			return
		}
	}
	answer(w, http.StatusNotFound, map[string]string{"error": "no such event"})
}

func (s *Sim) dial(w http.ResponseWriter, r *http.Request) {
	if c, ok := s.place(w, r); ok {
		answer(w, http.StatusOK, map[string]string{"status": "success", "call_id": c.ID})
	}
}

func (s *Sim) place(w http.ResponseWriter, r *http.Request) (hostedsim.Call, bool) {
	options := map[string]string{}
	for name := range r.URL.Query() {
		options[name] = r.URL.Query().Get(name)
	}
	c, err := s.world.Place(options["ext"], options["phone"], options)
	code := "USER_NOT_REGISTERED"
	switch {
	case err == nil:
		return c, true
	case errors.Is(err, hostedsim.ErrBusy):
		code = "USER_BUSY"
	}
	answer(w, http.StatusOK, map[string]string{
		"status": "fail", "message": "User not registered extension with Softphone or IP Phone", "error": code,
	})
	return c, false
}

// dialSync answers when the agent has picked up, or has not.
func (s *Sim) dialSync(w http.ResponseWriter, r *http.Request) {
	c, ok := s.place(w, r)
	if !ok {
		return
	}
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		now := s.world.Calls()[c.N-1]
		switch {
		case !now.AgentUp.IsZero():
			answer(w, http.StatusOK, map[string]string{"status": "success", "call_id": c.ID})
			return
		case !now.Ended.IsZero():
			answer(w, http.StatusOK, map[string]string{"status": "fail", "error": "NO_ANSWER"})
			return
		}
		select {
		case <-tick.C:
		case <-r.Context().Done():
			return
		}
	}
}

func (s *Sim) agents(w http.ResponseWriter, _ *http.Request) {
	list := []map[string]any{}
	for _, a := range s.world.Agents() {
		if !a.LoggedIn {
			continue
		}
		m := map[string]any{
			"agent_name": a.Name, "call_id": "", "call_state": "", "call_time": "", "destination": "", "direction": "",
			"domain_name": domain, "extension": a.Exten, "username": strings.ToLower(a.Name),
		}
		switch c := a.Call; {
		case c != nil:
			m["call_id"], m["destination"], m["direction"] = c.ID, c.Number, "outbound"
			m["call_time"], m["call_state"] = s.world.Clock(c.Begun).Format(time.DateTime), "RINGING"
			if !c.AgentUp.IsZero() {
				m["call_state"] = "ONCALL"
			}
		case a.Elsewhere:
			m["call_state"] = "ONCALL"
		}
		list = append(list, m)
	}
	answer(w, http.StatusOK, map[string]any{"data": list, "total": len(list)})
}

func (s *Sim) cdrs(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	from, err := time.ParseInLocation(time.DateTime, q.Get("start_date"), s.world.Zone())
	to, err2 := time.ParseInLocation(time.DateTime, q.Get("end_date"), s.world.Zone())
	if err = errors.Join(err, err2); err != nil {
		answer(w, http.StatusBadRequest, map[string]string{"error": "start_date and end_date are not dates"})
		return
	}
	rows := s.world.Rows(from, to)
	limit, page := number(q.Get("limit"), 10), number(q.Get("page"), 1)
	list := []map[string]any{}
	for _, c := range rows[min((page-1)*limit, len(rows)):min(page*limit, len(rows))] {
		list = append(list, s.cdr(r.Host, c))
	}
	answer(w, http.StatusOK, map[string]any{"data": list, "limit": limit, "page": page, "total": len(rows)})
}

func number(text string, def int) int {
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		return def
	}
	return n
}

// cdr writes one CDR as the page has it.
func (s *Sim) cdr(host string, c hostedsim.Call) map[string]any {
	local := func(t time.Time) string {
		if t.IsZero() {
			return ""
		}
		return s.world.Clock(t).Format(time.DateTime)
	}
	status, cause := words(c)
	ended := c.Ended
	if !c.Answered.IsZero() {
		ended = c.Answered.Add(time.Duration(c.TalkSeconds()) * time.Second)
	}
	id, recording := c.ID, ""
	if s.cfg.OldIDs {
		id = uuid.NewSHA1(uuid.Nil, []byte(c.ID)).String()
	}
	if !c.Answered.IsZero() {
		recording = fmt.Sprintf("http://%s/recordings/%s.wav", host, c.ID)
	}
	return map[string]any{
		"id": id, "sip_call_id": c.SIPID, "cause": cause, "duration": c.Seconds(), "direction": 3, "recording_url": recording,
		"extension": c.Exten, "from_number": "19001919", "to_number": c.Number, "receive_dest": "",
		"time_started": local(c.Begun), "time_answered": local(c.Answered), "time_ended": local(ended), "status": status,
	}
}

// words is the status and the cause of a call that has ended.
func words(c hostedsim.Call) (status, cause string) {
	switch {
	case !c.Answered.IsZero():
		return "ANSWERED", "NORMAL_CLEARING"
	case c.Hung:
		return "NO ANSWER", "ORIGINATOR_CANCEL"
	}
	switch c.End {
	case hostedsim.Busy:
		return "BUSY", "NORMAL_CLEARING" // as in the page's example
	case hostedsim.Congestion:
		return "FAILED", "NORMAL_CIRCUIT_CONGESTION"
	case hostedsim.Unallocated:
		return "FAILED", "UNALLOCATED_NUMBER"
	case hostedsim.Rejected:
		return "FAILED", "CALL_REJECTED"
	default:
		return "NO ANSWER", "NO_ANSWER"
	}
}

func (s *Sim) recording(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "audio/wav")
	http.ServeContent(w, r, r.PathValue("file"), time.Time{}, bytes.NewReader([]byte("RIFF of "+r.PathValue("file"))))
}
