package api

import (
	"strings"
	"testing"
)

func TestSentences(t *testing.T) {
	for message, want := range map[string]string{
		"a campaign uses the plan; force=1 takes it out": "A campaign uses the plan; force=1 takes it out.",
		"the campaign is running":                        "The campaign is running.",
		"There is none.":                                 "There is none.",
		"dial_mode must be 0 to 1":                       "dial_mode must be 0 to 1.",
		"status cannot become 2":                         "status cannot become 2.",
		"after names nothing":                            "after names nothing.",
		"the":                                            "the.",
		"":                                               ".",
	} {
		if got := sentence(message); got != want {
			t.Errorf("sentence(%q) is %q, want %q", message, got, want)
		}
	}
}

func TestNumbersAreMasked(t *testing.T) {
	for text, want := range map[string]string{
		"Key (dial_addr)=(4930123456) already exists": "Key (dial_addr)=(********56) already exists",
		"port 54321, 42 rows":                         "port 54321, 42 rows",
		"+49301 and 123456":                           "+49301 and ****56",
	} {
		if got := maskNumbers(text); got != want {
			t.Errorf("maskNumbers(%q) is %q, want %q", text, got, want)
		}
	}
}

func TestLongTextsAreCutInMessages(t *testing.T) {
	// The cut falls into the middle of a character.
	if got := quote("x" + strings.Repeat("é", 150)); len(got) > quoteLength+10 || !strings.HasSuffix(got, `é..."`) {
		t.Errorf("quote gives %d bytes: %s", len(got), got)
	}
	if got := quote("a\"b"); got != `"a\"b"` {
		t.Errorf("quote gives %s", got)
	}
}
