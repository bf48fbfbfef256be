package pbxsim

import (
	"container/heap"
	"time"
)

// timer is something to be done by the loop at a time.
type timer struct {
	at    time.Time
	seq   uint64 // keeps timers of the same moment in the order they were set
	do    func()
	index int // in the heap, -1 when it is not there
}

// timers is a heap of them, the next one first.
type timers struct {
	heap timerHeap
	seq  uint64
}

func (t *timers) add(at time.Time, do func()) *timer {
	t.seq++
	tm := &timer{at: at, seq: t.seq, do: do}
	heap.Push(&t.heap, tm)
	return tm
}

// stop takes a timer out. A nil timer, and one that has run, is fine.
func (t *timers) stop(tm *timer) {
	if tm != nil && tm.index >= 0 {
		heap.Remove(&t.heap, tm.index)
	}
}

// due takes out the next timer if its time has come.
func (t *timers) due(now time.Time) *timer {
	if len(t.heap) == 0 || t.heap[0].at.After(now) {
		return nil
	}
	return heap.Pop(&t.heap).(*timer)
}

// next is when the next timer is due.
func (t *timers) next() (time.Time, bool) {
	if len(t.heap) == 0 {
		return time.Time{}, false
	}
	return t.heap[0].at, true
}

type timerHeap []*timer

func (h timerHeap) Len() int { return len(h) }

func (h timerHeap) Less(i, j int) bool {
	if h[i].at.Equal(h[j].at) {
		return h[i].seq < h[j].seq
	}
	return h[i].at.Before(h[j].at)
}

func (h timerHeap) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].index, h[j].index = i, j
}

func (h *timerHeap) Push(x any) {
	tm := x.(*timer)
	tm.index = len(*h)
	*h = append(*h, tm)
}

func (h *timerHeap) Pop() any {
	last := len(*h) - 1
	tm := (*h)[last]
	(*h)[last] = nil
	*h = (*h)[:last]
	tm.index = -1
	return tm
}
