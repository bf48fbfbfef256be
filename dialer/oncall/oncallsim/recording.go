package oncallsim

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/outpace/outpace/dialer/hosted/hostedsim"
)

type record struct {
	ID       int64  `json:"id"`
	File     string `json:"filename"`
	Path     string `json:"filepath"`
	Caller   string `json:"caller"`
	Callee   string `json:"callee"`
	Start    string `json:"start_time"`
	End      string `json:"end_time"`
	Duration int    `json:"duration"`
	Status   string `json:"status"`
}

func fileOf(c hostedsim.Call) string { return strconv.Itoa(c.N) + "_" + c.SIPID + ".wav" }

// records lists the recordings: every answered call has one.
func (s *Sim) records(w http.ResponseWriter, r *http.Request) {
	calls, ok := s.search(w, r)
	if !ok {
		return
	}
	list := []record{}
	for _, c := range calls {
		if !c.Answered.IsZero() {
			list = append(list, record{
				289960160393302016 + int64(c.N), fileOf(c), strings.TrimPrefix(recordingRoot, "/") + fileOf(c), c.Exten, c.Number,
				s.local(c.Answered), s.local(c.Ended), c.TalkSeconds(), "unreaded",
			})
		}
	}
	page(s, w, r, "records", list)
}

// recording is a file: a second of silence, 8 kHz, 8 bits.
func (s *Sim) recording(w http.ResponseWriter, r *http.Request) {
	for _, c := range s.world.Calls() {
		if fileOf(c) == r.PathValue("file") && c.Logged {
			w.Header().Set("Content-Type", "audio/wav")
			_, _ = w.Write(silence())
			return
		}
	}
	http.NotFound(w, r)
}

func silence() []byte {
	const n = 8000
	head := "RIFF\x64\x1f\x00\x00WAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00\x40\x1f\x00\x00\x40\x1f\x00\x00\x01\x00\x08\x00data\x40\x1f\x00\x00"
	return append([]byte(head), []byte(strings.Repeat("\x80", n))...)
}
