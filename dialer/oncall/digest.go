package oncall

import (
	"crypto/hmac"
	"crypto/md5" //nolint:gosec // what Digest authentication is made of
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"hash"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

const (
	// realm is what user and password are for.
	realm = "outpace"
	// nonceLife is how long a nonce is good.
	nonceLife = 5 * time.Minute
	// maxNonces bounds how many nonces are remembered as used.
	maxNonces = 10_000
)

// challenger checks Basic (RFC 7617) and Digest (RFC 7616) authentication.
type challenger struct {
	user, password string
	key            []byte // signs nonces

	mu   *sync.Mutex
	used map[string]use // by nonce
}

// use is how far a nonce has been used.
type use struct {
	count uint64
	until time.Time
}

func newChallenger(user, password string) challenger {
	key := make([]byte, sha256.Size)
	_, _ = rand.Read(key) // never fails
	return challenger{user: user, password: password, key: key, mu: new(sync.Mutex), used: map[string]use{}}
}

// check reports whether a request is authenticated, and else with what
// challenge to answer it. Without a password nothing is. stale says that it
// failed by nothing but the age of its nonce.
func (c challenger) check(r *http.Request, now time.Time) (challenge string, good, stale bool) {
	if c.password == "" {
		return "", false, false
	}
	if user, password, basic := r.BasicAuth(); basic {
		return c.ask(now, false), c.same(user, c.user) && c.same(password, c.password), false
	}
	if p := digestOf(r); p != nil {
		good, stale = c.digest(r, p, now)
	}
	return c.ask(now, stale), good, stale
}

// offer is what check compares with user and password. An answer to a challenge
// that was not ours, as a client has it that knew us before a restart, is
// compared with nothing.
func (c challenger) offer(r *http.Request) (offer, lasting string) {
	given := r.Header.Get("Authorization")
	if _, _, basic := r.BasicAuth(); basic {
		return given, given
	}
	p := digestOf(r)
	if _, ours := c.made(p["nonce"]); !ours {
		return "", ""
	}
	return given, "Digest " + p["username"]
}

// digestOf returns the parameters of a Digest answer, nil if there is none.
func digestOf(r *http.Request) map[string]string {
	scheme, rest, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Digest") {
		return nil
	}
	return parameters(rest)
}

// same compares without telling by its time where the difference is.
func (c challenger) same(a, b string) bool {
	x, y := sha256.Sum256([]byte(a)), sha256.Sum256([]byte(b))
	return subtle.ConstantTimeCompare(x[:], y[:]) == 1
}

// ask is the challenge. Digest comes first: a client that reads one scheme
// only reads that one.
func (c challenger) ask(now time.Time, stale bool) string {
	s := `Digest realm="` + realm + `", qop="auth", algorithm=MD5, nonce="` + c.nonce(now) + `"`
	if stale {
		s += ", stale=true"
	}
	return s + `, Basic realm="` + realm + `"`
}

// nonce is random and says when it was made, signed.
func (c challenger) nonce(now time.Time) string {
	salt := make([]byte, 8)
	_, _ = rand.Read(salt) // never fails
	text := strconv.FormatInt(now.Unix(), 16) + "-" + hex.EncodeToString(salt)
	return text + "-" + c.signature(text)
}

func (c challenger) signature(text string) string {
	mac := hmac.New(sha256.New, c.key)
	mac.Write([]byte(text))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil)[:18])
}

// made returns when we made a nonce.
func (c challenger) made(nonce string) (time.Time, bool) {
	parts := strings.SplitN(nonce, "-", 3)
	if len(parts) != 3 || !hmac.Equal([]byte(c.signature(parts[0]+"-"+parts[1])), []byte(parts[2])) {
		return time.Time{}, false
	}
	unix, err := strconv.ParseInt(parts[0], 16, 64)
	return time.Unix(unix, 0), err == nil
}

// digest checks a Digest answer. stale says that all was right but the age of
// the nonce, or its count.
func (c challenger) digest(r *http.Request, p map[string]string, now time.Time) (good, stale bool) {
	made, ours := c.made(p["nonce"])
	hashed := hashOf(p["algorithm"])
	if !ours || hashed == nil || p["realm"] != realm || p["uri"] != r.RequestURI ||
		p["qop"] != "" && p["qop"] != "auth" || !c.same(p["username"], c.user) {
		return false, false
	}
	a1 := hashed(c.user, realm, c.password)
	a2 := hashed(r.Method, p["uri"])
	want := hashed(a1, p["nonce"], a2)
	if p["qop"] != "" {
		want = hashed(a1, p["nonce"], p["nc"], p["cnonce"], p["qop"], a2)
	}
	if !c.same(strings.ToLower(p["response"]), want) {
		return false, false
	}
	if age := now.Sub(made); age > nonceLife || age < -time.Second || !c.first(p, made.Add(nonceLife), now) {
		return false, true
	}
	return true, false
}

// first reports whether the nonce has not been used with this count or a later
// one: an answer that was overheard is good for nothing.
func (c challenger) first(p map[string]string, until, now time.Time) bool {
	count := uint64(1) // without qop there is no count: one use
	if p["qop"] != "" {
		n, err := strconv.ParseUint(p["nc"], 16, 32)
		if err != nil || n == 0 {
			return false
		}
		count = n
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.used) >= maxNonces {
		for nonce, u := range c.used {
			if now.After(u.until) {
				delete(c.used, nonce)
			}
		}
		if len(c.used) >= maxNonces {
			return false // each comes back with a new nonce
		}
	}
	if count <= c.used[p["nonce"]].count {
		return false
	}
	c.used[p["nonce"]] = use{count: count, until: until}
	return true
}

// hashOf returns the hash of parts joined by colons, nil for an algorithm that
// we do not know.
func hashOf(algorithm string) func(parts ...string) string {
	var fresh func() hash.Hash
	switch {
	case algorithm == "" || strings.EqualFold(algorithm, "MD5"):
		fresh = md5.New
	case strings.EqualFold(algorithm, "SHA-256"):
		fresh = sha256.New
	default:
		return nil
	}
	return func(parts ...string) string {
		h := fresh()
		_, _ = h.Write([]byte(strings.Join(parts, ":")))
		return hex.EncodeToString(h.Sum(nil))
	}
}

// parameters reads name=value and name="value", separated by commas.
func parameters(s string) map[string]string {
	p := map[string]string{}
	for {
		s = strings.TrimLeft(s, " \t,")
		name, rest, ok := strings.Cut(s, "=")
		if !ok {
			return p
		}
		name, rest = strings.ToLower(strings.TrimSpace(name)), strings.TrimLeft(rest, " \t")
		var value string
		if strings.HasPrefix(rest, `"`) {
			value, s = quoted(rest[1:])
		} else {
			end := strings.IndexAny(rest, ", \t")
			if end < 0 {
				end = len(rest)
			}
			value, s = rest[:end], rest[end:]
		}
		if _, twice := p[name]; twice {
			return map[string]string{} // which one counts would be a guess
		}
		p[name] = value
	}
}

// quoted reads up to the closing quote and returns what is after it.
func quoted(s string) (value, rest string) {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '"':
			return b.String(), s[i+1:]
		case s[i] == '\\' && i+1 < len(s):
			i++
		}
		b.WriteByte(s[i])
	}
	return b.String(), ""
}
