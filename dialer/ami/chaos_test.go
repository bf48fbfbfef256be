package ami_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/outpace/outpace/dialer/ami"
	"github.com/outpace/outpace/dialer/ami/amitest"
)

// journal notes what reached the PBX.
type journal struct {
	mu   sync.Mutex
	seen map[string]int
}

func (j *journal) note(id string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.seen[id]++
}

func (j *journal) times(id string) int {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.seen[id]
}

// TestUnreliablePBX has callers send actions to a PBX that stalls, cuts
// messages in two, forgets replies and hangs up, all at random. Whatever
// happens, what the client says must be true: an action told as not sent never
// reached the PBX, a successful one did, and none did twice.
func TestUnreliablePBX(t *testing.T) {
	for seed := range uint64(10) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			bubble(t, func(t *testing.T) { unreliable(t, seed) })
		})
	}
}

func unreliable(t *testing.T, seed uint64) {
	log := &journal{seen: map[string]int{}}
	var connection atomic.Uint64
	script := acceptAnd(func(p *amitest.Peer) error {
		random := rand.New(rand.NewPCG(seed, connection.Add(1)))
		for {
			a, err := p.Read()
			if err != nil {
				return err
			}
			log.note(a.ActionID())
			wire, err := amitest.Reply(a, "Success").AppendTo(nil)
			if err != nil {
				return err
			}
			switch random.IntN(12) {
			case 0:
				return p.Raw(string(wire[:random.IntN(len(wire))]))
			case 1:
				return nil
			case 2:
				continue // no reply
			case 3:
				<-time.After(time.Duration(random.IntN(50)) * time.Second)
			}
			if err := p.Split(string(wire), 1+random.IntN(40)); err != nil {
				return err
			}
		}
	})
	c := start(t, amitest.NewServer(t, script).Config())
	var callers sync.WaitGroup
	for caller := range 8 {
		callers.Go(func() {
			for i := range 40 {
				id := fmt.Sprintf("%d-%d", caller, i)
				ctx, cancel := context.WithTimeout(context.Background(), 8*time.Second)
				_, err := c.Do(ctx, ami.Action{Name: "Any", Headers: ami.Message{{Key: "ActionID", Value: id}}})
				cancel()
				check(t, log, id, err)
				<-time.After(time.Second)
			}
		})
	}
	callers.Wait()
	if err := c.Close(); err != nil {
		t.Error(err)
	}
	if n := c.Stats().Reconnects; n < 5 {
		t.Errorf("only %d reconnects", n)
	}
}

func check(t *testing.T, log *journal, id string, err error) {
	times := log.times(id)
	switch {
	case times > 1:
		t.Errorf("%s reached the PBX %d times", id, times)
	case err == nil && times != 1:
		t.Errorf("%s succeeded and reached the PBX %d times", id, times)
	case errors.Is(err, ami.ErrNotSent) && times != 0:
		t.Errorf("%s reached the PBX, told as %v", id, err)
	case err != nil && !errors.Is(err, ami.ErrNotSent) && !errors.Is(err, ami.ErrOutcomeUnknown):
		t.Errorf("%s: %v", id, err)
	}
}
