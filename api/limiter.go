package api

import (
	"crypto/sha256"
	"math"
	"net/netip"
	"slices"
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
	failedSecrets = 4    // wrong secrets remembered of each
)

// attempts slows down clients that present wrong tokens. One lock covers the
// look at the buckets and the comparison, so that a burst of parallel guesses
// gets no more of them than one after the other would.
type attempts struct {
	now func() time.Time

	mu      sync.Mutex
	clients map[netip.Prefix]*failures
}

// failures are one client's. A wrong secret that was not seen lately is a
// guess, and who has no guesses left is not listened to, or the limit would
// not stop the guess that is right. Presenting the same wrong one again tells
// a client nothing; it comes from a program with an old setting, and must not
// lock out the others on its host. So it is limited apart.
type failures struct {
	guesses, repeats *rate.Limiter
	seen             [failedSecrets][sha256.Size]byte
	oldest           int // of seen
}

func newAttempts(now func() time.Time) *attempts {
	return &attempts{now: now, clients: make(map[netip.Prefix]*failures)}
}

// try calls check for a secret, given by its hash, unless the client has
// failed too often; then it returns how long the client has to wait. A failed
// check is counted, a good one is not.
func (a *attempts) try(client netip.Addr, secret [sha256.Size]byte, check func() bool) (ok bool, wait time.Duration) {
	network := networkOf(client)
	now := a.now()
	a.mu.Lock()
	defer a.mu.Unlock()
	failed := a.clients[network]
	if failed != nil {
		if wait := missing(failed.guesses, now); wait > 0 {
			return false, wait
		}
	}
	if check() {
		return true, 0
	}
	if failed == nil {
		a.makeRoom(now)
		failed = &failures{
			guesses: rate.NewLimiter(rate.Every(failedEvery), failedBurst),
			repeats: rate.NewLimiter(rate.Every(failedEvery), failedBurst),
		}
		a.clients[network] = failed
	}
	return false, failed.count(now, secret)
}

// count notes a wrong secret. It returns how long to wait if it was one too
// many.
func (f *failures) count(now time.Time, secret [sha256.Size]byte) (wait time.Duration) {
	if slices.Contains(f.seen[:], secret) {
		if wait := missing(f.repeats, now); wait > 0 {
			return wait
		}
		f.repeats.AllowN(now, 1)
		return 0
	}
	f.seen[f.oldest] = secret
	f.oldest = (f.oldest + 1) % failedSecrets
	f.guesses.AllowN(now, 1)
	return 0
}

// missing is how long it takes until a bucket has something again.
func missing(bucket *rate.Limiter, now time.Time) time.Duration {
	return max(0, time.Duration(math.Ceil((1-bucket.TokensAt(now))*float64(failedEvery))))
}

// makeRoom keeps the number of clients bounded: those whose failures are
// forgiven go first, and if there are none, the one with the fewest.
func (a *attempts) makeRoom(now time.Time) {
	if len(a.clients) < failedClients {
		return
	}
	var mildest netip.Prefix
	most := math.Inf(-1)
	for network, failed := range a.clients {
		left := min(failed.guesses.TokensAt(now), failed.repeats.TokensAt(now))
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
	if err != nil { // the zero Addr: all unknown clients share one place
		return netip.Prefix{}
	}
	return network
}
