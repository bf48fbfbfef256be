package pbxsim

import (
	"strconv"
	"strings"
	"time"
)

// dialplan is the context that answered calls may be sent to.
const dialplan = "dialer"

// extensionExists tells whether the dialplan has an extension, as the lab's.
func (p *pbx) extensionExists(context, exten string) bool {
	switch context {
	case dialplan:
		if exten == "failed" || exten == "h" {
			return true
		}
		return len(exten) > 2 && isLower(exten[0]) && isLower(exten[1])
	case "from-trunk", "customers", "outbound", "local-dial":
		return exten != "" && exten[0] >= '0' && exten[0] <= '9'
	case "agents":
		return unlisted("Local/"+exten+"@agents").Mode != AgentInvalid
	}
	return false
}

func isLower(b byte) bool { return b >= 'a' && b <= 'z' }

// run sends an answered call to where it goes.
func (p *pbx) run(c *call, to target) {
	if to.isExten() {
		p.runExten(c, to)
		return
	}
	if to.app == "" { // it runs its own number in the default context, and waits there
		return
	}
	c.ch.app, c.ch.data = to.app, to.data
	args := splitArgs(to.data, 8)
	switch strings.ToLower(to.app) {
	case "queue":
		var limit time.Duration
		if len(args) > 4 {
			limit = seconds(args[4])
		}
		if !p.queueUp(c, args[0], limit) {
			p.finish(c, byApp, 0)
		}
	case "park":
		p.park(c)
	case "wait":
		p.endAfter(c, seconds(args[0]), 0)
	case "playback", "background":
		p.endAfter(c, 3*time.Second, 0)
	case "musiconhold", "echo", "milliwatt", "waitforsilence":
	case "hangup":
		cause, err := strconv.Atoi(to.data)
		if err != nil {
			cause = 16
		}
		p.finish(c, byApp, cause)
	default: // unknown, or over as soon as it begins
		p.finish(c, byApp, 0)
	}
}

func (p *pbx) endAfter(c *call, d time.Duration, cause int) {
	c.app = p.after(d, func() { p.finish(c, byApp, cause) })
}

// seconds reads a number of seconds; 0 if it is none.
func seconds(s string) time.Duration {
	f, err := strconv.ParseFloat(strings.TrimSpace(s), 64)
	if err != nil || f < 0 {
		return 0
	}
	return time.Duration(f * float64(time.Second))
}

// runExten runs an extension of the dialplan.
func (p *pbx) runExten(c *call, to target) {
	c.exten = true
	c.ch.context, c.ch.exten = to.context, to.exten
	if n, err := strconv.Atoi(to.priority); err == nil {
		c.ch.priority = n
	}
	switch {
	case !p.extensionExists(to.context, to.exten): // only a Redirect gets here
		c.exten = to.context == dialplan
		p.request("SoftHangupRequest", c.ch, 16)
		p.finish(c, byApp, 0)
	case to.context == "from-trunk":
		p.queueExten(c, "sales_1")
	case to.context != dialplan:
		c.ch.app = "Wait"
	case to.exten == "park":
		c.ch.app, c.ch.data = "Park", "default"
		p.park(c)
	case to.exten == "wait":
		c.ch.app, c.ch.data = "Wait", "86400"
	case to.exten == "amd":
		p.detect(c)
	case to.exten == "abandon":
		c.ch.app, c.ch.data = "Playback", "vm-goodbye"
		c.app = p.after(p.cfg.Message, func() {
			p.request("SoftHangupRequest", c.ch, 16)
			p.finish(c, byApp, 16)
		})
	case to.exten == "failed" || to.exten == "h":
		p.finish(c, byApp, 16)
	default:
		p.queueExten(c, to.exten)
	}
}

// queueExten is the part of the dialplan that queues a call.
func (p *pbx) queueExten(c *call, name string) {
	limit := time.Minute
	if v, ok := c.vars.get("QUEUE_TIMEOUT"); ok && v != "" {
		limit = seconds(v)
	}
	c.ch.app, c.ch.data = "Queue", name
	if !p.queueUp(c, name, limit) {
		status := "JOINEMPTY"
		if p.queue(name) == nil {
			status = ""
		}
		p.queueEnd(c, name, status)
	}
}

// queueEnd is what the dialplan does when Queue() gives the call back.
func (p *pbx) queueEnd(c *call, name, status string) {
	id, _ := c.vars.get("CAMPAIGN_ID")
	p.emit(p.event(classUser, "UserEvent").channel("", c.ch).add("UserEvent", "QueueEnd").
		add("Queue", name).add("Status", status).add("CampaignId", id))
	p.request("SoftHangupRequest", c.ch, 16)
	p.finish(c, byApp, 16)
}

