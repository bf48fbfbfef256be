package outpace_test

import (
	"os"
	"strings"
	"testing"

	"github.com/outpace/outpace/dialer/fcm5600"
	"github.com/outpace/outpace/dialer/hosted"
	"github.com/outpace/outpace/dialer/oapi"
	"github.com/outpace/outpace/dialer/oncall"
	"github.com/outpace/outpace/dialer/tel4vn"
)

// section is what docs/gateways.md says under a heading of the second order.
func section(t *testing.T, name string) string {
	t.Helper()
	page, err := os.ReadFile("docs/gateways.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, found := strings.Cut(string(page), "\n## "+name+"\n")
	if !found {
		t.Fatalf("docs/gateways.md has no section %s", name)
	}
	text, _, _ := strings.Cut(rest, "\n## ")
	return text
}

// TestTablesOfGatewaysInDocs compares each kind's table from words to results
// with the one in docs/gateways.md.
func TestTablesOfGatewaysInDocs(t *testing.T) {
	for kind, table := range map[string]hosted.Table{
		"oncall": oncall.Words, "tel4vn": tel4vn.Words, "oapi": oapi.Words, "fcm5600": fcm5600.Words,
	} {
		if want := table.Markdown(); !strings.Contains(section(t, kind)+"\n", want+"\n") {
			t.Errorf("the section %s of docs/gateways.md has to hold this table:\n\n%s", kind, want)
		}
	}
	text := section(t, "oncall")
	for _, c := range oncall.Codes {
		if !strings.Contains(text, "| `"+c.Code+"` | "+c.Meaning+" |") {
			t.Errorf("the section oncall lacks the error %s: %s", c.Code, c.Meaning)
		}
	}
	for _, e := range oncall.Events {
		if !strings.Contains(text, "`"+e.Type+"`") {
			t.Errorf("the section oncall lacks the event %s", e.Type)
		}
	}
}
