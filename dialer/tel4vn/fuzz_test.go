package tel4vn

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/outpace/outpace/dialer/hosted"
)

// FuzzHook reads what is posted: without the secret nothing is let in, and with
// it what is read names a call and says nothing of its outcome.
func FuzzHook(f *testing.F) {
	const secret = "s3cret"
	f.Add("Bearer "+secret, "", "", []byte(page(f, "event_hook")))
	f.Add("", secret, "", []byte(`{"call_id": "c", "state": "ANSWERED", "direction": "outbound", "from_number": "101"}`))
	f.Add("", "", "apikey="+secret, []byte(`{"call_id": "", "state": "hangup"}`))
	f.Add("Basic x", "x", "apikey=%", []byte(`[null]`))
	p := &pbx{cfg: Config{HookSecret: secret}}
	f.Fuzz(func(t *testing.T, authorization, key, query string, body []byte) {
		r := httptest.NewRequest(http.MethodPost, "/hooks/x", http.NoBody)
		r.Header["Authorization"], r.Header["Apikey"], r.URL.RawQuery = []string{authorization}, []string{key}, query
		news, _, err := p.Hook(r, body)
		if offer, _ := p.Offer(r); !errors.Is(err, hosted.ErrForbidden) && !strings.Contains(offer, secret) {
			t.Fatalf("%q, %q, %q is let in by %q", authorization, key, query, offer)
		}
		if err != nil && news != nil {
			t.Fatal("news and an error")
		}
		r.Header.Set("Apikey", secret)
		news, _, err = p.Hook(r, body)
		if errors.Is(err, hosted.ErrForbidden) {
			t.Fatal("the secret is refused")
		}
		for _, n := range news {
			if n.CallID == "" || n.Stage < hosted.Begun || n.Stage > hosted.Over || n.Row != nil {
				t.Fatalf("news %+v", n)
			}
		}
	})
}
