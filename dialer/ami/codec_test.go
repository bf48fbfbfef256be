package ami

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"
)

func TestMessage(t *testing.T) {
	t.Parallel()
	m := Message{{"Event", "VarSet"}, {"ChanVariable", "A=1"}, {"actionid", "x"}, {"chanvariable", "B=2"}, {"Empty", ""}}
	if m.Event() != "VarSet" || m.ActionID() != "x" || m.Get("CHANVARIABLE") != "A=1" || m.Get("none") != "" {
		t.Errorf("wrong values of %v", m)
	}
	if got := m.Values("ChanVariable"); !slices.Equal(got, []string{"A=1", "B=2"}) {
		t.Errorf("values %q", got)
	}
	if _, found := m.Lookup("empty"); !found {
		t.Error("an empty header is not found")
	}
	if v, found := m.Lookup("none"); found || v != "" || m.Values("none") != nil {
		t.Error("a header out of nothing")
	}
	m.Set("EMPTY", "now")
	m.Set("New", "1")
	m.Add("New", "2")
	if m.Get("Empty") != "now" || len(m.Values("new")) != 2 {
		t.Errorf("after Set and Add: %v", m)
	}
	both := Message{{"Event", "OriginateResponse"}, {"Response", "Failure"}}
	reply := Message{{"Response", "Success"}}
	if both.IsResponse() || !reply.IsResponse() || (Message{}).IsResponse() || reply.Event() != "" || both.Response() != "Failure" {
		t.Error("events and responses are mixed up")
	}
}

func TestEncodeRefuses(t *testing.T) {
	t.Parallel()
	for _, h := range []Header{
		{"Key", "a\rb"}, {"Key", "a\nb"}, {"Key", "a\x00b"}, {"Key", "\r\n\r\nAction: Originate"},
		{"", "a"}, {"Ke\ry", "a"}, {"Ke\ny", "a"}, {"Ke\x00y", "a"}, {"Key: x\r\nKey", "a"}, {"Ke:y", "a"}, {" Key", "a"}, {"Key ", "a"},
	} {
		var out bytes.Buffer
		err := Encode(&out, Message{{"Action", "Ping"}, h})
		invalid, ok := errors.AsType[*InvalidValueError](err)
		if !ok || invalid.Header != h.Key {
			t.Errorf("%q: %v", h, err)
		}
		if strings.Contains(err.Error(), "Originate") {
			t.Errorf("%q: the error shows the value: %v", h, err)
		}
		if out.Len() != 0 {
			t.Errorf("%q: %q was written", h, out.Bytes())
		}
		if kept, _ := (Message{h}).AppendTo([]byte("kept")); string(kept) != "kept" {
			t.Errorf("%q: %q left in the buffer", h, kept)
		}
	}
	if err := Encode(io.Discard, nil); err == nil {
		t.Error("a message without headers was written")
	}
}

func TestEncode(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	m := Message{{"Action", "Originate"}, {"Variable", "A=  x "}, {"Variable", "B="}, {"Empty", ""}}
	if err := Encode(&out, m); err != nil {
		t.Fatal(err)
	}
	if want := "Action: Originate\r\nVariable: A=  x \r\nVariable: B=\r\nEmpty: \r\n\r\n"; out.String() != want {
		t.Errorf("got %q", out.String())
	}
	broken := errors.New("broken")
	if err := Encode(brokenWriter{broken}, m); !errors.Is(err, broken) {
		t.Errorf("error %v", err)
	}
}

func TestDecodeCutAnywhere(t *testing.T) {
	t.Parallel()
	const text = "Asterisk Call Manager/11.0.0\r\nEvent: A\r\nKey: v\r\n\r\n"
	for cut := range len(text) {
		d := NewDecoder(strings.NewReader(text[:cut]))
		_, err := d.Greeting()
		if err == nil {
			_, err = d.Decode()
		}
		want := io.ErrUnexpectedEOF
		if cut == 0 || cut == strings.Index(text, "Event") {
			want = io.EOF
		}
		if !errors.Is(err, want) || (want == io.EOF) != (err == io.EOF) {
			t.Errorf("cut at %d: %v, want %v", cut, err, want)
		}
	}
}

