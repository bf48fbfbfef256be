package fcm5600sim

import (
	"cmp"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/outpace/outpace/dialer/hosted/hostedsim"
)

const (
	day    = "2006-01-02"
	second = "2006-01-02 15:04:05"
)

// search is a question to the call log or to the list of recordings.
type search struct {
	From, To, Type, Src, Dest, Status string
	Page, PageSize                    int
}

// row is one call of the log; recordings have the last three fields too.
type row struct {
	ID            int    `json:"id"`
	CallFrom      string `json:"callFrom"`
	CallSrc       string `json:"callSrc"`
	CallTo        string `json:"callTo"`
	DestNum       string `json:"destNum"`
	StartTime     string `json:"startTime"`
	Duration      int    `json:"duration"`
	CallStatus    string `json:"callStatus"`
	CallType      string `json:"callType"`
	PINCode       string `json:"pinCode"`
	TrunkName     string `json:"trunkName"`
	RecordingFile string `json:"recordingFile,omitempty"`
	FileName      string `json:"FileName,omitempty"` //nolint:tagliatelle // the page's spelling
	TimeLength    string `json:"timeLength,omitempty"`
	PlayURL       string `json:"playUrl,omitempty"`
}

// log answers with the calls of whole days, newest first.
func (s *Sim) log(w http.ResponseWriter, r *http.Request) { s.search(w, r, s.row) }

// recordings answers with those that were recorded.
func (s *Sim) recordings(w http.ResponseWriter, r *http.Request) {
	s.search(w, r, func(c hostedsim.Call) (row, bool) {
		r, _ := s.row(c)
		if r.RecordingFile == "" {
			return r, false
		}
		r.RecordingFile = ""
		r.FileName = "/var/spool/asterisk/monitor/recording/" + file(c)
		r.PlayURL = "/pbx/play/general-recording/" + file(c)
		r.TimeLength = strconv.Itoa(c.TalkSeconds())
		return r, true
	})
}

func (s *Sim) search(w http.ResponseWriter, r *http.Request, make1 func(hostedsim.Call) (row, bool)) {
	var q search
	if !s.read(w, r, &q) {
		return
	}
	from, err := time.ParseInLocation(day, q.From, s.world.Zone())
	to, err2 := time.ParseInLocation(day, q.To, s.world.Zone())
	first := 1
	if s.cfg.FromZero {
		first = 0
	}
	if err != nil || err2 != nil || q.PageSize < 1 || q.Page < 0 {
		s.fail(w, http.StatusBadRequest, "parameter error")
		return
	}
	var rows []row
	for _, c := range s.world.Rows(from, to.AddDate(0, 0, 1).Add(-time.Second)) {
		if r, ok := make1(c); ok && fits(q, r) {
			rows = append(rows, r)
		}
	}
	slices.Reverse(rows)
	begin := min(max(0, q.Page-first)*q.PageSize, len(rows))
	page := rows[begin:min(begin+q.PageSize, len(rows))]
	s.ok(w, map[string]any{
		"items": append([]row{}, page...), "page": q.Page, "pageSize": q.PageSize, "count": len(rows),
	})
}

// fits applies the filters: types and statuses match as they are, numbers by a
// part of them.
func fits(q search, r row) bool {
	exact := func(want, have string) bool { return want == "" || want == "all" || want == have }
	return exact(q.Type, r.CallType) && exact(q.Status, r.CallStatus) &&
		strings.Contains(r.CallSrc, q.Src) && strings.Contains(r.CallTo, q.Dest)
}

func (s *Sim) row(c hostedsim.Call) (row, bool) {
	r := row{
		ID: c.N, CallFrom: c.Exten, CallSrc: cmp.Or(s.cfg.ShownID, c.Exten), CallTo: c.Number, DestNum: "trunk-sim",
		StartTime: s.world.Clock(c.Begun).Format(second), Duration: c.Seconds(),
		CallStatus: word(c), CallType: "outgoing", TrunkName: "sim",
	}
	if s.cfg.Recorded && r.CallStatus == "ANSWERED" {
		r.RecordingFile = file(c)
	}
	return r, true
}

// word is the PBX's for how a call ended.
func word(c hostedsim.Call) string {
	if !c.Answered.IsZero() {
		return "ANSWERED"
	}
	switch c.End {
	case hostedsim.Busy:
		return "BUSY"
	case hostedsim.NoAnswer, hostedsim.AgentSilent, hostedsim.Answer: // the last one was hung up before
		return "NO ANSWER"
	default:
		return "FAILED"
	}
}

// file is the path of a call's recording beneath its folder.
func file(c hostedsim.Call) string {
	at := c.Begun.UTC()
	return fmt.Sprintf("%s/%s/%d.%d-%s-%s-%s.gsm", at.Format("20060102"), c.Exten, at.Unix(), c.N, c.Exten, c.Number, at.Format("20060102-150405"))
}

// play serves the file of a call; it has no sound.
func (s *Sim) play(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("day") + "/" + r.PathValue("exten") + "/" + r.PathValue("file")
	if !slices.ContainsFunc(s.world.Calls(), func(c hostedsim.Call) bool { return c.Logged && file(c) == name }) {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", "audio/x-gsm")
	_, _ = io.WriteString(w, "recording of a simulated call, without sound: "+name) //nolint:gosec // a simulator; no browser shows it
}
