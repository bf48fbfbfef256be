package oncallsim

import (
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/outpace/outpace/dialer/hosted/hostedsim"
)

const (
	timeLayout = "2006-01-02 15:04:05"
	// logIDs is what ids of log entries begin at.
	logIDs = 290765803140308992
	// recordingRoot is where recordings are served.
	recordingRoot = "/group1/M00/02/ED/"
)

type entry struct {
	ID        int64  `json:"id"`
	CallID    string `json:"call_id"`
	Caller    string `json:"caller"`
	Callee    string `json:"callee"`
	Start     string `json:"start_time"`
	Answer    string `json:"answer_time"`
	End       string `json:"end_time"`
	Ringing   string `json:"ringing_time"`
	Duration  int    `json:"duration"`
	Ring      int    `json:"ring_duration"`
	Talk      int    `json:"talk_duration"`
	CallerEnd string `json:"caller_endpoint"`
	CalleeEnd string `json:"callee_endpoint"`
	Direction string `json:"direction"`
	EndReason string `json:"end_reason"`
	Status    string `json:"status"`
}

// logs lists the call log, newest first.
func (s *Sim) logs(w http.ResponseWriter, r *http.Request) {
	calls, ok := s.search(w, r)
	if !ok {
		return
	}
	list := make([]entry, 0, len(calls))
	for _, c := range calls {
		e := entry{
			ID: logIDs + int64(c.N), CallID: c.SIPID, Caller: c.Exten, Callee: c.Number,
			Start: s.local(c.Begun), Answer: "NOT_ANSWER", End: s.local(c.Ended), Ringing: s.never(),
			Ring: c.Seconds() - c.TalkSeconds(), Talk: c.TalkSeconds(), Duration: c.TalkSeconds(),
			CallerEnd: "EXTENSION_NUMBER", CalleeEnd: "EXTENSION_NUMBER", Direction: "EXTENSION_CALL",
			EndReason: "NONE", Status: "FAIL",
		}
		if !c.Answered.IsZero() {
			e.Answer, e.EndReason, e.Status = s.local(c.Answered), "DISCONNECT", "ANSWERED"
		}
		list = append(list, e)
	}
	page(s, w, r, "details", list)
}

// search finds the calls of a window, of all times if there is none.
func (s *Sim) search(w http.ResponseWriter, r *http.Request) ([]hostedsim.Call, bool) {
	q := r.URL.Query()
	from, to := time.Time{}, s.world.Now().AddDate(1, 0, 0)
	if q.Get("start_time") != "" {
		var err, err2 error
		from, err = time.ParseInLocation(timeLayout, q.Get("start_time"), s.world.Zone())
		to, err2 = time.ParseInLocation(timeLayout, q.Get("end_time"), s.world.Zone())
		if err != nil || err2 != nil {
			refuse(w, errParameter, "Parameter : start_time incorrect")
			return nil, false
		}
	}
	calls := s.world.Rows(from, to)
	calls = slices.DeleteFunc(calls, func(c hostedsim.Call) bool {
		exten := q.Get("extension")
		return s.world.Clock(c.Ended).After(to.Add(time.Second)) || exten != "" && exten != c.Exten
	})
	slices.Reverse(calls)
	return calls, true
}

func (s *Sim) local(t time.Time) string { return s.world.Clock(t).Format(timeLayout) }

// never is how the PBX writes "no time".
func (s *Sim) never() string { return time.Unix(0, 0).In(s.world.Zone()).Format(timeLayout) }

type target struct {
	Destination string `json:"destination"`
	Add         string `json:"add_time"`
	Answer      string `json:"answer_time"`
	End         string `json:"end_time"`
	Ringing     string `json:"ringing_time"`
	FailCode    int    `json:"fail_code"`
	Ring        int    `json:"ring_duration"`
	Talk        int    `json:"talk_duration"`
	Reroute     string `json:"reroute_reason"`
	Direction   string `json:"direction"`
	EndReason   string `json:"end_reason"`
	Status      string `json:"status"`
	Cost        string `json:"target_cost"`
}

// failCodes are the SIP statuses of calls that were not answered.
var failCodes = map[hostedsim.End]int{
	hostedsim.Answer: 487, // the agent hung up first
	hostedsim.Busy:   486, hostedsim.NoAnswer: 408, hostedsim.Congestion: 503,
	hostedsim.Unallocated: 404, hostedsim.Rejected: 603, hostedsim.AgentSilent: 480,
}

// log shows whom the PBX called for one entry.
func (s *Sim) log(w http.ResponseWriter, r *http.Request) {
	c, ok := s.logged(r.URL.Query().Get("id"))
	if !ok {
		refuse(w, errNonexistent, "Database Nonexistent records.")
		return
	}
	t := target{
		Destination: "sip:" + c.Number + "@192.0.2.1", Add: s.local(c.AgentUp), Answer: s.never(), End: s.local(c.Ended),
		Ringing: s.never(), FailCode: failCodes[c.End], Ring: c.Seconds() - c.TalkSeconds(), Reroute: "NONE",
		Direction: "EXTENSION_CALL", EndReason: "NONE", Status: "FAIL", Cost: "0.000000",
	}
	switch {
	case !c.Answered.IsZero():
		t.Answer, t.FailCode, t.Talk = s.local(c.Answered), 0, c.TalkSeconds()
		t.EndReason, t.Status = "DISCONNECT", "ANSWERED"
	case c.AgentUp.IsZero():
		t.Destination, t.Add, t.FailCode = "sip:"+c.Exten+"@"+s.cfg.Domain, s.local(c.Begun), 480
	}
	write(w, http.StatusOK, map[string]any{"count": 1, "id": logIDs + int64(c.N), "targets": []target{t}})
}

func (s *Sim) logged(id string) (hostedsim.Call, bool) {
	n, err := strconv.ParseInt(id, 10, 64)
	calls := s.world.Calls()
	if i := n - logIDs - 1; err == nil && i >= 0 && i < int64(len(calls)) && calls[i].Logged {
		return calls[i], true
	}
	return hostedsim.Call{}, false
}
