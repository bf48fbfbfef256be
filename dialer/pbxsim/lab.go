package pbxsim

import (
	"fmt"
	"strings"
	"time"
)

// LabQueues are the queues and agents of the lab in which real Asterisks are
// tested: sales_1 (ringall, agents 01 to 10), sales_2 (rrmemory, 06 to 15),
// faulty (18 never answers, 19 is busy, 20 hangs up at once, one is offline),
// wrapup (5 s, autopause), local_1 (20 Local channels that answer at once),
// empty and strict (nobody).
func LabQueues() []QueueConfig {
	sip := func(from, to int) []MemberConfig {
		var members []MemberConfig
		for i := from; i <= to; i++ {
			members = append(members, labMember(i))
		}
		return members
	}
	faulty := append(sip(18, 20), MemberConfig{
		Interface: "PJSIP/agent-offline", Name: "Agent offline", Mode: AgentOffline,
	})
	var local []MemberConfig
	for i := 1; i <= 20; i++ {
		local = append(local, MemberConfig{
			Interface: fmt.Sprintf("Local/agent-%02d@agents/n", i),
			Name:      fmt.Sprintf("Local %02d", i),
			Answer:    Fixed(0),
		})
	}
	return []QueueConfig{
		{Name: "sales_1", Strategy: ringAll, Members: sip(1, 10)},
		{Name: "sales_2", Strategy: rrMemory, Members: sip(6, 15)},
		{Name: "faulty", Strategy: rrMemory, Timeout: 5 * time.Second, Members: faulty},
		{Name: "wrapup", Strategy: rrMemory, Timeout: 5 * time.Second, Wrapup: 5 * time.Second,
			AutoPause: true, Members: []MemberConfig{labMember(16), labMember(18)}},
		{Name: "local_1", Strategy: rrMemory, Members: local},
		{Name: "empty", Strategy: ringAll},
		{Name: "strict", Strategy: ringAll, Strict: true},
	}
}

func labMember(i int) MemberConfig {
	m := MemberConfig{
		Interface: fmt.Sprintf("PJSIP/agent-%02d", i),
		Name:      fmt.Sprintf("Agent %02d", i),
		Answer:    Uniform(500*time.Millisecond, 1500*time.Millisecond),
		Talk:      Uniform(30*time.Second, 60*time.Second),
	}
	switch i {
	case 18:
		m.Mode = AgentSilent
	case 19:
		m.Mode = AgentBusy
	case 20:
		m.Mode = AgentBrief
	}
	return m
}

// unlisted is how an agent behaves who is in no queue of the configuration,
// told from his interface as in the lab.
func unlisted(iface string) MemberConfig {
	m := MemberConfig{Interface: iface, Name: iface, Mode: AgentInvalid}
	tech, rest, _ := strings.Cut(iface, "/")
	if tech == "Local" {
		who, where, _ := strings.Cut(rest, "@")
		kind, _, _ := strings.Cut(who, "-")
		if where, _, _ = strings.Cut(where, "/"); where != "agents" {
			return m
		}
		switch kind {
		case "agent":
			m.Mode, m.Answer = AgentAnswers, Fixed(0)
		case "slow":
			m.Mode, m.Answer = AgentAnswers, Fixed(3*time.Second)
		case "mute":
			m.Mode = AgentSilent
		case "brief":
			m.Mode, m.Answer, m.Talk = AgentAnswers, Fixed(0), Fixed(time.Second+localAnswer)
		}
		return m
	}
	if rest == "agent-offline" {
		m.Mode = AgentOffline
		return m
	}
	var i int
	if n, err := fmt.Sscanf(rest, "agent-%02d", &i); n == 1 && err == nil && i > 0 {
		m = labMember(i)
		m.Interface, m.Name = iface, iface
	}
	return m
}
