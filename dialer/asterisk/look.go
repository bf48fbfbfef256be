package asterisk

import (
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/outpace/outpace/dialer"
	"github.com/outpace/outpace/dialer/ami"
)

// queueLook is a reading of QueueStatus. Its lines are taken as they come,
// like events; what was neither listed nor reported by an event when the list
// is complete is gone.
type queueLook struct {
	synced  bool // the state of the queues is known, and reported
	running bool
	members map[[2]string]bool // interface and queue
	callers map[string]bool
}

func (q *queueLook) begin() {
	if !q.running {
		q.running, q.members, q.callers = true, map[[2]string]bool{}, map[string]bool{}
	}
}

func (q *queueLook) sawMember(name, queue string) {
	if q.running {
		q.members[[2]string{name, queue}] = true
	}
}

func (q *queueLook) lostMember(name, queue string) {
	if q.running {
		delete(q.members, [2]string{name, queue})
	}
}

func (t *tracker) listedQueue(ami.Event) { t.queues.begin() }

func (t *tracker) listedMember(ev ami.Event) {
	t.queues.begin()
	name := ev.Get("Location")
	t.setMember(ev, name, ev.Get("Name"))
	a := t.agents[name]
	if a == nil {
		return
	}
	// What happened before the session is known roughly, and better than not.
	before := a.talkEnded
	if last := number(ev, "LastCall"); last > 0 && a.talkEnded.IsZero() {
		if at := time.Unix(int64(last), 0); !at.After(ev.Received) {
			a.talkEnded = at
		}
	}
	if a.talkQueue == "" && (ev.Get("InCall") == "1" || !a.talkEnded.Equal(before)) {
		a.talkQueue = ev.Get("Queue")
	}
	t.update(ev.Received, name)
}

func (t *tracker) listedEntry(ev ami.Event) {
	t.queues.begin()
	id, queue := ev.Get("Uniqueid"), ev.Get("Queue")
	if !t.ours(id) {
		t.strangerWaits(ev.Received, id, queue)
		return
	}
	c := t.known(id)
	if c.queue != queue {
		c.queue, c.joined, c.answered = queue, ev.Received, true
		t.report(ev, id, dialer.Event{Kind: dialer.CallQueued, Queue: queue, Channel: ev.Get("Channel")})
	}
}

// listedAll ends the reading. The first of a session is reported as a whole.
func (t *tracker) listedAll(ev ami.Event) {
	t.queues.begin() // there may be no queue at all
	seen := t.queues
	for _, name := range slices.Sorted(maps.Keys(t.agents)) {
		for queue := range t.agents[name].members {
			if !seen.members[[2]string{name, queue}] {
				t.removeMember(ev.Received, name, queue)
			}
		}
	}
	for id := range t.callers {
		if !seen.callers[id] {
			t.strangerLeft(ev.Received, id)
		}
	}
	t.queues = queueLook{synced: true}
	if seen.synced {
		return
	}
	t.emit(dialer.Event{Kind: dialer.QueuesReset, At: ev.Received})
	for name, a := range t.agents {
		a.told = nil
		t.tell(ev.Received, name, a)
	}
	for id, queue := range t.callers {
		t.emit(dialer.Event{Kind: dialer.CallerJoined, At: ev.Received, Caller: id, Queue: queue})
	}
}

// census is a list of channels that is being read.
type census struct {
	channels []channel
	gone     map[string]bool // hung up since they were listed
	born     map[string]bool // heard of since the list began
}

type channel struct {
	id, linked, name, state, bridge, app, data string
	age                                        time.Duration
}

func (c *census) hungUp(id string) { c.gone[id] = true }

func (t *tracker) reading(ev ami.Event) *census {
	id := ev.ActionID()
	c := t.census[id]
	if c == nil {
		c = &census{gone: map[string]bool{}, born: map[string]bool{}}
		t.census[id] = c
	}
	return c
}

func (t *tracker) listedChannel(ev ami.Event) {
	c := t.reading(ev)
	c.channels = append(c.channels, channel{
		id: ev.Get("Uniqueid"), linked: ev.Get("Linkedid"), name: ev.Get("Channel"),
		state: ev.Get("ChannelState"), bridge: ev.Get("BridgeId"),
		app: ev.Get("Application"), data: ev.Get("ApplicationData"), age: clock(ev.Get("Duration")),
	})
}

