package ami

import (
	"errors"
	"math/rand/v2"
	"time"
)

// authLimit is the longest pause after a refused login, in first pauses; the
// pause doubles up to it.
const authLimit = 10

// backoff computes the pauses between attempts.
type backoff struct {
	cfg  *Config
	link time.Duration // next pause after a failed link, before the jitter
	auth time.Duration // the same after a refused login
}

func newBackoff(cfg *Config) *backoff {
	return &backoff{cfg: cfg, link: cfg.BackoffMin, auth: cfg.AuthBackoff}
}

// next returns the pause after an attempt that failed with err and lasted so
// long. An attempt that outlived the longest pause was a good session, after
// which the pauses start anew.
func (b *backoff) next(err error, lasted time.Duration) time.Duration {
	if lasted > b.cfg.BackoffMax {
		b.link, b.auth = b.cfg.BackoffMin, b.cfg.AuthBackoff
	}
	if refused := (*AuthError)(nil); errors.As(err, &refused) {
		pause := b.auth
		b.auth = min(2*b.auth, authLimit*b.cfg.AuthBackoff)
		return jitter(pause)
	}
	pause := b.link
	b.link = min(2*b.link, b.cfg.BackoffMax)
	return jitter(pause)
}

// jitter returns a random time from half of d up to d, so that many clients
// of a PBX that restarts don't come at once.
func jitter(d time.Duration) time.Duration {
	return d/2 + rand.N(d/2+1)
}
