package oncall

import (
	"context"
	"strings"

	"github.com/outpace/outpace/dialer"
	"github.com/outpace/outpace/dialer/hosted"
)

// extension is an entry of 2.3.
type extension struct {
	Exten  text `json:"extension_number"`
	First  text `json:"first_name"`
	Last   text `json:"last_name"`
	Status text `json:"status"`
}

// extensionPage is a page of 2.3.
type extensionPage struct {
	paging

	Extensions []extension `json:"extensions"`
}

// Agents lists the members of the queues asked for (6.2) and the extensions
// asked for (2.3). A member who is not logged in to a queue is no agent of it.
// Without any pools it lists all extensions.
func (p *pbx) Agents(ctx context.Context, pools []dialer.Pool) ([]hosted.Agent, error) {
	var book agents
	wanted := map[string]bool{}
	for _, pool := range pools {
		if pool.Exten != "" {
			wanted[pool.Exten] = true
			continue
		}
		q, ok, err := p.queueOf(ctx, pool.Queue)
		if err != nil {
			return nil, err
		}
		if !ok {
			continue
		}
		list, err := p.members(ctx, q.ID)
		if err != nil {
			return nil, err
		}
		for _, m := range list {
			book.member(m, pool.Name())
		}
	}
	if len(wanted) > 0 || len(pools) == 0 {
		list, err := p.extensions(ctx)
		if err != nil {
			return nil, err
		}
		for _, e := range list {
			if len(pools) == 0 || wanted[string(e.Exten)] {
				book.extension(e)
			}
		}
	}
	return book.list, nil
}

func (p *pbx) extensions(ctx context.Context) ([]extension, error) {
	var list []extension
	seen := map[text]bool{}
	err := pages(ctx, p, "/api/extensions/list", nil, func(page extensionPage) (paging, int, int) {
		before := len(list)
		for _, e := range page.Extensions {
			if !seen[e.Exten] {
				seen[e.Exten] = true
				list = append(list, e)
			}
		}
		return page.paging, len(page.Extensions), len(list) - before
	})
	return list, err
}

// agents are put together from several answers.
type agents struct {
	list    []hosted.Agent
	at      map[text]int
	members map[text]bool // those of whom a queue has told
}

// of finds an agent, or begins him as one that is away.
func (a *agents) of(exten, first, last text) *hosted.Agent {
	if i, ok := a.at[exten]; ok {
		return &a.list[i]
	}
	if a.at == nil {
		a.at = map[text]int{}
	}
	a.at[exten] = len(a.list)
	// Pools is never nil: the PBX knows its queues.
	a.list = append(a.list, hosted.Agent{
		Exten: string(exten), Name: strings.TrimSpace(string(first + " " + last)), Pools: []string{},
	})
	return &a.list[len(a.list)-1]
}

func (a *agents) member(m member, pool string) {
	if m.Exten == "" {
		return
	}
	agent := a.of(m.Exten, m.First, m.Last)
	if a.members == nil {
		a.members = map[text]bool{}
	}
	a.members[m.Exten] = true
	if !m.LoggedIn.truth() {
		return
	}
	agent.Pools = append(agent.Pools, pool)
	switch {
	case !m.Registered.truth():
		agent.State = hosted.Away
	case m.Calling.truth():
		agent.State = hosted.Talking
	default:
		agent.State = hosted.Free
	}
}

// extension adds what the list of extensions says: whether he is offline. A
// queue that he is a member of has said more: if he is not logged in, he does
// not want to be rung.
func (a *agents) extension(e extension) {
	if e.Exten == "" {
		return
	}
	agent := a.of(e.Exten, e.First, e.Last)
	if !a.members[e.Exten] && !strings.EqualFold(string(e.Status), "OFFLINE") {
		agent.State = hosted.Unseen
	}
}