// listedChannels ends the list with a Census. Its time is that of the asking,
// so that a call which was placed later is not taken for missing.
func (t *tracker) listedChannels(ev ami.Event) {
	c := t.reading(ev)
	delete(t.census, ev.ActionID())
	at := t.asked(ev.ActionID())
	if at.IsZero() {
		return // asked by another client of the same name, or too long ago
	}
	t.sweep(ev.Received, c)
	living := map[string]dialer.Sighting{}
	queues := map[string]string{} // by bridge, of the caller in it
	for _, ch := range c.channels {
		if c.gone[ch.id] {
			continue
		}
		if ch.bridge != "" && ch.app == "Queue" {
			queues[ch.bridge] = queueName(ch.data)
		}
		if !t.ours(ch.id) {
			continue
		}
		known := t.known(ch.id)
		known.answered = known.answered || ch.state == stateUp
		living[ch.id] = dialer.Sighting{
			Channel: ch.name, Answered: ch.state == stateUp, Ringing: ch.state == stateRinging,
			Queue: t.queueOf(ch.id, known), Age: ch.age,
		}
	}
	for _, ch := range c.channels {
		if c.gone[ch.id] || ch.app != "AppQueue" {
			continue
		}
		l := t.findLeg(ch, queues)
		if l == nil {
			continue
		}
		if s, ours := living[l.call]; ours && l.talking {
			s.Agent, s.Queue = l.agent, ""
			living[l.call] = s
		}
		t.update(ev.Received, l.agent)
	}
	t.emit(dialer.Event{Kind: dialer.Census, At: at, Started: t.started, Living: living})
}

// sweep forgets channels whose end was missed: those that are neither listed
// nor newer than the list. An agent would stay busy for good otherwise.
func (t *tracker) sweep(at time.Time, c *census) {
	listed := make(map[string]bool, len(c.channels))
	for _, ch := range c.channels {
		listed[ch.id] = true
	}
	for id := range t.legs {
		if !listed[id] && !c.born[id] {
			t.dropLeg(at, id)
		}
	}
	for id := range t.calls {
		if !listed[id] && !c.born[id] {
			delete(t.calls, id)
		}
	}
	t.moves.forget(func(id string) bool { return !listed[id] && !c.born[id] })
}

// findLeg returns the leg that a queue's channel to an agent is, as known from
// events or, for one from before the session, from the list.
func (t *tracker) findLeg(ch channel, queues map[string]string) *leg {
	if l := t.legs[ch.id]; l != nil {
		return l
	}
	name := t.interfaceOf(ch.name)
	if name == "" {
		return nil
	}
	l := &leg{agent: name, queue: queues[ch.bridge], talking: ch.bridge != ""}
	if t.ours(ch.linked) {
		l.call = ch.linked
	}
	t.putLeg(ch.id, l)
	return l
}

// channelSuffix is what a channel's name has behind that of its device.
var channelSuffix = regexp.MustCompile(`-[0-9a-f]{8}(;[12])?$`)

// interfaceOf returns the agent whose device a channel is on, "" if none. A
// Local interface may have options behind a slash, which the channel has not.
func (t *tracker) interfaceOf(channel string) string {
	device := channelSuffix.ReplaceAllString(channel, "")
	if _, known := t.agents[device]; known {
		return device
	}
	for name := range t.agents {
		if rest, found := strings.CutPrefix(name, device+"/"); found && !strings.Contains(rest, "@") {
			return name
		}
	}
	return ""
}

// queueName returns the name of the queue in the application's data.
func queueName(data string) string {
	name, _, _ := strings.Cut(data, ",")
	return name
}

// clock reads a duration written HH:MM:SS; 0 if it is not.
func clock(text string) time.Duration {
	seconds := 0
	for part := range strings.SplitSeq(text, ":") {
		n, err := strconv.Atoi(part)
		if err != nil || n < 0 {
			return 0
		}
		seconds = 60*seconds + n
	}
	return time.Duration(seconds) * time.Second
}
