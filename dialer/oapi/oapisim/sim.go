package oapisim

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"strings"

	"github.com/outpace/outpace/dialer/hosted/hostedsim"
)

// Config is a simulated PBX, and what the page leaves open.
type Config struct {
	World            *hostedsim.World
	AppID, AppSecret string
	// Wrapped puts the rows of a list into an object, with their number beside.
	Wrapped bool
	// PlainURL writes the URL of a recording as it is, not as JSON.
	PlainURL bool
}

// Sim is the PBX: an http.Handler. World.Handler adds the faults.
type Sim struct {
	http.Handler

	cfg   Config
	world *hostedsim.World
}

// New makes a PBX. Recordings are beneath /media.
func New(cfg Config) *Sim {
	s := &Sim{cfg: cfg, world: cfg.World}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /oapi/v1/voice/auth_token", s.token)
	mux.HandleFunc("POST /oapi/v1/call/click-to-call/{number}", s.call)
	mux.HandleFunc("GET /oapi/v1/call/histories", s.histories)
	mux.HandleFunc("GET /oapi/v1/call/play_recording", s.recording)
	mux.HandleFunc("GET /media/{name}", s.media)
	s.Handler = mux
	return s
}

// sum is the PBX's hash.
func sum(parts ...string) string {
	h := sha256.Sum256([]byte(strings.Join(parts, "")))
	return hex.EncodeToString(h[:])
}

// proven reports whether a request's headers are right, and answers it if not.
func (s *Sim) proven(w http.ResponseWriter, r *http.Request) bool {
	if r.Header.Get("X-Auth-App-Id") == s.cfg.AppID &&
		same(r.Header.Get("X-Auth-App-Hash"), sum(s.cfg.AppID, s.cfg.AppSecret)) {
		return true
	}
	fail(w, http.StatusUnauthorized, "bad hash")
	return false
}

// signed is the same for the hash over parameters in their order.
func (s *Sim) signed(w http.ResponseWriter, r *http.Request, names ...string) bool {
	query := r.URL.Query()
	parts := []string{s.cfg.AppID}
	for _, name := range names {
		parts = append(parts, query.Get(name))
	}
	if query.Get("appId") == s.cfg.AppID && same(query.Get("hash"), sum(append(parts, s.cfg.AppSecret)...)) {
		return true
	}
	fail(w, http.StatusUnauthorized, "bad hash")
	return false
}

func same(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

func fail(w http.ResponseWriter, status int, message string) {
	write(w, status, map[string]string{"message": message})
}

func answer(w http.ResponseWriter, body any) { write(w, http.StatusOK, body) }

func write(w http.ResponseWriter, status int, body any) {
	text, err := json.Marshal(body)
	if err != nil {
		http.Error(w, "the answer cannot be written", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(text)
}

// bodyLimit bounds the body of a request, in bytes.
const bodyLimit = 64 << 10

// device reads whose name a request is made in, and answers it if that is
// nobody's.
func (s *Sim) device(w http.ResponseWriter, r *http.Request) (string, bool) {
	var body struct{ SIPUser, SIPPassword string }
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, bodyLimit)).Decode(&body); err != nil {
		fail(w, http.StatusBadRequest, "bad body")
		return "", false
	}
	agent, ok := s.world.Agent(body.SIPUser)
	if !ok || agent.Password != body.SIPPassword {
		fail(w, http.StatusBadRequest, "bad device")
		return "", false
	}
	return body.SIPUser, true
}

func (s *Sim) token(w http.ResponseWriter, r *http.Request) {
	if !s.proven(w, r) {
		return
	}
	if _, ok := s.device(w, r); !ok {
		return
	}
	token, expires := s.world.NewToken()
	answer(w, map[string]any{"value": token, "expire": expires.Unix()})
}

func (s *Sim) call(w http.ResponseWriter, r *http.Request) {
	if !s.proven(w, r) {
		return
	}
	device, ok := s.device(w, r)
	if !ok {
		return
	}
	if _, err := s.world.Place(device, r.PathValue("number"), nil); err != nil {
		fail(w, http.StatusBadRequest, err.Error())
		return
	}
	answer(w, struct{}{})
}
