package variables

import (
	"fmt"
	"maps"
	"strings"
	"testing"
)

func TestValidName(t *testing.T) {
	tests := []struct {
		name   string
		plain  bool
		header bool
	}{
		{"NAME", true, true},
		{"_ONCE", true, true},
		{"__ALWAYS", true, true},
		{"with space", true, true},
		{"1st", true, true},
		{strings.Repeat("a", 80), true, true},
		{strings.Repeat("a", 81), false, false},
		{"", false, false},
		{"_", false, false},
		{"___THREE", false, false},
		{" leading", false, false},
		{"CALLERID(name)", false, false},
		{"SHELL(rm)", false, false},
		{"A=B", false, false},
		{"A,B", false, false},
		{"A\nB", false, false},
		{"A\n", false, false},
		{"Ä", false, false},
		{"PJSIP_HEADER(add,X-Account)", false, true},
		{"PJSIP_HEADER(add,)", false, false},
		{"PJSIP_HEADER(update,X-Account)", false, false},
		{"PJSIP_HEADER(add,X Account)", false, false},
		{"PJSIP_HEADER(add,X&Y)", false, false},
		{"PJSIP_HEADER(add,${X})", false, false},
		{"PJSIP_HEADER(add,X)=1,B", false, false},
		{"pjsip_header(add,X)", false, false},
	}
	for _, tt := range tests {
		if got := ValidName(tt.name, Plain); got != tt.plain {
			t.Errorf("ValidName(%q, Plain) = %v", tt.name, got)
		}
		if got := ValidName(tt.name, WithHeaders); got != tt.header {
			t.Errorf("ValidName(%q, WithHeaders) = %v", tt.name, got)
		}
	}
}

func TestCheck(t *testing.T) {
	many := map[string]string{}
	for i := range MaxPerObject {
		many[fmt.Sprintf("V%d", i)] = "x"
	}
	tooMany := maps.Clone(many)
	tooMany["one"] = "more"
	tests := []struct {
		name string
		vars map[string]string
		want string // part of the error, "" = valid
	}{
		{"nil", nil, ""},
		{"empty", map[string]string{}, ""},
		{"hostile but carried", map[string]string{"A": `Anne, "Bob" \ ${X} = (y) [z] Grüße`}, ""},
		{"64", many, ""},
		{"65", tooMany, "more than 64"},
		{"bad name", map[string]string{"A,B": "x"}, `"A,B"`},
		{"CR", map[string]string{"A": "x\ry"}, `"A" must not contain CR`},
		{"LF", map[string]string{"A": "x\ny"}, `"A" must not contain CR`},
		{"NUL", map[string]string{"A": "x\x00y"}, `"A" must not contain CR`},
		{"not UTF-8", map[string]string{"A": "\xff"}, "UTF-8"},
		{"900", map[string]string{"A": strings.Repeat("x", 900)}, ""},
		{"901", map[string]string{"A": strings.Repeat("x", 901)}, "900 bytes"},
		{"450 commas", map[string]string{"A": strings.Repeat(",", 450)}, ""},
		{"451 commas", map[string]string{"A": strings.Repeat(",", 451)}, "900 bytes"},
		{"brackets need no backslash", map[string]string{"A": strings.Repeat("([{=", 225)}, ""},
		{"long name is clipped", map[string]string{strings.Repeat("n", 5000): "x"}, `nnn..."`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := Check(tt.vars, Plain)
			if tt.want == "" {
				if err != nil {
					t.Errorf("refused: %v", err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want one with %q", err, tt.want)
			}
			if err != nil && len(err.Error()) > 400 {
				t.Errorf("error of %d bytes", len(err.Error()))
			}
		})
	}
}
