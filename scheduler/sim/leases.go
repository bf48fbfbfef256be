package sim

import (
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/outpace/outpace/results"
)

// Leases are those of a database that engines share, as Postgres keeps them.
// They may be used by several goroutines.
type Leases struct {
	now func() time.Time

	mu    sync.Mutex
	terms []time.Time // when each began
	by    map[string]leaseTerm
	there map[string]time.Time // engines, until when
}

type leaseTerm struct {
	holder, token string
	until         time.Time
}

// NewLeases returns leases of which none is taken, by a clock.
func NewLeases(now func() time.Time) *Leases {
	return &Leases{now: now, by: map[string]leaseTerm{}, there: map[string]time.Time{}}
}

func (l *Leases) acquire(name, holder string, ttl time.Duration) (token string, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	term, now := l.by[name], l.now()
	if term.holder != holder && now.Before(term.until) {
		return "", false
	}
	if term.holder != holder {
		l.terms = append(l.terms, now)
		term = leaseTerm{holder: holder, token: fmt.Sprintf("term-%d", len(l.terms))}
	}
	term.until = now.Add(ttl)
	l.by[name] = term
	return term.token, true
}

// attend is Attend of a store.
func (l *Leases) attend(holder string, ttl time.Duration) (engines int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	l.there[holder] = now.Add(ttl)
	for other, until := range l.there {
		if other == holder || now.Before(until) {
			engines++
		}
	}
	return engines
}

func (l *Leases) release(name, token string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.by[name].token == token {
		delete(l.by, name)
	}
}

// held runs op while nobody can take the lease away, if token holds one.
func (l *Leases) held(token string, op func() error) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, term := range l.by {
		if term.token == token && l.now().Before(term.until) {
			return op()
		}
	}
	return results.ErrLeaseLost
}

// Owner returns who holds a lease, "" if it has run out.
func (l *Leases) Owner(name string) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	if term := l.by[name]; l.now().Before(term.until) {
		return term.holder
	}
	return ""
}

// Terms are the times at which somebody took a lease that he did not have.
// There are none in no leases.
func (l *Leases) Terms() []time.Time {
	if l == nil {
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.terms)
}
