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

	trustedFor  = 24 * time.Hour // how long a right secret is remembered where it was used
	trustedMost = 4096           // such secrets remembered at most
)

// attempts slows down clients that present wrong tokens, or wrong secrets of
// hooks. One lock covers the look at the buckets and the comparison, so that a
// burst of parallel guesses gets no more of them than one after the other would.
type attempts struct {
	now func() time.Time

	mu      sync.Mutex
	clients map[place]*failures
	trusted map[credential]time.Time // when it was last right
}

// place is where something is presented. Each gateway's hooks have guesses of
// their own: a secret gets no more of them than it would otherwise, and neither
// a wrong token nor another PBX behind the same address holds up its events.
type place struct {
	network netip.Prefix
	gateway string // whose hook it is, "" for a token
}

// offer is what is presented, by its hash. What is good once only, as an answer
// of Digest authentication is, is known again by the part of it that lasts.
type offer struct {
	secret, lasting [sha256.Size]byte
}

// offerOf hashes an offer.
func offerOf(secret, lasting string) offer {
	return offer{sha256.Sum256([]byte(secret)), sha256.Sum256([]byte(lasting))}
}

// credential is what lasts of an offer, where it was made. Whoever presents a
// secret that was right there before learns nothing by being let in, so it is
// listened to even while somebody else at that address guesses: he must not lock
// out the rightful. Of Digest only the user's name lasts: whoever knows it may
// guess on at an address from where the PBX itself has been right. Events of calls
// matter more, and a password worth its name is not found that way.
type credential struct {
	place   place
	lasting [sha256.Size]byte
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
	return &attempts{now: now, clients: make(map[place]*failures), trusted: make(map[credential]time.Time)}
}

// try calls check for an offer, unless its place has failed too often and the
// offer was not right there lately; then it returns how long the client has to
// wait. A failed check is counted, a good one is not.
func (a *attempts) try(from place, given offer, check func() bool) (ok bool, wait time.Duration) {
	now := a.now()
	a.mu.Lock()
	defer a.mu.Unlock()
	failed := a.clients[from]
	own := credential{from, given.lasting}
	if last, ok := a.trusted[own]; failed != nil && !(ok && now.Sub(last) < trustedFor) {
		if wait := missing(failed.guesses, now); wait > 0 {
			return false, wait
		}
	}
	if check() {
		a.trust(own, now)
		return true, 0
	}
	if failed == nil {
		a.makeRoom(now)
		failed = &failures{
			guesses: rate.NewLimiter(rate.Every(failedEvery), failedBurst),
			repeats: rate.NewLimiter(rate.Every(failedEvery), failedBurst),
		}
		a.clients[from] = failed
	}
	return false, failed.count(now, given.secret)
}

// trust remembers a right secret; of too many the one that was used the
// longest ago is forgotten.
func (a *attempts) trust(own credential, now time.Time) {
	if _, known := a.trusted[own]; !known && len(a.trusted) >= trustedMost {
		oldest, last := own, now
		for c, used := range a.trusted {
			if !used.After(last) {
				oldest, last = c, used
			}
		}
		delete(a.trusted, oldest)
	}
	a.trusted[own] = now
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
	if wait := missing(f.guesses, now); wait > 0 { // it was listened to all the same
		return wait
	}
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
	var mildest place
	most := math.Inf(-1)
	for from, failed := range a.clients {
		left := min(failed.guesses.TokensAt(now), failed.repeats.TokensAt(now))
		if left >= failedBurst {
			delete(a.clients, from)
		}
		if left > most {
			mildest, most = from, left
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
