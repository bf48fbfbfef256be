package api

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"
	"unicode"
)

// hostile are texts that mean something to somebody on their way.
var hostile = []string{
	"a\rb", "a\nb", "a\r\nAction: Originate\r\nChannel: Local/9@x\r\n\r\n", "a\x00b", "\r\n", "\x7f", "\x1b[2J\x1b]0;owned\x07", "\u0085", "\u009b2J",
	"'", `"`, "`", `\`, `\r\n`, `"quoted"`, `\"`, `'; DROP TABLE dls; --`, `" OR ""="`, "100%", "%s%n%d%!", "_", "*",
	"${SHELL(id)}", "${ENV(PATH)}", "$[1+1]", "$(id)", "`id`", ";id", "a,b", "a|b&c^d", "a=b", "a:b", "(", "a)b", "[x]", "{{7*7}}", "<script>alert(1)</script>", "&amp;",
	"\u2028\u2029", "\u202etxt", "\ufeff", "\ufffd", "\U0001F600", "e\u0301", "\u0000\u0001", " lead", "trail ", " ", "\t",
	"0", "1", "-1", "1e9", "0x10", "true", "null", "NaN", "../../etc/passwd", "//x", "@x", "300@x", "300/n", "300&1", "+49", "Local/9@x/n", "#", "/*", "-- ",
	strings.Repeat("x", 255), strings.Repeat("\U0001F600", 255), strings.Repeat("x", 256), strings.Repeat("x", 900), strings.Repeat(`"`, 451), strings.Repeat("x", 5000),
	strings.Repeat("y", 1<<20-100), // for some fields only
}

// strange are values that are no such texts.
var strange = []string{
	`1.5`, `-0`, `-1`, `1e400`, `99999999999999999999`, `2147483648`, `"0"`, `true`, `false`, `[]`, `{}`, `[1]`, `{"a":1}`, `{"a":null}`, `{"a":{"b":"c"}}`, `"\ud800"`,
	`"\udc00\ud800"`, `{"a":"b","a":"c"}`, strings.Repeat("[", 1_000) + strings.Repeat("]", 1_000), strings.Repeat(`{"a":`, 500) + "1" + strings.Repeat("}", 500),
}

// hostileObjects are the kinds of hostileObjects and what they need.
var hostileObjects = map[string]string{"plans": `{}`, "destinations": `{}`, "dlmas": `{}`, "campaigns": `{}`, "dls": `{"dlma_uuid":"%s"}`}

// TestHostileValues gives every field of every object, as the API shows them,
// each of the values. It is either refused with a sentence that names the field,
// and nothing changes, or kept as it is.
func TestHostileValues(t *testing.T) {
	var values []string
	for _, text := range hostile {
		values = append(values, literal(text))
	}
	values = append(values, strange...)
	r := newRig(t, nil)
	list := r.make("dlmas", `{}`)
	kept, refused := 0, 0
	for kind, body := range hostileObjects {
		if kind == "dls" {
			body = fmt.Sprintf(body, list)
		}
		path := "/ob/" + kind + "/" + r.make(kind, body)
		object := r.ok(http.MethodGet, path, "")
		for _, field := range slices.Sorted(maps.Keys(object)) {
			if readOnly[field] {
				continue
			}
			all := values
			if field == "variables" {
				for _, text := range hostile {
					all = append(all, `{"V":`+literal(text)+`}`, `{`+literal(text)+`:"v"}`)
				}
			}
			for _, value := range all {
				if len(value) > 1<<19 && field != "name" && field != "detail" && field != "variables" {
					continue // takes long, and adds nothing
				}
				a := r.do(http.MethodPut, path, `{`+literal(field)+`:`+value+`}`)
				now := r.ok(http.MethodGet, path, "")
				switch a.status {
				case http.StatusOK:
					kept++
					if result, _ := a.body["result"].(map[string]any); !same(value, result[field]) || !same(value, now[field]) {
						t.Errorf("%s of %s: %.80s became %.80v and then %.80v", field, kind, value, result[field], now[field])
					}
					object = now
				case http.StatusBadRequest:
					refused++
					if name, _, _ := strings.Cut(a.message(), " "); name != field && !strings.Contains(a.message(), "JSON") {
						t.Errorf("%s of %s, %.80s: the sentence does not name the field: %s", field, kind, value, a.message())
					}
					if !reflect.DeepEqual(object, now) {
						t.Errorf("%s of %s: %.80s was refused, and yet the object is now %v", field, kind, value, now)
					}
				default:
					t.Errorf("%s of %s, %.80s: %d %s", field, kind, value, a.status, a.message())
				}
			}
		}
		for body, part := range map[string]string{
			"{\"name\":\"\xff\"}":                            "UTF-8",
			"{\"name\":\"\x00\"}":                            "JSON",
			`{"name":"a","name":"b"}`:                        "twice",
			`{"name":"a","Name":"b"}`:                        `"Name" is not a field`,
			`{"name":"a"}{"name":"b"}`:                       "goes on",
			`{"name":` + literal(strings.Repeat("z", 1<<20)): "1048576 bytes",
			`[{"name":"a"}]`:                                 "JSON object",
			`{"name\u0000":"a"}`:                             "not a field",
			`{"\r\nX: y":1}`:                                 `"\r\nX: y" is not a field`,
		} {
			a := r.do(http.MethodPut, path, body)
			if a.status != http.StatusBadRequest && a.status != http.StatusRequestEntityTooLarge || !strings.Contains(a.message(), part) {
				t.Errorf("%s, %.60q: %d %s", kind, body, a.status, a.message())
			}
		}
		if now := r.ok(http.MethodGet, path, ""); !reflect.DeepEqual(object, now) {
			t.Errorf("%s: what was refused has changed the object: %v", kind, now)
		}
	}
	t.Logf("%d values were kept as they are, %d refused", kept, refused)
	if kept < 500 || refused < 500 {
		t.Errorf("%d values kept and %d refused: the test does not try what it should", kept, refused)
	}
	for line := range strings.Lines(r.log.String()) {
		if !strings.HasPrefix(line, "time=") || strings.ContainsFunc(line[:len(line)-1], unicode.IsControl) {
			t.Fatalf("a value has got into the log: %q", line)
		}
	}
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
	if object, ok := want.(map[string]any); ok && len(object) == 0 {
		return got == nil || reflect.DeepEqual(got, want) // no variables
	}
	return reflect.DeepEqual(got, want)
}
