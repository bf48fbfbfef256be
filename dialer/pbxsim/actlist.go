package pbxsim

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/outpace/outpace/dialer/ami"
)

// sorted are all channels, the oldest first.
func (p *pbx) sorted() []*channel {
	return slices.SortedFunc(maps.Values(p.channels), func(a, b *channel) int { return cmp.Compare(a.seq, b.seq) })
}

func (ch *channel) bridgeID() string {
	if ch.bridge == nil {
		return ""
	}
	return ch.bridge.id
}

func (p *pbx) actCoreShowChannels(c *conn, a ami.Message) {
	p.list(c, a, "Channels will follow", "CoreShowChannelsComplete", func(m *message) int {
		all := p.sorted()
		for _, ch := range all {
			d := time.Since(ch.created)
			m.add("Event", "CoreShowChannel").opt("ActionID", a.ActionID()).channel("", ch).
				add("Application", ch.app).add("ApplicationData", ch.data).
				add("Duration", fmt.Sprintf("%02d:%02d:%02d", int(d.Hours()), int(d.Minutes())%60, int(d.Seconds())%60)).
				add("BridgeId", ch.bridgeID()).end()
		}
		return len(all)
	})
}

func (p *pbx) actStatus(c *conn, a ami.Message) {
	all := p.sorted()
	if name := a.Get("Channel"); name != "" {
		ch := p.find(name)
		if ch == nil {
			p.fail(c, a, "No such channel")
			return
		}
		all = []*channel{ch}
	}
	p.list(c, a, "Channel status will follow", "StatusComplete", func(m *message) int {
		for _, ch := range all {
			m.add("Event", "Status").add("Privilege", "Call").channel("", ch).add("Type", ch.tech).add("DNID", "").
				add("EffectiveConnectedLineNum", orUnknown(ch.connNum)).add("EffectiveConnectedLineName", orUnknown(ch.connName)).
				num("TimeToHangup", 0).add("BridgeID", ch.bridgeID()).add("Application", ch.app).add("Data", ch.data).
				add("Nativeformats", "(ulaw)").add("Readformat", "ulaw").add("Readtrans", "").add("Writeformat", "ulaw").
				add("Writetrans", "").num("Callgroup", 0).num("Pickupgroup", 0).
				num("Seconds", int(time.Since(ch.created).Seconds())).opt("ActionID", a.ActionID()).end()
		}
		return len(all)
	})
}

func (p *pbx) actCoreStatus(c *conn, a ami.Message) {
	p.reply(c, a, "Success", func(m *message) {
		date, clock := p.started.Format(time.DateOnly), p.started.Format(time.TimeOnly)
		m.add("CoreStartupDate", date).add("CoreStartupTime", clock).add("CoreReloadDate", date).add("CoreReloadTime", clock).
			num("CoreCurrentCalls", len(p.calls)).num("CoreProcessedCalls", p.processed)
	})
}

func (p *pbx) actCoreSettings(c *conn, a ami.Message) {
	p.reply(c, a, "Success", func(m *message) {
		m.add("AMIversion", p.amiVersion()).add("AsteriskVersion", p.cfg.Version).add("SystemName", "").
			num("CoreMaxCalls", 0).add("CoreMaxLoadAvg", "0.000000").add("CoreRunUser", "").add("CoreRunGroup", "").
			num("CoreMaxFilehandles", 0).add("CoreRealTimeEnabled", "No").add("CoreCDRenabled", "Yes").
			add("CoreHTTPenabled", "No").add("SoundsSearchCustomDir", "No")
	})
}

// actCommand knows a few commands of the console.
func (p *pbx) actCommand(c *conn, a ami.Message) {
	command := strings.Join(strings.Fields(a.Get("Command")), " ")
	var out []string
	switch command {
	case "core show version":
		out = []string{"Asterisk " + p.cfg.Version + " (simulated)"}
	case "core show uptime seconds":
		out = []string{"System uptime: " + strconv.Itoa(int(time.Since(p.started).Seconds()))}
	case "core show channels count":
		out = []string{strconv.Itoa(len(p.channels)) + " active channels", strconv.Itoa(len(p.calls)) + " active calls"}
	default:
		p.reply(c, a, "Error", func(m *message) {
			m.add("Message", "Command output follows").
				add("Output", "No such command '"+command+"' (type 'core show help "+command+"' for other possible commands)")
		})
		return
	}
	p.reply(c, a, "Success", func(m *message) {
		m.add("Message", "Command output follows")
		for _, line := range out {
			m.add("Output", line)
		}
	})
}
