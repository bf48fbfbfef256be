package api

import (
	"encoding/json"
	"net/http"
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/outpace/outpace/campaign"
	"github.com/outpace/outpace/dlma"
)

func docs(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../docs/api.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

var (
	shellBlock = regexp.MustCompile("(?s)```sh\n(.*?)```")
	curlLine   = regexp.MustCompile(`^(?:([A-Z]+)=\$\()?curl (?:-s )?(?:-X ([A-Z]+) )?("?)\$API(\S*?)"?(?: -d '(.*)')?( \| jq -r \.result\.uuid\))?$`)
	shellName  = regexp.MustCompile(`\$([A-Z]+)`)
)

// TestExamplesOfTheDocumentsWork runs each curl line of the page, in order.
func TestExamplesOfTheDocumentsWork(t *testing.T) {
	r := newRig(t, nil)
	names := map[string]string{}
	expand := func(text string) string {
		return shellName.ReplaceAllStringFunc(text, func(name string) string {
			value, ok := names[name[1:]]
			if !ok {
				t.Fatalf("%s is used before it is set", name)
			}
			return value
		})
	}
	ran := 0
	for _, block := range shellBlock.FindAllStringSubmatch(docs(t), -1) {
		for line := range strings.SplitSeq(strings.TrimSpace(block[1]), "\n") {
			if strings.HasPrefix(line, "API=") {
				continue
			}
			parts := curlLine.FindStringSubmatch(line)
			if parts == nil {
				t.Fatalf("not a line that this test can run: %s", line)
			}
			method, path := parts[2], expand(parts[4])
			if method == "" {
				method = http.MethodGet
			}
			body := strings.ReplaceAll(expand(parts[5]), "'", "") // the quotes around a $NAME
			result := r.ok(method, path, body)
			if parts[1] != "" {
				names[parts[1]], _ = result["uuid"].(string)
			}
			ran++
		}
	}
	if ran < 15 {
		t.Errorf("only %d examples were found", ran)
	}
}

func TestDocumentsNameEveryRouteAndVerb(t *testing.T) {
	text := docs(t)
	for name := range leastRoles {
		method, path, _ := strings.Cut(name, " ")
		row := "\n| `" + strings.NewReplacer(":uuid", "<uuid>", ":seq", "<seq>").Replace(path) + "` |"
		_, rest, found := strings.Cut(text, row)
		verbs, _, _ := strings.Cut(rest, "\n")
		if !found || !strings.Contains(verbs, method) && !strings.Contains(verbs, "the same") {
			t.Errorf("%s is not in the table of routes", name)
		}
	}
}

func TestDocumentsNameEveryField(t *testing.T) {
	text := docs(t)
	for _, view := range []any{planView{}, destinationView{}, listView{}, entryView{}, campaignView{}, dialingView{}, statsView{}, statsAbandonment{}, abandonment{}, pacingView{}, window{}, decisionView{}, dlma.Counts{}, campaign.Calls{}, campaign.Agents{}} {
		for field := range reflect.TypeOf(view).Fields() {
			name := field.Tag.Get("json")
			// Numbered fields stand as "number_1 to number_8".
			name = regexp.MustCompile(`_[2-7]$`).ReplaceAllString(name, "_1")
			if !strings.Contains(text, "`"+name+"`") && !strings.Contains(text, `"`+name+`"`) {
				t.Errorf("%T: field %s is not documented", view, name)
			}
		}
	}
	for _, d := range dispositions {
		if !strings.Contains(text, "`"+string(d)+"`") {
			t.Errorf("disposition %s is not documented", d)
		}
	}
}

func TestDocumentedExamplesOfAnswersAreJSON(t *testing.T) {
	blocks := regexp.MustCompile("(?s)```json\n(.*?)```").FindAllStringSubmatch(docs(t), -1)
	if len(blocks) < 3 {
		t.Errorf("only %d examples were found", len(blocks))
	}
	for _, block := range blocks {
		if !json.Valid([]byte(block[1])) {
			t.Errorf("not JSON: %s", block[1])
		}
	}
}
