package hostedsim

import (
	"bytes"
	"maps"
	"net/http"
	"time"

	"github.com/google/uuid"
)

// NewToken makes a token that is good for TokenLife, or until the fault
// Expired strikes. expires is by our clock.
func (w *World) NewToken() (token string, expires time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	token, expires = uuid.NewString(), time.Now().Add(w.cfg.TokenLife)
	w.tokens[token] = expires
	return token, expires
}

// TokenLife is how long tokens are good.
func (w *World) TokenLife() time.Duration { return w.cfg.TokenLife }

// GoodToken reports whether a token is good.
func (w *World) GoodToken(token string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return time.Now().Before(w.tokens[token])
}

// ExpireTokens makes all tokens bad.
func (w *World) ExpireTokens() {
	w.mu.Lock()
	defer w.mu.Unlock()
	clear(w.tokens)
}

// Handler adds the faults and the PBX's clock to the simulated API.
func (w *World) Handler(api http.Handler) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		w.Count("requests")
		f := w.Faults()
		if f.Refuse {
			hangUp(rw)
			return
		}
		if w.happens(f.Expired) {
			w.ExpireTokens()
		}
		if w.happens(f.Slow) && !w.late(r, f.Late) {
			return
		}
		rw.Header().Set("Date", w.Now().UTC().Format(http.TimeFormat))
		switch {
		case w.happens(f.ServerError):
			http.Error(rw, "internal error", http.StatusInternalServerError)
		case w.happens(f.Lost):
			api.ServeHTTP(newRecord(), r)
			hangUp(rw)
		case w.happens(f.Malformed):
			rec := newRecord()
			api.ServeHTTP(rec, r)
			rec.cut(rw)
		default:
			api.ServeHTTP(rw, r)
		}
	})
}

func (w *World) late(r *http.Request, by time.Duration) bool {
	timer := time.NewTimer(by)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-r.Context().Done():
		return false
	case <-w.ctx.Done():
		return false
	}
}

// hangUp closes the connection without an answer.
func hangUp(http.ResponseWriter) { panic(http.ErrAbortHandler) }

// record keeps an answer.
type record struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func newRecord() *record { return &record{header: http.Header{}, status: http.StatusOK} }

// Header is the answer's.
func (r *record) Header() http.Header { return r.header }

// WriteHeader keeps the status.
func (r *record) WriteHeader(status int) { r.status = status }

// Write keeps the body.
func (r *record) Write(b []byte) (int, error) { return r.body.Write(b) }

// cut sends the first half of the answer.
func (r *record) cut(rw http.ResponseWriter) {
	maps.Copy(rw.Header(), r.header)
	rw.Header().Del("Content-Length")
	rw.WriteHeader(r.status)
	_, _ = rw.Write(r.body.Bytes()[:r.body.Len()/2])
}

// hookLate is how much later a hook comes that others overtake, in units.
const hookLate = 2

// Hook sends a hook by calling send, with the faults that hooks may have. The
// watchers of a call are called in the order of its steps, so its hooks are
// sent in that order too.
func (w *World) Hook(send func(client *http.Client) error) {
	f := w.Faults()
	w.Count("hooks")
	client := &http.Client{Timeout: 5 * time.Second}
	deliver := func() {
		n := 1
		if w.happens(f.DoubleHook) {
			n = 2
		}
		for range n {
			if err := send(client); err != nil {
				w.Count("failed hooks")
			}
		}
		client.CloseIdleConnections()
	}
	switch {
	case w.happens(f.LostHook):
	case w.happens(f.MixedHook):
		w.wg.Go(func() {
			if w.pauseUnits(hookLate, nil) {
				deliver()
			}
		})
	default:
		deliver()
	}
}
