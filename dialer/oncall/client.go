package oncall

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/outpace/outpace/dialer/hosted"
)

const (
	// pageSize is how many entries of a list are asked for at once.
	pageSize = 100
	// maxPages bounds one reading of a list.
	maxPages = 500
)

// Connect logs in.
func (p *pbx) Connect(ctx context.Context) error {
	_, err := p.session.Token(ctx)
	return err
}

// login fetches a tenant's token (1.1).
func (p *pbx) login(ctx context.Context) (hosted.Token, error) {
	var answer struct {
		AccessToken text `json:"access_token"`
		Expires     text `json:"expires"`
	}
	err := p.client.Do(ctx, hosted.Request{
		Method: http.MethodPost, Path: "/api/account/credentials/verify",
		JSON: map[string]string{"name": p.cfg.Username, "password": p.cfg.Password},
	}, &answer)
	if err != nil {
		return hosted.Token{}, explain(err)
	}
	token := hosted.Token{Value: string(answer.AccessToken)}
	if life := answer.Expires.seconds(); life > 0 {
		token.Expires = time.Now().Add(life)
	}
	return token, nil
}

// tokenHeader is the header called access_token, in the spelling that net/http
// gives it. Names of headers ignore case.
const tokenHeader = "Access_token"

// sign puts the token where the page wants it: into a header of its own.
func sign(r *hosted.Request, token string) {
	r.Header = r.Header.Clone()
	if r.Header == nil {
		r.Header = http.Header{}
	}
	r.Header.Set(tokenHeader, token)
}

// expired tells whether a new login may help. Only reads carry a token, so it
// may be generous.
func expired(err error) bool {
	status, ok := errors.AsType[*hosted.StatusError](err)
	if !ok {
		return false
	}
	switch status.Status {
	case http.StatusUnauthorized, http.StatusForbidden:
		return true
	case http.StatusBadRequest:
		e := readError(status.Body)
		return e.Code == codePermission || strings.Contains(strings.ToLower(string(e.Message)), "token")
	}
	return false
}

// get reads one thing.
func (p *pbx) get(ctx context.Context, path string, query url.Values, out any) error {
	return explain(p.session.Do(ctx, hosted.Request{Method: http.MethodGet, Path: path, Query: query}, out))
}

// pages reads a list to its end. take gets each page and returns how many
// entries it had and how many of them are new; a page without new ones ends the
// list, in case the PBX does not turn pages.
func pages[T any](ctx context.Context, p *pbx, path string, query url.Values, take func(page T) (size paging, all, fresh int)) error {
	for n := 1; n <= maxPages; n++ {
		q := url.Values{"pagination": {strconv.Itoa(n)}, "pagesize": {strconv.Itoa(pageSize)}}
		maps.Copy(q, query)
		var page T
		if err := p.get(ctx, path, q, &page); err != nil {
			return err
		}
		size, all, fresh := take(page)
		if fresh == 0 || all < size.size(pageSize) {
			return nil
		}
	}
	return fmt.Errorf("GET %s: the list is longer than %d pages", path, maxPages)
}

// failure is the body of an error.
type failure struct {
	Code    text `json:"err_code"`
	Message text `json:"msg"`
}

func readError(body []byte) failure {
	var f failure
	if json.Unmarshal(body, &f) != nil {
		return failure{}
	}
	return f
}

// explain puts the meaning of a documented error beside it. The PBX's own
// words are left out: nobody knows what they may quote.
func explain(err error) error {
	status, ok := errors.AsType[*hosted.StatusError](err)
	if !ok {
		return err
	}
	if c, known := lookUp(readError(status.Body).Code); known {
		return fmt.Errorf("%w: %s (%s)", err, c.Meaning, c.Code)
	}
	return err
}

// nonexistent reports whether the PBX has no such record.
func nonexistent(err error) bool {
	status, ok := errors.AsType[*hosted.StatusError](err)
	return ok && readError(status.Body).Code == codeNonexistent
}
