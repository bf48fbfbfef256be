package pbxsim

import "time"

// timer is something to be done by the loop at a time.
type timer struct {
	at    time.Time
	seq   uint64 // keeps timers of the same moment in the order they were set
	do    func()
	index int // in the heap, -1 when it is not there
}

func (t *timer) before(u *timer) bool {
	if t.at.Equal(u.at) {
		return t.seq < u.seq
	}
	return t.at.Before(u.at)
}

// timers is a heap of them, the next one first.
type timers struct {
	heap []*timer
	seq  uint64
}

func (t *timers) add(at time.Time, do func()) *timer {
	t.seq++
	tm := &timer{at: at, seq: t.seq, do: do, index: len(t.heap)}
	t.heap = append(t.heap, tm)
	t.up(tm.index)
	return tm
}

// stop takes a timer out. A nil timer, and one that has run, is fine.
func (t *timers) stop(tm *timer) {
	if tm == nil || tm.index < 0 {
		return
	}
	i, last := tm.index, len(t.heap)-1
	t.swap(i, last)
	t.heap[last] = nil
	t.heap = t.heap[:last]
	tm.index = -1
	if i < last {
		t.down(i)
		t.up(i)
	}
}

// due takes out the next timer if its time has come.
func (t *timers) due(now time.Time) *timer {
	if len(t.heap) == 0 || t.heap[0].at.After(now) {
		return nil
	}
	tm := t.heap[0]
	t.stop(tm)
	return tm
}

// next is when the next timer is due.
func (t *timers) next() (time.Time, bool) {
	if len(t.heap) == 0 {
		return time.Time{}, false
	}
	return t.heap[0].at, true
}

func (t *timers) swap(i, j int) {
	t.heap[i], t.heap[j] = t.heap[j], t.heap[i]
	t.heap[i].index, t.heap[j].index = i, j
}

func (t *timers) up(i int) {
	for i > 0 {
		parent := (i - 1) / 2
		if !t.heap[i].before(t.heap[parent]) {
			return
		}
		t.swap(i, parent)
		i = parent
	}
}

func (t *timers) down(i int) {
	for {
		child := 2*i + 1
		if child >= len(t.heap) {
			return
		}
		if right := child + 1; right < len(t.heap) && t.heap[right].before(t.heap[child]) {
			child = right
		}
		if !t.heap[child].before(t.heap[i]) {
			return
		}
		t.swap(i, child)
		i = child
	}
}
