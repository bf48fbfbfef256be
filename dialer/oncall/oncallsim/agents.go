package oncallsim

import (
	"hash/fnv"
	"net/http"
	"slices"

	"github.com/outpace/outpace/dialer/hosted/hostedsim"
)

func extensionID(exten string) int64 {
	h := fnv.New32a()
	_, _ = h.Write([]byte(exten)) // never fails
	return 259206915941343232 + int64(h.Sum32())
}

type extension struct {
	ID        int64  `json:"id"`
	Exten     string `json:"extension_number"`
	First     string `json:"first_name"`
	Last      string `json:"last_name"`
	Email     string `json:"email"`
	Status    string `json:"status"`
	UserAgent string `json:"user_agent"`
}

func (s *Sim) extensions(w http.ResponseWriter, r *http.Request) {
	agents := s.world.Agents()
	list := make([]extension, 0, len(agents))
	for _, a := range agents {
		e := extension{ID: extensionID(a.Exten), Exten: a.Exten, First: a.Name, Status: "OFFLINE"}
		if a.Registered {
			e.Status = "ONLINE"
		}
		list = append(list, e)
	}
	page(s, w, r, "extensions", list)
}

type queue struct {
	ID       jsonInt `json:"id"`
	Number   string  `json:"extension_number"`
	Name     string  `json:"name"`
	Strategy string  `json:"polling_strategy"`
	Status   string  `json:"status"`
}

// jsonInt is an id, written as a number.
type jsonInt string

// MarshalJSON writes the digits.
func (n jsonInt) MarshalJSON() ([]byte, error) { return []byte(n), nil }

func (s *Sim) queues(w http.ResponseWriter, r *http.Request) {
	var list []queue
	for _, q := range s.world.Queues() {
		list = append(list, queue{jsonInt(q.ID), q.Number, q.Name, "RING_SIMULTANEOUSLY", "OFFLINE"})
	}
	page(s, w, r, "queues", list)
}

type member struct {
	ID         int64  `json:"id"`
	Exten      string `json:"extension_number"`
	First      string `json:"first_name"`
	Last       string `json:"last_name"`
	LoggedIn   bool   `json:"is_logged_in"`
	Registered bool   `json:"is_registered"`
	Calling    bool   `json:"is_oncalling"`
}

func (s *Sim) queue(w http.ResponseWriter, r *http.Request) {
	queues := s.world.Queues()
	i := slices.IndexFunc(queues, func(q hostedsim.Queue) bool { return q.ID == r.URL.Query().Get("id") })
	if i < 0 {
		refuse(w, errNonexistent, "Database Nonexistent records.")
		return
	}
	members := []member{}
	for _, a := range s.world.Agents() {
		if slices.Contains(queues[i].Members, a.Exten) {
			members = append(members, member{
				extensionID(a.Exten), a.Exten, a.Name, "", a.LoggedIn, a.Registered, a.Call != nil || a.Elsewhere,
			})
		}
	}
	write(w, http.StatusOK, map[string]any{
		"id": jsonInt(queues[i].ID), "name": queues[i].Name, "outbound_caller_id": "02873035238",
		"extension_number": queues[i].Number, "ring_time": 5, "polling_strategy": "RING_SIMULTANEOUSLY",
		"max_callers": 10, "members": members,
	})
}
