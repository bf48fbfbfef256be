package hosted

import (
	"errors"
	"io"
	"log/slog"
	"net/http"
)

// hookLimit bounds the body of a hook, in bytes.
const hookLimit = 256 << 10

// Hook serves what the PBX posts to us. It is safe to post again: what is
// known already changes nothing.
func (g *Gateway) Hook(w http.ResponseWriter, r *http.Request) {
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
	news, challenge, err := hooked.Hook(r, body)
	switch {
	case errors.Is(err, ErrForbidden):
		g.log.Warn("hook refused: it is not authenticated")
		if challenge != "" {
			w.Header().Set("WWW-Authenticate", challenge)
		}
		http.Error(w, "not authenticated", http.StatusUnauthorized)
	case err != nil:
		g.log.Warn("hook refused: it cannot be read", slog.Any("error", err))
		http.Error(w, "the hook cannot be read", http.StatusBadRequest)
	default:
		g.hear(news)
		w.WriteHeader(http.StatusNoContent)
	}
}
