package api

import (
	"math"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// What a client may get wrong: failedBurst times at once, then once every
// failedEvery.
const (
	failedBurst   = 10
	failedEvery   = 6 * time.Second
	failedClients = 4096 // clients remembered at most
)

// attempts slows down clients that present wrong tokens. One lock covers the
// look at the bucket and the comparison, so that a burst of parallel guesses
// gets no more of them than one after the other would.
type attempts struct {
	now func() time.Time

	mu      sync.Mutex
	clients map[netip.Prefix]*rate.Limiter
}

func newAttempts(now func() time.Time) *attempts {
	return &attempts{now: now, clients: make(map[netip.Prefix]*rate.Limiter)}
}

// try calls check unless the client has failed too often; then it returns how
// long the client has to wait. A failed check is counted, a good one is not.
func (a *attempts) try(client netip.Addr, check func() bool) (ok bool, wait time.Duration) {
	network := networkOf(client)
	now := a.now()
	a.mu.Lock()
	defer a.mu.Unlock()
	bucket := a.clients[network]
	if bucket != nil {
		if missing := 1 - bucket.TokensAt(now); missing > 0 {
			return false, time.Duration(math.Ceil(missing * float64(failedEvery)))
		}
	}
	if check() {
		return true, 0
	}
	if bucket == nil {
		a.makeRoom(now)
		bucket = rate.NewLimiter(rate.Every(failedEvery), failedBurst)
		a.clients[network] = bucket
	}
	bucket.AllowN(now, 1)
	return false, 0
}

// makeRoom keeps the number of clients bounded: those whose failures are
// forgiven go first, and if there are none, the one with the fewest.
func (a *attempts) makeRoom(now time.Time) {
	if len(a.clients) < failedClients {
		return
	}
	var mildest netip.Prefix
	most := math.Inf(-1)
	for network, bucket := range a.clients {
		left := bucket.TokensAt(now)
		if left >= failedBurst {
			delete(a.clients, network)
		}
		if left > most {
			mildest, most = network, left
		}
	}
	if len(a.clients) >= failedClients {
		delete(a.clients, mildest)
	}
}

// networkOf is what one client can be told by: its address, or for IPv6 its
// network, since a client has all the addresses in it.
func networkOf(client netip.Addr) netip.Prefix {
	client = client.Unmap().WithZone("")
	bits := client.BitLen()
	if client.Is6() {
		bits = 64
	}
	network, err := client.Prefix(bits)
	if err != nil { // the zero Addr: all unknown clients share one bucket
		return netip.Prefix{}
	}
	return network
}
