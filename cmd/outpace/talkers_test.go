package main

import (
	"fmt"
	"strings"
)

// talksOn is what the numbers of those begin with who talk until they are told
// to end.
const talksOn = "110"

// talkers makes a campaign of people who talk until they are told to end, and
// waits until they do.
func (s *siege) talkers(n int) (campaign string) {
	s.t.Helper()
	b := besieged{uuid: s.campaign(map[string]any{"dial_timeout": 10_000, "max_retry_cnt_1": 2}), people: n, endless: true}
	var c struct {
		List string `json:"dlma"`
	}
	s.get("/ob/campaigns/"+b.uuid, &c)
	b.list = c.List
	for i := range n {
		s.post(onceEntry, map[string]any{
			"dlma_uuid": b.list, "ukey": fmt.Sprint("more ", i),
			"number_1": fmt.Sprintf("%s%d%06d", talksOn, len(s.campaigns), i), "number_2": fmt.Sprintf("200%d%06d", len(s.campaigns), i),
		})
	}
	s.campaigns = append(s.campaigns, b)
	s.status(b.uuid, 1)
	s.awaitTalk(b.uuid, n)
	return b.uuid
}

// hangUpTalkers has those who talk for ever hang up.
func (s *siege) hangUpTalkers() {
	s.t.Helper()
	for _, c := range s.sim.Calls() {
		if strings.HasPrefix(c.Number, talksOn) && c.Agent != "" {
			if err := s.sim.CustomerHangup(c.ID); err != nil {
				s.t.Error(err)
			}
		}
	}
}
