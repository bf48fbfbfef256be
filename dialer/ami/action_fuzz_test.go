package ami

import (
	"bytes"
	"io"
	"strings"
	"testing"
)

// FuzzOriginate builds an action of any texts: either it is refused, or what
// is written is one message with exactly the headers that were asked for. No
// text begins a second header or action.
func FuzzOriginate(f *testing.F) {
	for _, v := range []string{"300", "a\r\nAction: Hangup", "\n\n", "${SHELL(id)}", "a\x00b", `\","`, " lead", "trail ", "\u2028", ":", "Channel: x"} {
		f.Add("PJSIP/"+v+"@trunk", v, v, v, v, "NAME", v)
	}
	f.Add("Local/1@x/n", "Queue", "sales,t", "", "", "PJSIP_HEADER(add,X-A)", "1")
	f.Add("PJSIP/1", "", "", "from-x", "s", "__A b", "\\")
	f.Fuzz(func(t *testing.T, channel, application, data, context, caller, name, value string) {
		o := Originate{Channel: channel, Application: application, Data: data, CallerID: caller, ChannelID: "id", Variables: []Variable{{Name: name, Value: value}}}
		if application == "" {
			o.Data, o.Context, o.Exten = "", context, data
		}
		action, err := o.Action()
		if err != nil {
			return
		}
		want := Message{{Key: "Action", Value: action.Name}}
		want = append(want, action.Headers...)
		wire, err := want.AppendTo(nil)
		if err != nil {
			return
		}
		if n := bytes.Count(wire, []byte("\r\n")); n != len(want)+1 || bytes.Count(wire, []byte("\n")) != n || bytes.Count(wire, []byte("\r")) != n {
			t.Fatalf("%q has %d line ends for %d headers", wire, n, len(want))
		}
		d := NewDecoder(bytes.NewReader(wire))
		got, err := d.Decode()
		if err != nil || len(got) != len(want) {
			t.Fatalf("%q became %q, %v", want, got, err)
		}
		for i, h := range want {
			if got[i] != h {
				t.Fatalf("%q became %q", h, got[i])
			}
		}
		if _, err := d.Decode(); err != io.EOF { //nolint:errorlint // the end itself
			t.Fatalf("%q goes on behind its message: %v", wire, err)
		}
		header, err := o.Variables[0].Header()
		if err != nil {
			t.Fatal(err)
		}
		if got := split(strings.TrimPrefix(header.Value, name+"=")); got != value {
			t.Fatalf("the variable %q arrives as %q", value, got)
		}
	})
}

// split is what Asterisk's splitter of a Variable header makes of its first
// argument, written down from its rules: a backslash takes the next character
// as it is, quotes go, a comma ends it.
func split(text string) string {
	var out strings.Builder
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '\\':
			if i++; i < len(text) {
				out.WriteByte(text[i])
			}
		case '"':
		case ',':
			return out.String()
		default:
			out.WriteByte(text[i])
		}
	}
	return out.String()
}
