package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// hostile are texts that mean something to somebody on their way, to a
// database, a PBX, a terminal or a log. A test of package api has more.
var hostile = []string{
	"a\r\nAction: Originate\r\nChannel: Local/9@x\r\n\r\n", "a\nb", "a\x00b", "\x1b[2J\x1b]0;owned\x07", "\u0085", "'", `"`, `\`, `\r\n`,
	`'; DROP TABLE dls; --`, `" OR ""="`, "100%s%n?", "${SHELL(id)}", "$[1+1]", "$(id);`id`", "a,b|c&d^e=f:g", "([{x}])", "<script>alert(1)</script>&amp;",
	"\u2028\u2029", "\u202etxt\ufeff\ufffd", "\U0001F600e\u0301", " lead and trail ", "0", "null", "../../etc/passwd", "300@x", "+49", strings.Repeat("\U0001F600", 255),
	strings.Repeat(`"`, 450), strings.Repeat("x", 5000),
}

// objects are the kinds of objects and what they need.
var objects = map[string]string{"plans": `{}`, "destinations": `{}`, "dlmas": `{}`, "campaigns": `{}`, "dls": `{"dlma_uuid":"%s"}`}

// shownOnly are the fields of answers that bodies cannot change.
var shownOnly = []string{"uuid", "in_use", "tm_create", "tm_update", "tm_delete", "dl_table", "dialing_uuid", "dialing_camp_uuid", "dialing_plan_uuid",
	"warnings"}

// raw sends a body as it is.
func (r *running) raw(method, path, body string) (status int, result map[string]any, message string) {
	r.t.Helper()
	request, err := http.NewRequestWithContext(r.t.Context(), method, r.URL()+path, strings.NewReader(body))
	if err != nil {
		r.t.Fatal(err)
	}
	response, err := r.client.http.Do(request)
	if err != nil {
		r.t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	var answer struct {
		Result map[string]any
		Error  struct{ Message string }
	}
	text, err := io.ReadAll(response.Body)
	if err == nil {
		err = json.Unmarshal(text, &answer)
	}
	if err != nil {
		r.t.Fatalf("%s %s %.80s: %v: %.200s", method, path, body, err, text)
	}
	return response.StatusCode, answer.Result, answer.Error.Message
}

// TestHostileTextsInTheTables: every field of every object, as the API shows
// them, gets each of the texts. What is not refused is read from the database
// as it was written.
func TestHostileTextsInTheTables(t *testing.T) {
	bothDatabases(t, func(t *testing.T, database string) {
		r := bare(t, database)
		list := r.post("/ob/dlmas", map[string]any{})
		kept, refused := 0, 0
		for kind, body := range objects {
			if kind == "dls" {
				body = fmt.Sprintf(body, list)
			}
			_, object, _ := r.raw(http.MethodPost, "/ob/"+kind, body)
			path := fmt.Sprint("/ob/", kind, "/", object["uuid"])
			for _, field := range slices.Sorted(maps.Keys(object)) {
				if _, number := object[field].(float64); number || slices.Contains(shownOnly, field) {
					continue
				}
				for _, text := range hostile {
					value := literal(text)
					if field == "variables" {
						value = `{"V":` + value + `}`
					}
					switch status, _, message := r.raw(http.MethodPut, path, `{`+literal(field)+`:`+value+`}`); status {
					case http.StatusOK:
						kept++
						if _, now, _ := r.raw(http.MethodGet, path, ""); !same(value, now[field]) {
							t.Errorf("%s of %s: %.80s became %.80v", field, kind, value, now[field])
						}
					case http.StatusBadRequest:
						refused++
						if !strings.HasPrefix(message, field+" ") {
							t.Errorf("%s of %s, %.80s: the sentence does not name the field: %s", field, kind, value, message)
						}
					default:
						t.Errorf("%s of %s, %.80s: %d %s", field, kind, value, status, message)
					}
				}
			}
		}
		t.Logf("%d texts were kept as they are, %d refused", kept, refused)
		if kept < 200 || refused < 200 {
			t.Errorf("%d texts kept and %d refused: the test does not try what it should", kept, refused)
		}
	})
}

// literal writes a text as JSON.
func literal(text string) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(text); err != nil {
		panic(err)
	}
	return strings.TrimSpace(b.String())
}

// same reports whether the API's value is the one that was written.
func same(written string, got any) bool {
	var want any
	if json.Unmarshal([]byte(written), &want) != nil {
		return false
	}
	return reflect.DeepEqual(got, want)
}
