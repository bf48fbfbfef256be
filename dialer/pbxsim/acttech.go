package pbxsim

import (
	"strings"

	"github.com/outpace/outpace/dialer/ami"
)

// techActions are actions that come with a channel technology. Clients use
// them to find out whether it is there.
var techActions = map[string]struct{ tech, parameter, missing string }{
	"pjsipshowendpoint":  {"PJSIP", "Endpoint", "Endpoint parameter missing."},
	"pjsipshowendpoints": {"PJSIP", "", ""},
	"sippeers":           {"SIP", "", ""},
	"sipshowpeer":        {"SIP", "Peer", "Peer: <name> missing."},
	"iaxpeers":           {"IAX2", "", ""},
	"dahdihangup":        {"DAHDI", "DAHDIChannel", "No channel specified"},
}

// actOfTech answers such an action: unknown where the technology is not
// loaded, else empty or with an error.
func (p *pbx) actOfTech(c *conn, a ami.Message) {
	name := strings.ToLower(strings.TrimSpace(a.Get("Action")))
	of := techActions[name]
	switch {
	case !p.knows(of.tech):
		p.unknownAction(c, a)
	case of.parameter == "":
		p.list(c, a, "Following are Events for each object", "ListComplete", func(*message) int { return 0 })
	case a.Get(of.parameter) == "":
		p.fail(c, a, of.missing)
	default:
		p.fail(c, a, "Unable to retrieve "+strings.ToLower(of.parameter)+" "+a.Get(of.parameter))
	}
}

func (p *pbx) unknownAction(c *conn, a ami.Message) {
	p.fail(c, a, "Invalid/unknown command: "+a.Get("Action")+". Use Action: ListCommands to show available commands.")
}
