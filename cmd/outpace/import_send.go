package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/outpace/outpace/dlma"
)

// rowFate is what became of a row that was not refused.
type rowFate int

const (
	fateLoaded  rowFate = iota
	fateAlready         // the list had it before
)

// rowKey begins the ukey of a row that has none of its own. Two rows with the
// same content get the same one: they are one customer.
const rowKey = "row-"

// pool keeps n connections to the server open, and takes a redirection for
// what it is: not an answer of the API.
func (c *client) pool(n int) {
	c.http.Transport = &http.Transport{
		Proxy: http.ProxyFromEnvironment, MaxIdleConnsPerHost: n, IdleConnTimeout: time.Minute,
	}
	c.http.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
}

// findList makes sure that the server is there, lets us in, and has the list.
func (i *importer) findList(ctx context.Context) error {
	if err := i.client.do(ctx, http.MethodGet, "/ob/dlmas/"+i.list, nil, nil); err != nil {
		return fmt.Errorf("import: look for the dial list: %w", err)
	}
	return nil
}

// send posts a row until there is an answer. A request whose answer was lost
// may have made the entry; the server makes no second one of the same ukey, so
// it may be sent again.
func (i *importer) send(ctx context.Context, row dlma.Row) (rowFate, error) {
	own := row.Entry.Ukey != ""
	if !own {
		row.Entry.Ukey = rowKey + row.Key
	}
	body := entryBody(row.Entry)
	until := time.Now().Add(i.patience)
	for pause := 100 * time.Millisecond; ; pause = min(2*pause, 5*time.Second) {
		err := i.client.do(ctx, http.MethodPost, "/ob/dls?once=1", body, nil)
		if err == nil {
			return fateLoaded, nil
		}
		answer, answered := errors.AsType[refused](err)
		if answered && answer.Status == http.StatusConflict {
			if !own {
				return fateAlready, nil
			}
			err = i.compare(ctx, row.Entry)
			if err == nil {
				return fateAlready, nil
			}
			answer, answered = errors.AsType[refused](err)
		}
		if _, bad := errors.AsType[dlma.Invalid](err); bad || answered && !worthAnother(answer.Status) {
			return 0, rowError(err, answer)
		}
		if ctx.Err() != nil || time.Now().After(until) {
			return 0, err
		}
		select {
		case <-time.After(pause):
		case <-i.stopping:
			return 0, errImportStopped
		case <-ctx.Done():
			return 0, ctx.Err()
		}
	}
}

// worthAnother reports whether the same request may fare better later.
func worthAnother(status int) bool {
	return status == http.StatusRequestTimeout || status == http.StatusTooManyRequests || status >= http.StatusInternalServerError
}

// rowError tells what the server has against this one row from what it has
// against all of them.
func rowError(err error, answer refused) error {
	switch field, _, _ := strings.Cut(answer.Message, " "); {
	case field == "dlma_uuid": // the list was deleted meanwhile
		return err
	case answer.Status == http.StatusBadRequest:
		return dlma.Invalid{Field: field, Message: strings.TrimPrefix(answer.Message, field+" ")}
	case answer.Status == http.StatusRequestEntityTooLarge:
		return dlma.Invalid{Field: "row", Message: "is too large"}
	}
	return err
}

// errGone says that an entry that was in the way is no longer there.
var errGone = errors.New("the dl in the way was deleted meanwhile")

// compare looks at the entry that has the row's own ukey already. One that
// says something else than the row may be another customer: then the row is
// refused instead of being dropped without a word. What calls change is not
// compared.
func (i *importer) compare(ctx context.Context, e dlma.Entry) error {
	query := url.Values{"dlma_uuid": {i.list}, "ukey": {e.Ukey}, "count": {"1"}}
	var found struct {
		List []map[string]any `json:"list"`
	}
	if err := i.client.do(ctx, http.MethodGet, "/ob/dls?"+query.Encode(), nil, &found); err != nil {
		return err
	}
	if len(found.List) == 0 {
		return errGone
	}
	differs := func(field string) error {
		return dlma.Invalid{Field: field, Message: "is another one than in the dl that the list has already with this ukey"}
	}
	for _, t := range entryTexts(e) {
		if t.value != "" && found.List[0][t.field] != t.value {
			return differs(t.field)
		}
	}
	stored, _ := found.List[0]["variables"].(map[string]any)
	for name, value := range e.Variables {
		if stored[name] != value {
			return differs("variables." + name)
		}
	}
	return nil
}

// fieldText is a text of an entry by its name on the wire.
type fieldText struct{ field, value string }

// entryTexts are what tells customers apart.
func entryTexts(e dlma.Entry) []fieldText {
	list := []fieldText{{"name", e.Name}, {"detail", e.Detail}, {"email", e.Email}, {"resv_target", e.ResvTarget}}
	for i, number := range e.Number {
		list = append(list, fieldText{"number_" + strconv.Itoa(i+1), number})
	}
	return list
}

// entryBody is the body of a POST that makes e. What e leaves out keeps its
// default.
func entryBody(e dlma.Entry) map[string]any {
	body := map[string]any{"dlma_uuid": e.List}
	texts := append(entryTexts(e), fieldText{"ukey", e.Ukey},
		fieldText{"res_dial_detail", e.ResDialDetail}, fieldText{"res_hangup_detail", e.ResHangupDetail})
	for _, t := range texts {
		if t.value != "" {
			body[t.field] = t.value
		}
	}
	numbers := map[string]int{"status": int(e.Status), "res_dial": e.ResDial, "res_hangup": e.ResHangup}
	for i, n := range e.Tries {
		numbers["trycnt_"+strconv.Itoa(i+1)] = n
	}
	for field, n := range numbers {
		if n != 0 {
			body[field] = n
		}
	}
	for field, t := range map[string]time.Time{"tm_last_dial": e.TmLastDial, "tm_last_hangup": e.TmLastHangup} {
		if !t.IsZero() {
			body[field] = t.Format(time.RFC3339Nano)
		}
	}
	if len(e.Variables) > 0 {
		body["variables"] = e.Variables
	}
	return body
}
