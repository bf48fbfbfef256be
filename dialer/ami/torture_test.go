package ami

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
)

// dump writes what a stream decodes to, a header a line and how it ended.
func dump(r io.Reader) string {
	var out strings.Builder
	d := NewDecoder(r)
	for {
		m, err := d.Decode()
		if err != nil {
			fmt.Fprintf(&out, "end: %v\n", err)
			return out.String()
		}
		for _, h := range m {
			fmt.Fprintf(&out, "%q %q\n", h.Key, h.Value)
		}
		out.WriteString("--\n")
	}
}

// TestTorture decodes what real and bad peers might send, whole and in the
// smallest segments. The .want files were checked by hand.
func TestTorture(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/torture/*.in")
	if err != nil || len(files) < 20 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, file := range files {
		in, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		want, err := os.ReadFile(strings.TrimSuffix(file, ".in") + ".want")
		if err != nil {
			t.Error(err)
		}
		for name, r := range map[string]io.Reader{
			"whole":        bytes.NewReader(in),
			"byte by byte": iotest.OneByteReader(bytes.NewReader(in)),
			"with EOF":     iotest.DataErrReader(bytes.NewReader(in)),
		} {
			if got := dump(r); got != string(want) {
				t.Errorf("%s, %s:\ngot:\n%swant:\n%s", file, name, got, want)
			}
		}
	}
}

// FuzzDecode feeds any bytes and checks what must hold for all: no panic, an
// end, the same messages however the bytes are cut, and that what can be
// encoded again decodes to itself.
func FuzzDecode(f *testing.F) {
	files, err := filepath.Glob("testdata/torture/*.in")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		in, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(in)
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		d := NewDecoderLimits(bytes.NewReader(in), Limits{Line: 1 << 10, Headers: 64, Message: 8 << 10})
		for {
			m, err := d.Decode()
			if err != nil {
				exceeded := (*LimitError)(nil)
				if !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.As(err, &exceeded) {
					t.Fatalf("error %v", err)
				}
				break
			}
			if len(m) == 0 {
				t.Fatal("a message without headers")
			}
			again(t, m)
		}
		if whole, bytewise := dump(bytes.NewReader(in)), dump(iotest.OneByteReader(bytes.NewReader(in))); whole != bytewise {
			t.Fatalf("whole:\n%s\nbyte by byte:\n%s", whole, bytewise)
		}
	})
}

func again(t *testing.T, m Message) {
	t.Helper()
	wire, err := m.AppendTo(nil)
	if err != nil || isFollows([]byte(m[0].Key+":"+m[0].Value), len(m[0].Key)) {
		return
	}
	got, err := NewDecoder(bytes.NewReader(wire)).Decode()
	if err != nil || fmt.Sprintf("%q", got) != fmt.Sprintf("%q", m) {
		t.Fatalf("%q became %q, %v", m, got, err)
	}
}
