package ami

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

// splitVariables is a model of what Asterisk does with a Variable header:
// blanks before it are skipped, the text is cut at commas that stand in no
// quotes, parentheses or brackets, quotes and backslashes are taken away, what
// follows a backslash is kept as it is, and each part is cut at its first
// equals sign; a part without one is dropped.
func splitVariables(header string) []Variable {
	var parts []string
	var part strings.Builder
	var quoted bool
	var parens, brackets int
	text := strings.TrimLeft(header, " \t\n\v\f\r")
	for i := 0; i < len(text); i++ {
		switch b := text[i]; {
		case b == '(':
			parens++
			part.WriteByte(b)
		case b == ')':
			parens = max(0, parens-1)
			part.WriteByte(b)
		case b == '[':
			brackets++
			part.WriteByte(b)
		case b == ']':
			brackets = max(0, brackets-1)
			part.WriteByte(b)
		case b == '"':
			quoted = !quoted
		case b == '\\':
			if i++; i < len(text) {
				part.WriteByte(text[i])
			}
		case b == ',' && !quoted && parens == 0 && brackets == 0:
			parts = append(parts, part.String())
			part.Reset()
		default:
			part.WriteByte(b)
		}
	}
	parts = append(parts, part.String())
	var variables []Variable
	for _, p := range parts {
		if name, value, found := strings.Cut(p, "="); found && name != "" {
			variables = append(variables, Variable{name, value})
		}
	}
	return variables
}

// The model must say what the real Asterisk said in the recording.
func TestSplitterModelAgreesWithTrace(t *testing.T) {
	t.Parallel()
	tr := loadTrace(t, "testdata/traces/originate-variables")
	want := map[string]string{}
	for _, m := range decodeAll(t, strings.NewReader(string(tr.ami))) {
		if m.Event() == "VarSet" {
			want[m.Get("Variable")] = m.Get("Value")
		}
	}
	checked := 0
	for _, b := range tr.messages(false) {
		m, err := NewDecoder(strings.NewReader(string(b))).Decode()
		if err != nil {
			t.Fatal(err)
		}
		for _, header := range m.Values("Variable") {
			for _, v := range splitVariables(header) {
				name := v.Name
				if strings.HasSuffix(name, ")") {
					continue // a function shows under another name
				}
				checked++
				if got, set := want[name]; !set || got != v.Value {
					t.Errorf("%s: the model says %q, Asterisk %q (%t)", header, v.Value, got, set)
				}
			}
		}
	}
	if checked < 15 {
		t.Errorf("only %d variables in the recording", checked)
	}
}

// awkward are values that a careless escape would change or cut.
var awkward = []string{
	"", " ", "  lead", "trail  ", "a,b", ",", ",,,", `"`, `"quoted"`, `\`, `\\`, `\"`, `end\`, `a\,b`, "=", "x=y=z",
	"A=1,B=2", ",B=2", `",B=2`, "${EXTEN}", "$[1+1]", "(", ")", "((,))", "(,", "[", "],[", "{a,b}", ";semi", "a|b", "'", "`",
	"\ttab\t", "%s%n", "Grüße, 日本 \"🙂\"", "\x01\x7f\xff", "&amp;", "<1>", "#hash", strings.Repeat("x", 900), strings.Repeat(",", 450),
}

func TestVariableArrives(t *testing.T) {
	t.Parallel()
	for _, value := range awkward {
		h, err := Variable{"_NAME", value}.Header()
		if err != nil {
			t.Errorf("%q: %v", value, err)
			continue
		}
		if got := splitVariables(h.Value); !slices.Equal(got, []Variable{{"_NAME", value}}) {
			t.Errorf("%q sets %q", value, got)
		}
	}
	h, err := Variable{"PJSIP_HEADER(add,X-Campaign)", "a,b"}.Header()
	if err != nil {
		t.Fatal(err)
	}
	if got := splitVariables(h.Value); !slices.Equal(got, []Variable{{"PJSIP_HEADER(add,X-Campaign)", "a,b"}}) {
		t.Errorf("the function sets %q", got)
	}
}

func TestVariableRefused(t *testing.T) {
	t.Parallel()
	for _, v := range []Variable{
		{"", "x"}, {"A=B", "x"}, {"A,B", "x"}, {"___A", "x"}, {"-A", "x"}, {" A", "x"}, {"A\n", "x"}, {"Ä", "x"}, {`A"`, "x"}, {`A\`, "x"},
		{"CALLERID(name)", "x"}, {"SHELL(id)", "x"}, {"A)", "x"}, {"PJSIP_HEADER(remove,X)", "x"}, {"PJSIP_HEADER(add,X y)", "x"},
		{"PJSIP_HEADER(add,X),B", "x"}, {strings.Repeat("A", 81), "x"},
		{"A", "x\r\nAction: Originate"}, {"A", "x\ny"}, {"A", "x\x00y"},
		{"A", strings.Repeat("x", 901)}, {"A", strings.Repeat(",", 451)}, {"A", strings.Repeat("x", 899) + `\`},
	} {
		_, err := v.Header()
		refused, ok := errors.AsType[*VariableError](err)
		if !ok || refused.Name != v.Name {
			t.Errorf("%.30q=%.30q: %v", v.Name, v.Value, err)
		}
	}
	if err := (Variable{"A", "secret,text\n"}).Check(); err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("error %v", err)
	}
}

// FuzzVariable checks that whatever is accepted sets its one variable to
// itself, in a line that Asterisk reads.
func FuzzVariable(f *testing.F) {
	for _, value := range awkward {
		f.Add("NAME", value)
		f.Add("PJSIP_HEADER(add,X-Y)", value)
	}
	f.Add(`A="`, "x")
	f.Fuzz(func(t *testing.T, name, value string) {
		h, err := Variable{name, value}.Header()
		if err != nil {
			return
		}
		if h.check() != nil || len(h.Key)+2+len(h.Value) > MaxActionLine {
			t.Fatalf("header %q can't be sent", h)
		}
		if got := splitVariables(h.Value); !slices.Equal(got, []Variable{{name, value}}) {
			t.Fatalf("%q = %q sets %q", name, value, got)
		}
	})
}
