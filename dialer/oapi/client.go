package oapi

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/url"
	"strings"
)

// app is who we are to the PBX.
type app struct{ id, secret string }

// hash is the PBX's proof that whoever wrote the parts knows the secret.
func hash(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "")))
	return hex.EncodeToString(sum[:])
}

// header proves a request that places a call or fetches a token.
func (a app) header() http.Header {
	return http.Header{
		"X-Auth-App-Id":   {a.id},
		"X-Auth-App-Hash": {hash(a.id, a.secret)},
	}
}

// param is one parameter of a signed request.
type param struct{ name, value string }

// signed makes the query of a list: the parameters and the hash over the app's
// id, their values in the order given, and the secret.
func (a app) signed(params ...param) url.Values {
	query := url.Values{"appId": {a.id}}
	parts := []string{a.id}
	for _, p := range params {
		query.Set(p.name, p.value)
		parts = append(parts, p.value)
	}
	query.Set("hash", hash(append(parts, a.secret)...))
	return query
}
