package fcm5600sim

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"github.com/outpace/outpace/dialer/hosted/hostedsim"
)

// Config is a simulated PBX, and what the page leaves open.
type Config struct {
	World              *hostedsim.World
	Username, Password string
	LoginPath          string // "" = /pbx/auth/login
	// InBand puts errors into answers with status 200.
	InBand bool
	// FromZero counts the pages of the call log from 0.
	FromZero bool
	// ShownID, if not "", is the caller's number that the call log has instead
	// of the extension.
	ShownID string
	// Recorded has every answered call recorded.
	Recorded bool
}

// Sim is the PBX: an http.Handler. World.Handler adds the faults.
type Sim struct {
	http.Handler

	cfg   Config
	world *hostedsim.World
}

// New makes a PBX.
func New(cfg Config) *Sim {
	if cfg.LoginPath == "" {
		cfg.LoginPath = "/pbx/auth/login"
	}
	s := &Sim{cfg: cfg, world: cfg.World}
	mux := http.NewServeMux()
	mux.HandleFunc("POST "+cfg.LoginPath, s.login)
	mux.HandleFunc("GET /pbx/systeminfo/system-current-time", s.guard(s.time))
	mux.HandleFunc("GET /pbx/systeminfo/calls", s.guard(s.calls))
	mux.HandleFunc("GET /pbx/systeminfo/extension-status", s.guard(s.extensions))
	mux.HandleFunc("POST /api/call-dial/dial", s.guard(s.dial))
	mux.HandleFunc("POST /api/call-dial/hangup", s.guard(s.hangup))
	mux.HandleFunc("POST /pbx/call-log/search-calllog-page", s.guard(s.log))
	mux.HandleFunc("POST /pbx/call-log/search-general-recording-page", s.guard(s.recordings))
	mux.HandleFunc("GET /pbx/play/general-recording/{day}/{exten}/{file}", s.guard(s.play))
	s.Handler = mux
	return s
}

// answer writes an envelope.
func (s *Sim) answer(w http.ResponseWriter, code int, message string, data any) {
	text, err := json.Marshal(map[string]any{"code": code, "message": message, "data": data})
	if err != nil {
		http.Error(w, "the answer cannot be written", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	if code != 0 && !s.cfg.InBand {
		w.WriteHeader(code)
	}
	_, _ = w.Write(text)
}

func (s *Sim) ok(w http.ResponseWriter, data any) { s.answer(w, 0, "OK", data) }

func (s *Sim) fail(w http.ResponseWriter, code int, message string) {
	s.answer(w, code, message, nil)
}

// guard lets only those through who are logged in.
func (s *Sim) guard(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		token, bearer := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		if !bearer || !s.world.GoodToken(token) {
			s.fail(w, http.StatusUnauthorized, "not logged in")
			return
		}
		next(w, r)
	}
}

// bodyLimit bounds the body of a request, in bytes.
const bodyLimit = 64 << 10

func (s *Sim) read(w http.ResponseWriter, r *http.Request, into any) bool {
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, bodyLimit)).Decode(into); err != nil {
		s.fail(w, http.StatusBadRequest, "parameter error")
		return false
	}
	return true
}

func (s *Sim) login(w http.ResponseWriter, r *http.Request) {
	var body struct{ Username, Password string }
	if !s.read(w, r, &body) {
		return
	}
	s.world.Count("logins")
	if body.Username != s.cfg.Username || body.Password != s.cfg.Password {
		s.answer(w, http.StatusBadRequest, "not equal", "")
		return
	}
	token, _ := s.world.NewToken()
	s.ok(w, "Bearer "+token)
}

func (s *Sim) time(w http.ResponseWriter, _ *http.Request) {
	s.ok(w, s.world.Now().Format("2006-01-02 15:04"))
}

func (s *Sim) calls(w http.ResponseWriter, _ *http.Request) {
	n := 0
	for _, a := range s.world.Agents() {
		if a.Call != nil || a.Elsewhere {
			n++
		}
	}
	s.ok(w, map[string]any{"calls": n, "maxcalls": 60})
}

// extensions lists one phone of each extension.
func (s *Sim) extensions(w http.ResponseWriter, _ *http.Request) {
	list := []map[string]any{}
	for _, a := range s.world.Agents() {
		list = append(list, map[string]any{
			"exten": a.Exten, "name": a.Name, "roundtripUsec": "", "addr": "", "uri": "", "statusText": status(a),
			"content": map[string]any{"newMsg": "", "dnd": "", "wakeup": nil},
		})
	}
	if len(list) == 0 {
		s.ok(w, struct{}{}) // "empty object"
		return
	}
	s.ok(w, list)
}

func status(a hostedsim.Agent) string {
	switch {
	case !a.LoggedIn || !a.Registered:
		return "Unavailable"
	case a.Elsewhere, a.Call != nil && !a.Call.AgentUp.IsZero():
		return "InUse"
	case a.Call != nil:
		return "Ringing"
	}
	return "Idle"
}

func (s *Sim) dial(w http.ResponseWriter, r *http.Request) {
	var body struct{ Dest, Src string }
	if !s.read(w, r, &body) {
		return
	}
	_, err := s.world.Place(body.Src, body.Dest, nil)
	switch {
	case errors.Is(err, hostedsim.ErrNoAgent):
		s.fail(w, http.StatusBadRequest, "caller number does not exist")
	case body.Dest == "":
		s.fail(w, http.StatusBadRequest, "callee number is invalid")
	default:
		// The answer is about the command only: a phone that is busy or not
		// registered fails without a word.
		s.ok(w, map[string]string{"msg": "ami dial"})
	}
}

func (s *Sim) hangup(w http.ResponseWriter, r *http.Request) {
	var body struct{ Extensions []string }
	if !s.read(w, r, &body) {
		return
	}
	for _, exten := range body.Extensions {
		if _, ok := s.world.Agent(exten); !ok {
			s.fail(w, http.StatusBadRequest, "extension does not exist")
			return
		}
		s.world.Hangup(exten)
	}
	s.ok(w, map[string]string{"msg": "ami hangup"})
}
