package oncall

import (
	"context"
	"log/slog"
	"net/url"
	"strings"
	"sync"
	"time"
)

const (
	// queuesGood is how long a list of queues is good.
	queuesGood = time.Minute
	// queuesSoon is how long at least it is used, whatever is missing in it.
	queuesSoon = 10 * time.Second
)

// queue is a call queue (6.1).
type queue struct {
	ID     text `json:"id"`
	Number text `json:"extension_number"`
	Name   text `json:"name"`
}

// queueBook knows the PBX's queues for a while.
type queueBook struct {
	mu     sync.Mutex
	list   []queue
	read   time.Time
	warned map[string]bool
}

// queueOf finds a queue by its id, its number or its name, which ignores case
// if it has to. Queues are listed again when the book is old or lacks one.
func (p *pbx) queueOf(ctx context.Context, name string) (queue, bool, error) {
	p.queues.mu.Lock()
	defer p.queues.mu.Unlock()
	q, ok, old := p.queues.look(name, time.Now())
	if old {
		list, err := p.listQueues(ctx)
		if err != nil {
			return queue{}, false, err
		}
		p.queues.list, p.queues.read = list, time.Now()
		q, ok = find(list, name)
	}
	if !ok && !p.queues.warned[name] {
		if p.queues.warned == nil {
			p.queues.warned = map[string]bool{}
		}
		p.queues.warned[name] = true
		p.log.WarnContext(ctx, "the PBX has no such call queue: its campaigns have no agents", slog.String("queue", name))
	}
	return q, ok, nil
}

// look finds a queue and says whether the list is too old to be believed.
func (b *queueBook) look(name string, now time.Time) (q queue, ok, old bool) {
	q, ok = find(b.list, name)
	age := now.Sub(b.read)
	return q, ok, b.read.IsZero() || age > queuesGood || !ok && age > queuesSoon
}

// forget has the queues listed again.
func (b *queueBook) forget() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.read = time.Time{}
}

func find(list []queue, name string) (queue, bool) {
	for _, is := range []func(queue) bool{
		func(q queue) bool { return string(q.ID) == name },
		func(q queue) bool { return string(q.Number) == name },
		func(q queue) bool { return string(q.Name) == name },
		func(q queue) bool { return strings.EqualFold(string(q.Name), name) },
	} {
		for _, q := range list {
			if q.ID != "" && is(q) {
				return q, true
			}
		}
	}
	return queue{}, false
}

// queuePage is a page of 6.1.
type queuePage struct {
	paging

	Queues []queue `json:"queues"`
}

func (p *pbx) listQueues(ctx context.Context) ([]queue, error) {
	var list []queue
	seen := map[text]bool{}
	err := pages(ctx, p, "/api/call_queues/list", nil, func(page queuePage) (paging, int, int) {
		before := len(list)
		for _, q := range page.Queues {
			if !seen[q.ID] {
				seen[q.ID] = true
				list = append(list, q)
			}
		}
		return page.paging, len(page.Queues), len(list) - before
	})
	return list, err
}

// member is an agent of a queue (6.2).
type member struct {
	Exten      text `json:"extension_number"`
	First      text `json:"first_name"`
	Last       text `json:"last_name"`
	LoggedIn   text `json:"is_logged_in"`
	Registered text `json:"is_registered"`
	Calling    text `json:"is_oncalling"`
}

func (p *pbx) members(ctx context.Context, id text) ([]member, error) {
	var answer struct {
		Members []member `json:"members"`
	}
	err := p.get(ctx, "/api/call_queues/show", url.Values{"id": {string(id)}}, &answer)
	if nonexistent(err) {
		p.queues.forget() // deleted since the list was read
		return nil, nil
	}
	return answer.Members, err
}
