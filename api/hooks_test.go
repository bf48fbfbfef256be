package api

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"time"
)

// hookOf is a gateway's hook with that secret. What is offered stands in the
// header Apikey; the part of it up to a colon lasts, and what is after it has to
// be the secret.
func hookOf(secret string) Hook {
	return func(w http.ResponseWriter, r *http.Request, try Try) {
		offer := r.Header.Get("Apikey")
		lasting, rest, once := strings.Cut(offer, ":")
		if !once {
			lasting, rest = offer, offer
		}
		right := false
		switch wait := try(offer, lasting, func() bool {
			runtime.Gosched() // lets others in between, if anything can
			right = strings.HasPrefix(rest, secret)
			return right
		}); {
		case wait > 0:
			w.Header().Set("Retry-After", fmt.Sprint(wait.Seconds()))
			w.WriteHeader(http.StatusTooManyRequests)
		case !right:
			w.WriteHeader(http.StatusUnauthorized)
		default:
			w.WriteHeader(http.StatusNoContent)
		}
	}
}

// hookRig has two gateways with hooks behind one address.
func hookRig(t *testing.T) (r *rig, post func(gateway, offer string) int) {
	t.Helper()
	r = newRig(t, func(c *Config) {
		withTokens(c)
		c.Hooks = hookTable{"cloud": hookOf("right"), "other": hookOf("right too")}
	})
	r.client = "192.0.2.1:1000"
	return r, func(gateway, offer string) int {
		t.Helper()
		req := r.request(http.MethodPost, "/hooks/"+gateway, "{}")
		req.Header.Set("Apikey", offer)
		w := httptest.NewRecorder()
		r.handler.ServeHTTP(w, req)
		return w.Code
	}
}

func TestGuessersOfHooksAreLimited(t *testing.T) {
	r, post := hookRig(t)
	status := func(what string, got, want int) {
		t.Helper()
		if got != want {
			t.Errorf("%s: %d, want %d", what, got, want)
		}
	}
	for i := range failedBurst {
		status("a guess", post("cloud", fmt.Sprint("guess ", i)), 401)
	}
	status("one guess more", post("cloud", "another guess"), 429)
	status("a guess that is right", post("cloud", "right"), 429)
	status("a hook of another PBX behind that address", post("other", "right too"), 204)
	r.token = viewerSecret
	r.ok(http.MethodGet, "/ob/plans", "") // nor are tokens held up
	r.client = "192.0.2.2:1000"
	status("from another address", post("cloud", "right"), 204)
	r.client = "192.0.2.1:2000"
	r.clock.advance(failedEvery)
	status("6 s later", post("cloud", "right"), 204)
	status("a guess then", post("cloud", "a new guess"), 401)
	status("the next one", post("cloud", "a newer guess"), 429)
	status("the PBX meanwhile", post("cloud", "right"), 204)

	r.token = "guess"
	for range 2 * failedBurst {
		r.token += "x"
		r.do(http.MethodGet, "/ob/plans", "")
	}
	status("while tokens are guessed", post("other", "right too"), 204)
	r.clock.advance(trustedFor)
	for i := range failedBurst {
		post("cloud", fmt.Sprint("late guess ", i))
	}
	status("a day later", post("cloud", "right"), 429)
}

// TestAnswersToChallengesOutlastGuesses: an answer to a challenge is good once,
// so what the PBX sends is new each time, as a guess is.
func TestAnswersToChallengesOutlastGuesses(t *testing.T) {
	_, post := hookRig(t)
	if got := post("cloud", "user:right 0"); got != 204 {
		t.Fatalf("the first hook: %d", got)
	}
	for i := range 3 * failedBurst {
		want := 401
		if i >= failedBurst {
			want = 429
		}
		if got := post("cloud", fmt.Sprint("user:guess ", i)); got != want {
			t.Errorf("guess %d: %d, want %d", i, got, want)
		}
		if got := post("cloud", fmt.Sprint("user:right ", i)); got != 204 {
			t.Errorf("the PBX beside guess %d: %d", i, got)
		}
	}
	if got := post("cloud", "somebody:right"); got != 429 {
		t.Errorf("another user while there are guesses: %d, want 429", got)
	}
}

// TestASecretOfLastYearHoldsUpNoHooks: a PBX that was not told of the new secret
// is no guesser.
func TestASecretOfLastYearHoldsUpNoHooks(t *testing.T) {
	_, post := hookRig(t)
	for i := range 5 * failedBurst {
		if got := post("cloud", "of last year"); got != 401 && (i <= failedBurst || got != 429) {
			t.Errorf("try %d: %d", i, got)
		}
	}
	if got := post("cloud", "right"); got != 204 {
		t.Errorf("a hook of the other PBX: %d", got)
	}
}

func TestRefusedHooksFillNoLog(t *testing.T) {
	r, post := hookRig(t)
	for i := range 5 * failedBurst {
		post("cloud", fmt.Sprint("guess ", i))
	}
	for line := range strings.Lines(r.log.String()) {
		if !strings.Contains(line, "level=DEBUG") {
			t.Fatalf("the log has %s", line)
		}
	}
}

// TestParallelGuessesOfHooks: a burst gets no more than one after the other.
func TestParallelGuessesOfHooks(t *testing.T) {
	_, post := hookRig(t)
	answers := make(chan int)
	for i := range 10 * failedBurst {
		go func() { answers <- post("cloud", fmt.Sprint("guess ", i)) }()
	}
	got := map[int]int{}
	timeout := time.After(time.Minute)
	for range 10 * failedBurst {
		select {
		case status := <-answers:
			got[status]++
		case <-timeout:
			t.Fatal("no answer")
		}
	}
	if got[401] != failedBurst || got[429] != 9*failedBurst {
		t.Errorf("answers %v, want %d times 401", got, failedBurst)
	}
}
