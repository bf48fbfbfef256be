package ami

import (
	"fmt"
	"strconv"
)

// QueueAdd makes an interface a member of a queue.
type QueueAdd struct {
	Queue, Interface string // required
	MemberName       string
	StateInterface   string // whose device state counts; default Interface
	Penalty          int    // 0 and up
	Paused           bool
	PausedReason     string
}

// Action returns the action.
func (q QueueAdd) Action() (Action, error) {
	if q.Penalty < 0 {
		return Action{}, fmt.Errorf("ami: QueueAdd: Penalty %d is negative", q.Penalty)
	}
	b := builder{}
	b.need("Queue", q.Queue)
	b.need("Interface", q.Interface)
	b.set("Penalty", strconv.Itoa(q.Penalty))
	b.set("Paused", strconv.FormatBool(q.Paused))
	b.set("Reason", q.PausedReason)
	b.set("MemberName", q.MemberName)
	b.set("StateInterface", q.StateInterface)
	return b.action("QueueAdd")
}

// QueueRemove ends a membership.
type QueueRemove struct {
	Queue, Interface string // required
}

// Action returns the action.
func (q QueueRemove) Action() (Action, error) {
	b := builder{}
	b.need("Queue", q.Queue)
	b.need("Interface", q.Interface)
	return b.action("QueueRemove")
}

// QueuePause pauses a member or ends its pause.
type QueuePause struct {
	Interface string // required
	Queue     string // empty = all queues it is a member of
	Paused    bool
	Reason    string
}

// Action returns the action.
func (q QueuePause) Action() (Action, error) {
	b := builder{}
	b.need("Interface", q.Interface)
	b.set("Paused", strconv.FormatBool(q.Paused))
	b.set("Queue", q.Queue)
	b.set("Reason", q.Reason)
	return b.action("QueuePause")
}

// QueueStatus lists queues with their members and waiting callers; for
// Client.List. An unknown queue gives an empty list.
type QueueStatus struct {
	Queue  string // empty = all
	Member string // an interface; empty = all
}

// Action returns the action.
func (q QueueStatus) Action() (Action, error) {
	b := builder{}
	b.set("Queue", q.Queue)
	b.set("Member", q.Member)
	return b.action("QueueStatus")
}

// QueueSummary lists the figures of queues; for Client.List. Its Available
// counts members in wrap-up, who will not be called.
type QueueSummary struct {
	Queue string // empty = all
}

// Action returns the action.
func (q QueueSummary) Action() (Action, error) {
	b := builder{}
	b.set("Queue", q.Queue)
	return b.action("QueueSummary")
}
