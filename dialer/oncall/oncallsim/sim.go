package oncallsim

import (
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"sync/atomic"

	"github.com/outpace/outpace/dialer/hosted/hostedsim"
)

// Config is what a simulated PBX has beside its world.
type Config struct {
	Username, Password string // of a tenant's user
	Domain             string // of the tenant
	// AuthExtension and AuthPassword may place calls. An agent of the world
	// may as well, with his own password.
	AuthExtension, AuthPassword string

	// EventURL is where events go, "" = nowhere, until SendEvents says more.
	EventURL string
	// EventAuth is how they are authenticated.
	EventAuth Auth
	// EventUsername and EventPassword are what with.
	EventUsername, EventPassword string
	// PageSize bounds the entries of a page; default 100.
	PageSize int
}

// Auth is a method of authentication that the portal offers.
type Auth int

// The methods.
const (
	None Auth = iota
	Basic
	Digest
)

// Sim is a simulated PBX. Serve it by World.Handler, which adds the faults.
type Sim struct {
	world *hostedsim.World
	cfg   Config
	mux   *http.ServeMux

	eventURL atomic.Value // string
}

// New makes a simulator. It sends events of the world's calls from now on.
func New(world *hostedsim.World, cfg Config) *Sim {
	if cfg.PageSize < 1 {
		cfg.PageSize = 100
	}
	s := &Sim{world: world, cfg: cfg, mux: http.NewServeMux()}
	s.mux.HandleFunc("POST /api/account/credentials/verify", s.verifyTenant)
	s.mux.HandleFunc("POST /api/account/extension/web/verify", s.verifyExtension)
	s.mux.HandleFunc("POST /api/extensions/call", s.call)
	s.mux.HandleFunc("GET /api/extensions/list", s.authorized(s.extensions))
	s.mux.HandleFunc("GET /api/call_queues/list", s.authorized(s.queues))
	s.mux.HandleFunc("GET /api/call_queues/show", s.authorized(s.queue))
	s.mux.HandleFunc("GET /api/call_logs/list", s.authorized(s.logs))
	s.mux.HandleFunc("GET /api/call_logs/show", s.authorized(s.log))
	s.mux.HandleFunc("GET /api/recordfiles/extension/list", s.authorized(s.records))
	s.mux.HandleFunc("GET "+recordingRoot+"{file}", s.recording)
	s.SendEvents(cfg.EventURL)
	world.Watch(s.tell)
	return s
}

// SendEvents says where events go from now on, "" = nowhere.
func (s *Sim) SendEvents(target string) { s.eventURL.Store(target) }

func (s *Sim) target() string {
	target, _ := s.eventURL.Load().(string)
	return target
}

// ServeHTTP answers a request.
func (s *Sim) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.mux.ServeHTTP(w, r) }

// The errors of the page.
const (
	errPassword    = "1041004"
	errParameter   = "1040001"
	errNonexistent = "1028"
	errPermission  = "1043001"
)

func refuse(w http.ResponseWriter, code, message string) {
	write(w, http.StatusBadRequest, map[string]string{"err_code": code, "msg": message})
}

func write(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) //nolint:errchkjson // a client that has gone needs no answer
}

// authorized wants a tenant's token, in a header called access_token.
func (s *Sim) authorized(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if !s.world.GoodToken(r.Header.Get("Access_token")) {
			write(w, http.StatusUnauthorized, map[string]string{"err_code": errPermission, "msg": "Permission denied"})
			return
		}
		next(w, r)
	}
}

func (s *Sim) verifyTenant(w http.ResponseWriter, r *http.Request) {
	var in struct{ Name, Password string }
	if json.NewDecoder(r.Body).Decode(&in) != nil || in.Name != s.cfg.Username || in.Password != s.cfg.Password {
		refuse(w, errPassword, "Username or Password incorrect")
		return
	}
	s.world.Count("logins")
	token, _ := s.world.NewToken()
	write(w, http.StatusOK, map[string]any{
		"access_token": token, "expires": int(s.world.TokenLife().Seconds()), "api_version": "8.0",
		"role": "tenant", "name": in.Name, "id": int64(239926257964425216),
	})
}

func (s *Sim) verifyExtension(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Exten    string `json:"extension_number"`
		Password string `json:"web_password"`
		Domain   string `json:"domain"`
	}
	if json.NewDecoder(r.Body).Decode(&in) != nil || !s.mayCall(in.Exten, in.Password, in.Domain) {
		refuse(w, errPassword, "Username or Password incorrect")
		return
	}
	write(w, http.StatusOK, map[string]any{
		"access_token": "an extension's", "extension_number": in.Exten, "domain": in.Domain, "expires": 600,
		"api_version": "12.0", "name": in.Exten, "role": "extension", "id": extensionID(in.Exten),
	})
}

func (s *Sim) mayCall(exten, password, domain string) bool {
	if domain != s.cfg.Domain {
		return false
	}
	if exten == s.cfg.AuthExtension && password == s.cfg.AuthPassword {
		return true
	}
	a, ok := s.world.Agent(exten)
	return ok && a.Password != "" && a.Password == password
}

// call takes its parameters from the query, as the example of 3.1 has them.
func (s *Sim) call(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	if !s.mayCall(q.Get("extension"), q.Get("auth"), q.Get("domain")) {
		refuse(w, errPassword, "Username or Password incorrect")
		return
	}
	for _, name := range []string{"src", "to"} {
		if q.Get(name) == "" {
			refuse(w, errParameter, "Parameter : "+name+" incorrect")
			return
		}
	}
	switch _, err := s.world.Place(q.Get("src"), q.Get("to"), nil); {
	case errors.Is(err, hostedsim.ErrNoAgent):
		refuse(w, errNonexistent, "Database Nonexistent records.")
	case err != nil:
		refuse(w, errPermission, "Permission denied")
	default:
		write(w, http.StatusOK, map[string]any{})
	}
}

// page cuts a page out of a list, as pagination and pagesize say.
func page[T any](s *Sim, w http.ResponseWriter, r *http.Request, name string, list []T) {
	n, err := strconv.Atoi(r.URL.Query().Get("pagination"))
	if err != nil || n < 1 {
		refuse(w, errParameter, "Parameter : pagination incorrect")
		return
	}
	size, err := strconv.Atoi(r.URL.Query().Get("pagesize"))
	if err != nil || size < 1 {
		size = s.cfg.PageSize
	}
	size = min(size, s.cfg.PageSize)
	from := min((n-1)*size, len(list))
	part := list[from:min(from+size, len(list))]
	write(w, http.StatusOK, map[string]any{
		"pagination": n, "pagesize": size, "sort_by": "DEFAULT", "count": len(list), name: part,
	})
}
