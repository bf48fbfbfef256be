package pbxsim

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/outpace/outpace/dialer/ami"
)

// As recorded in the trace originate-variables, and more.
func TestParseVariables(t *testing.T) {
	t.Parallel()
	for _, x := range []struct {
		header string
		want   []Variable
	}{
		{"PLAIN=1", []Variable{{"PLAIN", "1"}}},
		{"TWO=1,THREE=2", []Variable{{"TWO", "1"}, {"THREE", "2"}}},
		{"COMMA=Anne, Bob", []Variable{{"COMMA", "Anne"}}},
		{`QUOTED="Anne, Bob"`, []Variable{{"QUOTED", "Anne, Bob"}}},
		{`ESCAPED=Anne\, Bob`, []Variable{{"ESCAPED", "Anne, Bob"}}},
		{`BACKSLASH=a\b`, []Variable{{"BACKSLASH", "ab"}}},
		{`BOTH=a\\b\"c`, []Variable{{"BOTH", `a\b"c`}}},
		{"EQUALS=a=b", []Variable{{"EQUALS", "a=b"}}},
		{"SPACES=  a  ", []Variable{{"SPACES", "  a  "}}},
		{"EMPTY=", []Variable{{"EMPTY", ""}}},
		{"NOVALUE", nil},
		{"=x", nil},
		{"UTF8=Grüße", []Variable{{"UTF8", "Grüße"}}},
		{"DOLLAR=${EXTEN}", []Variable{{"DOLLAR", "${EXTEN}"}}},
		{"PAREN=f(a,b),X=1", []Variable{{"PAREN", "f(a,b)"}, {"X", "1"}}},
		{"OPEN=(a,X=1", []Variable{{"OPEN", "(a,X=1"}}},
		{"SQUARE=[a,b],X=1", []Variable{{"SQUARE", "[a,b]"}, {"X", "1"}}},
		{"A=1,", []Variable{{"A", "1"}}},
	} {
		if got := parseVariables([]string{x.header}); !slices.Equal(got, x.want) {
			t.Errorf("%s: %q, want %q", x.header, got, x.want)
		}
	}
}

// What our own client escapes arrives byte for byte.
func TestEscapedVariables(t *testing.T) {
	t.Parallel()
	for _, value := range []string{
		"", "plain", "Anne, Bob", `"quoted"`, `back\slash`, `ends in \`, "a=b", "${EXTEN}", "f(a", "b)", "[x", "y]", "((", "  spaces  ",
		"semi;colon", "Grüße", `,"\([=`, "A=1,B=2",
	} {
		header, err := ami.Variable{Name: "X", Value: value}.Header()
		if err != nil {
			t.Fatalf("%q: %v", value, err)
		}
		if got := parseVariables([]string{header.Value}); !slices.Equal(got, []Variable{{"X", value}}) {
			t.Errorf("%q was sent as %q and came as %q", value, header.Value, got)
		}
	}
}

func FuzzSplitArgs(f *testing.F) {
	f.Add(`a=1,b="x,y",c=\,`)
	f.Add(`([,"\`)
	f.Fuzz(func(t *testing.T, s string) {
		args := splitArgs(s, 64)
		if len(args) > 64 {
			t.Fatalf("%d arguments", len(args))
		}
		size := 0
		for _, a := range args {
			size += len(a)
		}
		if size > len(s) {
			t.Fatalf("%q grew to %q", s, args)
		}
	})
}

func TestVariablesOfCalls(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, Config{})
		c := b.login()
		c.originate("one", "PJSIP/100@trunk", "Wait", "60", "Variable", "A=1", "Variable", "__B=x=y", "Variable", "CALLERID(name)=Eve")
		pass(time.Second)
		vars, err := b.Variables("one")
		if want := "[{A 1} {__B x=y} {CALLERID(name) Eve}]"; err != nil || fmt.Sprint(vars) != want {
			t.Errorf("%v, %v, want %s", vars, err, want)
		}
		if r := c.do("Getvar", "Channel", "one", "Variable", "B"); r.Get("Value") != "x=y" {
			t.Errorf("%v", r)
		}
		c.do("Setvar", "Channel", "one", "Variable", "B", "Value", "z")
		if r := c.do("Getvar", "Channel", "one", "Variable", "B"); r.Get("Value") != "z" {
			t.Errorf("%v", r)
		}
		if r := c.do("Getvar", "Channel", "one", "Variable", "CHANNEL(state)"); r.Get("Value") != "Up" {
			t.Errorf("%v", r)
		}
		c.one("Newstate", "ChannelStateDesc", "Up", "CallerIDName", "Eve")
		if fmt.Sprint(b.Originates()[0].Variables) != fmt.Sprint([]Variable{{"A", "1"}, {"__B", "x=y"}, {"CALLERID(name)", "Eve"}}) {
			t.Errorf("recorded %v", b.Originates()[0].Variables)
		}
	})
}
