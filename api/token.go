package api

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
)

// Role is what the bearer of a token may do.
type Role string

// The roles, each of which may do all that the one before it may.
const (
	Viewer   Role = "viewer"   // read
	Operator Role = "operator" // change a campaign's status, end a dialing, create and change entries
	Admin    Role = "admin"    // all
)

// rank orders the roles; 0 is no role.
func (r Role) rank() int {
	switch r {
	case Viewer:
		return 1
	case Operator:
		return 2
	case Admin:
		return 3
	}
	return 0
}

// includes reports whether r may do what takes at least the role least.
func (r Role) includes(least Role) bool { return least.rank() > 0 && r.rank() >= least.rank() }

// Token is a token as the settings keep it: not the secret, only its hash.
type Token struct {
	Name string // for people
	Role Role
	Hash string // "sha256:" and 64 hexadecimal digits, see HashToken
}

// The marks around a token.
const (
	hashPrefix   = "sha256:"
	secretPrefix = "outpace_"
	secretBytes  = 32
)

// Validate reports what is wrong with a token's settings.
func (t Token) Validate() error {
	if t.Role.rank() == 0 {
		return fmt.Errorf("role must be %s, %s or %s, not %q", Viewer, Operator, Admin, t.Role)
	}
	_, err := t.sum()
	return err
}

// sum returns the hash as bytes.
func (t Token) sum() ([sha256.Size]byte, error) {
	var sum [sha256.Size]byte
	digits, ok := strings.CutPrefix(t.Hash, hashPrefix)
	if !ok || len(digits) != hex.EncodedLen(len(sum)) {
		return sum, errors.New("hash must be sha256: and 64 hexadecimal digits")
	}
	if _, err := hex.Decode(sum[:], []byte(digits)); err != nil {
		return sum, errors.New("hash must be sha256: and 64 hexadecimal digits")
	}
	return sum, nil
}

// HashToken returns the hash of a token's secret in the form of Token.Hash.
func HashToken(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hashPrefix + hex.EncodeToString(sum[:])
}

// NewToken makes a token's secret from 256 random bits, and its hash.
func NewToken() (secret, hash string, err error) {
	random := make([]byte, secretBytes)
	if _, err := rand.Read(random); err != nil {
		return "", "", fmt.Errorf("api: read random bytes: %w", err)
	}
	secret = secretPrefix + base64.RawURLEncoding.EncodeToString(random)
	return secret, HashToken(secret), nil
}

// keyring compares secrets with the known tokens.
type keyring []key

type key struct {
	role Role
	sum  [sha256.Size]byte
}

func newKeyring(tokens []Token) (keyring, error) {
	ring := make(keyring, 0, len(tokens))
	for _, t := range tokens {
		sum, err := t.sum()
		if err != nil {
			return nil, err
		}
		ring = append(ring, key{role: t.Role, sum: sum})
	}
	return ring, nil
}

// role finds out whose secret it is, by its hash. It looks at every token
// whatever it has found, so that the time it takes tells nothing.
func (ring keyring) role(sum [sha256.Size]byte) (role Role, ok bool) {
	found := -1
	for i := range ring {
		found = subtle.ConstantTimeSelect(subtle.ConstantTimeCompare(sum[:], ring[i].sum[:]), i, found)
	}
	if found < 0 {
		return "", false
	}
	return ring[found].role, true
}
