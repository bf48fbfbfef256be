package hosted

import (
	"errors"
	"io"
	"net/http"
	"strconv"
	"time"
)

// hookLimit bounds the body of a hook, in bytes.
const hookLimit = 256 << 10

// Try calls check, which reports whether a hook's offer is right, unless too many
// wrong ones came from where it comes from; wait is how long to tell the client
// to stay away, 0 if it need not.
type Try = func(offer, lasting string, check func() (right bool)) (wait time.Duration)

// Hook serves what the PBX posts to us. It is safe to post again: what is
// known already changes nothing. Who posts nothing that can be right learns
// nothing: try is not asked, so that the first request of Digest
// authentication, which is without, always gets its challenge.
func (g *Gateway) Hook(w http.ResponseWriter, r *http.Request, try Try) {
	hooked, ok := g.kind.PBX.(Hooked)
	switch {
	case !ok:
		http.Error(w, "this gateway's PBX has no hooks", http.StatusNotFound)
		return
	case r.Method != http.MethodPost:
		w.Header().Set("Allow", http.MethodPost)
		http.Error(w, "hooks are posted", http.StatusMethodNotAllowed)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, hookLimit))
	if err != nil {
		status := http.StatusBadRequest
		if _, large := errors.AsType[*http.MaxBytesError](err); large {
			status = http.StatusRequestEntityTooLarge
		}
		http.Error(w, "the hook's body cannot be read", status)
		return
	}
	var news []News
	var challenge string
	check := func() bool {
		news, challenge, err = hooked.Hook(r, body)
		return !errors.Is(err, ErrForbidden) || errors.Is(err, ErrStale)
	}
	var wait time.Duration
	offer, lasting := hooked.Offer(r)
	if offer != "" {
		wait = try(offer, lasting, check)
	} else {
		check()
	}
	switch {
	case wait > 0:
		g.refuseHook(hookLimited, nil)
		w.Header().Set("Retry-After", strconv.FormatInt(int64((wait+time.Second-1)/time.Second), 10))
		http.Error(w, "too many wrong secrets came from this address", http.StatusTooManyRequests)
	case errors.Is(err, ErrForbidden):
		why := hookWrong
		if offer == "" || errors.Is(err, ErrStale) {
			why = hookBare
		}
		g.refuseHook(why, nil)
		if challenge != "" {
			w.Header().Set("WWW-Authenticate", challenge)
		}
		http.Error(w, "not authenticated", http.StatusUnauthorized)
	case err != nil:
		g.refuseHook(hookUnreadable, err)
		http.Error(w, "the hook cannot be read", http.StatusBadRequest)
	default:
		g.unheard.let()
		g.hear(news)
		w.WriteHeader(http.StatusNoContent)
	}
}