// lastWords is the h extension of the dialplan.
func (p *pbx) lastWords(c *call, cause int) {
	id, _ := c.vars.get("CAMPAIGN_ID")
	c.ch.exten = "h"
	p.emit(p.event(classUser, "UserEvent").channel("", c.ch).add("UserEvent", "DialerHangup").
		num("Cause", cause).add("CampaignId", id))
}

// spoolFailed runs the extension failed of the dialplan, on a channel of its own.
func (p *pbx) spoolFailed(c *call) {
	ch := &channel{
		name: "OutgoingSpoolFailed", num: c.callerID.num, cname: c.callerID.name, account: "",
		context: dialplan, exten: "failed", tech: "Local", vars: c.vars,
	}
	p.open(ch)
	id, _ := c.vars.get("CAMPAIGN_ID")
	p.on(classUser, "UserEvent", ch, "UserEvent", "OriginateFailed", "Reason", strconv.Itoa(c.reason), "CampaignId", id)
	p.request("SoftHangupRequest", ch, 16)
	ch.exten = "h"
	p.on(classUser, "UserEvent", ch, "UserEvent", "DialerHangup", "Cause", "16", "CampaignId", id)
	p.hungup(ch, 16)
}

// detect is AMD(): it takes a while to tell a machine from a person.
func (p *pbx) detect(c *call) {
	c.ch.app = "AMD"
	status, cause, after := "NOTSURE", "TOOLONG-4900", 4900*time.Millisecond
	switch {
	case strings.HasPrefix(c.number, "70"):
		status, cause, after = "MACHINE", "LONGGREETING-1500-1500", 3*time.Second
	case strings.HasPrefix(c.number, "71"), c.who.withAgent > 0:
		status, cause, after = "HUMAN", "HUMAN-800-800", 2*time.Second
	}
	c.app = p.after(after, func() {
		id, _ := c.vars.get("CAMPAIGN_ID")
		p.emit(p.event(classUser, "UserEvent").channel("", c.ch).add("UserEvent", "AMD").
			add("Status", status).add("Cause", cause).add("CampaignId", id))
		name, _ := c.vars.get("QUEUE")
		if status == "MACHINE" || name == "" {
			p.request("SoftHangupRequest", c.ch, 16)
			p.finish(c, byApp, 16)
			return
		}
		p.queueExten(c, name)
	})
}

const (
	firstSlot, lastSlot = 701, 899
	parkingTime         = 45 * time.Second
	parkingMusic        = 2500 * time.Millisecond
)

// park puts a call into the parking lot until its time is over.
func (p *pbx) park(c *call) {
	slot := firstSlot
	for p.slots[slot] != nil {
		slot++
	}
	if slot > lastSlot {
		p.finish(c, byApp, 0)
		return
	}
	c.slot, p.slots[slot] = slot, c
	p.parked("ParkedCall", c)
	p.enter(p.lot, c.ch)
	c.hold = p.after(parkingMusic, func() {
		c.music = true
		p.on(classCall, "MusicOnHoldStart", c.ch, "Class", "default")
	})
	c.app = p.after(parkingLimit(c.ch.data), func() {
		p.quiet(c)
		p.leave(c.ch)
		p.parked("ParkedCallTimeOut", c)
		delete(p.slots, c.slot)
		c.slot, c.exten = 0, false
		c.ch.context, c.ch.exten = "default", "s"
		p.request("SoftHangupRequest", c.ch, 16)
		p.finish(c, byApp, 16)
	})
}

// parkingLimit is how long a call may stay parked: option t(seconds) of Park().
func parkingLimit(data string) time.Duration {
	_, rest, _ := strings.Cut(data, "t(")
	s, _, found := strings.Cut(rest, ")")
	if d := seconds(s); found && d > 0 {
		return d
	}
	return parkingTime
}

func (p *pbx) parked(name string, c *call) {
	p.emit(p.event(classCall, name).channel("Parkee", c.ch).add("ParkerDialString", c.ch.tech+"/trunk").
		add("Parkinglot", "default").num("ParkingSpace", c.slot).
		num("ParkingTimeout", max(int((parkingTime-p.since(c.answerAt)).Seconds()), 0)).
		num("ParkingDuration", int(p.since(c.answerAt).Seconds())))
}

// unpark takes a call out of the lot.
func (p *pbx) unpark(c *call) {
	delete(p.slots, c.slot)
	c.slot = 0
	p.quiet(c)
	p.leave(c.ch)
}

// quiet stops the music of the parking lot.
func (p *pbx) quiet(c *call) {
	p.timers.stop(c.hold)
	if c.music {
		c.music = false
		p.on(classCall, "MusicOnHoldStop", c.ch)
	}
}