func TestDecodeLimits(t *testing.T) {
	t.Parallel()
	limits := Limits{Line: 100, Headers: 5, Message: 300}
	for name, test := range map[string]struct{ text, what string }{
		"line":             {"Event: A\r\nK: " + strings.Repeat("x", 98) + "\r\n\r\n", "line"},
		"line without end": {"Event: A\r\nK: " + strings.Repeat("x", 5000), "line"},
		"first line":       {strings.Repeat("x", 5000), "line"},
		"headers":          {"Event: A\r\n" + strings.Repeat("K: v\r\n", 5) + "\r\n", "headers"},
		"message":          {"Event: A\r\n" + strings.Repeat("K: "+strings.Repeat("x", 80)+"\r\n", 4) + "\r\n", "message"},
		"command output":   {"Response: Follows\r\n" + strings.Repeat("x\n", 9), "headers"},
		"within": {"Event: A\r\nK: " + strings.Repeat("x", 97) + "\r\nK: " + strings.Repeat("y", 97) +
			"\r\nA: " + strings.Repeat("y", 60) + "\r\n: \r\n\r\n", ""},
	} {
		d := NewDecoderLimits(strings.NewReader(test.text), limits)
		_, err := d.Decode()
		exceeded, ok := errors.AsType[*LimitError](err)
		if test.what == "" {
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		if !ok || exceeded.What != test.what {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, err := NewDecoder(strings.NewReader(strings.Repeat("x", 2000))).Greeting()
	if exceeded, ok := errors.AsType[*LimitError](err); !ok || exceeded.What != "greeting" {
		t.Errorf("greeting: %v", err)
	}
}

func TestDecodeReadErrors(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	d := NewDecoder(io.MultiReader(strings.NewReader("Event: A\r\n\r\nEvent: B\r\n"), iotest.ErrReader(broken)))
	if m, err := d.Decode(); err != nil || m.Event() != "A" {
		t.Fatalf("%v, %v", m, err)
	}
	if _, err := d.Decode(); !errors.Is(err, broken) {
		t.Errorf("error %v", err)
	}
	if _, err := NewDecoder(lazyReader{}).Decode(); !errors.Is(err, io.ErrNoProgress) {
		t.Errorf("a reader that gives nothing: %v", err)
	}
}

type brokenWriter struct{ err error }

func (w brokenWriter) Write([]byte) (int, error) { return 0, w.err }

type lazyReader struct{}

func (lazyReader) Read([]byte) (int, error) { return 0, nil }

// A read that timed out may be tried again without loss.
func TestDecodeGoesOnAfterTimeout(t *testing.T) {
	t.Parallel()
	d := NewDecoder(iotest.TimeoutReader(iotest.OneByteReader(strings.NewReader("Event: A\r\nK: v\r\n\r\n"))))
	if _, err := d.Decode(); !errors.Is(err, iotest.ErrTimeout) {
		t.Fatalf("error %v", err)
	}
	if m, err := d.Decode(); err != nil || m.Get("K") != "v" {
		t.Errorf("%v, %v", m, err)
	}
}

// Messages must stay as they are when the decoder goes on.
func TestMessagesShareNoMemory(t *testing.T) {
	t.Parallel()
	var in bytes.Buffer
	for i := range 3000 {
		fmt.Fprintf(&in, "Event: E%d\r\nN: %d\r\n\r\n", i, i)
	}
	d := NewDecoder(iotest.HalfReader(&in))
	var all []Message
	for range 3000 {
		m, err := d.Decode()
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, m)
	}
	for i, m := range all {
		if m.Event() != fmt.Sprintf("E%d", i) || m.Get("N") != fmt.Sprint(i) {
			t.Fatalf("message %d is %v", i, m)
		}
	}
}

// Commands of clients, as the real Asterisk took them, read like messages.
func TestTracesDecodeSent(t *testing.T) {
	t.Parallel()
	for _, tr := range loadTraces(t) {
		d := NewDecoder(bytes.NewReader(tr.sent))
		for i, want := range tr.messages(false) {
			if len(bytes.TrimSpace(want)) == 0 {
				continue // empty lines
			}
			m, err := d.Decode()
			if err != nil {
				t.Fatalf("%s, action %d: %v", tr.name, i, err)
			}
			got, err := m.AppendTo(nil)
			wire := bytes.ReplaceAll(bytes.ReplaceAll(want, []byte("\r\n"), []byte("\n")), []byte("\n"), []byte("\r\n"))
			if tr.known(want) {
				continue
			}
			if err != nil || !bytes.Equal(got, wire) {
				t.Errorf("%s, action %d: %v\ngot  %q\nwant %q", tr.name, i, err, got, want)
			}
		}
		if m, err := d.Decode(); !errors.Is(err, io.EOF) {
			t.Errorf("%s: after the last: %v, %v", tr.name, m, err)
		}
	}
}

// known tells of the few actions of the recordings that are odd on purpose.
func (tr trace) known(action []byte) bool {
	return bytes.Contains(action, []byte("no colon")) || bytes.Contains(action, []byte("ActionID:no-space"))
}

func TestUptimeOf(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]time.Duration{"0": 1, "1": time.Second, "3600": time.Hour, "": 0, "x": 0, "-1": 0} {
		if got := uptimeOf(Message{{"Uptime", text}}); got != want {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
	}
}
