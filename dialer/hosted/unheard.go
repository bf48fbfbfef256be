package hosted

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// refusedEvery is how often refused hooks are told of at most.
const refusedEvery = time.Minute

// hookRefusal is why a hook was refused.
type hookRefusal int

const (
	hookWrong      hookRefusal = iota // the secret was wrong
	hookLimited                       // too many wrong ones came from there
	hookUnreadable                    // it is the PBX's, and cannot be read
	hookBare                          // there was nothing to compare, or it has to be sent again
	hookRefusals
)

// refusals counts refused hooks between two lines of the log: whoever posts to
// us without end must not fill it.
type refusals struct {
	mu    sync.Mutex
	told  time.Time // when they were told of last
	first time.Time // the first one that is not told yet
	n     [hookRefusals]int
	err   error // of the last one that could not be read
	in    bool  // one was let in since
}

// add counts a refused hook.
func (r *refusals) add(why hookRefusal, err error, now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.n == [hookRefusals]int{} {
		r.first = now
	}
	r.n[why]++
	if err != nil {
		r.err = err
	}
}

// let notes that a hook was let in.
func (r *refusals) let() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.in = true
}

// due returns what to tell, nil if there is nothing or not yet. A client of
// Digest authentication comes without anything first, so such ones are told of
// only if a minute has passed and nobody was let in.
func (r *refusals) due(now time.Time) []slog.Attr {
	r.mu.Lock()
	defer r.mu.Unlock()
	bare := r.n[hookBare]
	serious := r.n[hookWrong] + r.n[hookLimited] + r.n[hookUnreadable]
	old := now.Sub(r.first) >= refusedEvery
	if serious+bare == 0 || serious == 0 && !old || now.Sub(r.told) < refusedEvery {
		return nil
	}
	if r.in {
		bare = 0
	}
	var attrs []slog.Attr
	if serious+bare > 0 {
		attrs = []slog.Attr{
			slog.Int("count", serious+bare), slog.Int("wrong_secret", r.n[hookWrong]), slog.Int("no_secret", bare),
			slog.Int("too_many_wrong", r.n[hookLimited]), slog.Int("unreadable", r.n[hookUnreadable]),
		}
		if r.err != nil {
			attrs = append(attrs, slog.Any("error", r.err))
		}
		r.told = now
	}
	r.n, r.err, r.in = [hookRefusals]int{}, nil, false
	return attrs
}

// refuseHook counts a refused hook; the first in a minute is told of at once.
func (g *Gateway) refuseHook(why hookRefusal, err error) {
	g.unheard.add(why, err, time.Now())
	g.tellUnheard()
}

// tellUnheard writes the line about refused hooks when it is time.
func (g *Gateway) tellUnheard() {
	if attrs := g.unheard.due(time.Now()); attrs != nil {
		g.log.LogAttrs(context.Background(), slog.LevelWarn, "hooks were refused", attrs...)
	}
}
