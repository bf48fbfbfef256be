package sim_test

import (
	"fmt"
	"sync"
	"time"

	"github.com/outpace/outpace/results"
)

// leases are those of a database that two engines share, as Postgres keeps
// them; SQLite itself has none. All methods may be called on nil, which is
// SQLite.
type leases struct {
	mu    sync.Mutex
	terms int
	by    map[string]leaseTerm
}

type leaseTerm struct {
	holder, token string
	until         time.Time
}

func (l *leases) acquire(name, holder string, ttl time.Duration) (token string, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	term, now := l.by[name], time.Now()
	if term.holder != holder && now.Before(term.until) {
		return "", false
	}
	if term.holder != holder {
		l.terms++
		term = leaseTerm{holder: holder, token: fmt.Sprintf("term-%d", l.terms)}
	}
	term.until = now.Add(ttl)
	l.by[name] = term
	return term.token, true
}

func (l *leases) release(name, token string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.by[name].token == token {
		delete(l.by, name)
	}
}

// held runs op while nobody can take the lease away, if token holds one.
func (l *leases) held(token string, op func() error) error {
	if l == nil {
		return op()
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, term := range l.by {
		if term.token == token && time.Now().Before(term.until) {
			return op()
		}
	}
	return results.ErrLeaseLost
}
