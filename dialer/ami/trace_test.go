package ami

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// traceLine is a line of a .times file.
type traceLine struct {
	server bool
	size   int
	text   string
}

type trace struct {
	name     string
	ami      []byte
	sent     []byte
	exchange []traceLine
}

// loadTraces reads all recordings of both Asterisk versions.
func loadTraces(tb testing.TB) []trace {
	tb.Helper()
	var traces []trace
	for _, pattern := range []string{"testdata/traces/*.ami", "testdata/traces/asterisk-16/*.ami"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			tb.Fatal(err)
		}
		if len(files) < 70 {
			tb.Fatalf("%s: %d recordings, want at least 70", pattern, len(files))
		}
		for _, file := range files {
			traces = append(traces, loadTrace(tb, strings.TrimSuffix(file, ".ami")))
		}
	}
	return traces
}

func loadTrace(tb testing.TB, path string) trace {
	tb.Helper()
	read := func(ext string) []byte {
		b, err := os.ReadFile(path + ext)
		if err != nil {
			tb.Fatal(err)
		}
		return b
	}
	t := trace{name: strings.TrimPrefix(path, "testdata/traces/"), ami: read(".ami"), sent: read(".sent")}
	for line := range strings.Lines(string(read(".times"))) {
		fields := strings.Fields(line)
		size, err := strconv.Atoi(fields[2])
		if err != nil {
			tb.Fatalf("%s: %v", line, err)
		}
		t.exchange = append(t.exchange, traceLine{server: fields[1] == "S", size: size, text: strings.Join(fields[3:], " ")})
	}
	return t
}

// messages cuts one direction of the recording into its messages, the first of
// which is the greeting for the server.
func (t trace) messages(server bool) [][]byte {
	rest := t.sent
	if server {
		rest = t.ami
	}
	var all [][]byte
	for _, line := range t.exchange {
		if line.server == server {
			all = append(all, rest[:line.size])
			rest = rest[line.size:]
		}
	}
	return all
}

func TestTracesDecode(t *testing.T) {
	t.Parallel()
	for _, tr := range loadTraces(t) {
		t.Run(tr.name, func(t *testing.T) {
			t.Parallel()
			d := NewDecoder(bytes.NewReader(tr.ami))
			greeting, err := d.Greeting()
			if err != nil {
				t.Fatal(err)
			}
			if !strings.HasPrefix(greeting, "Asterisk Call Manager/") {
				t.Fatalf("greeting %q", greeting)
			}
			wants := tr.messages(true)[1:]
			for i, want := range wants {
				m, err := d.Decode()
				if err != nil {
					t.Fatalf("message %d: %v", i, err)
				}
				got, err := m.AppendTo(nil)
				if invalid := (*InvalidValueError)(nil); errors.As(err, &invalid) {
					// The known slip of Asterisk: an error text with a line
					// end of its own, so that an empty line follows.
					if invalid.Header != "Message" || !bytes.HasSuffix(want, []byte("\n\r\n\r\n")) {
						t.Fatalf("message %d %q: %v", i, want, err)
					}
					continue
				}
				if err != nil {
					t.Fatalf("message %d: %v", i, err)
				}
				if !bytes.Equal(got, want) {
					t.Fatalf("message %d:\ngot  %q\nwant %q", i, got, want)
				}
			}
			if m, err := d.Decode(); !errors.Is(err, io.EOF) {
				t.Fatalf("after the last message: %v, %v", m, err)
			}
		})
	}
}

func TestTracesDecodeInAnySegments(t *testing.T) {
	t.Parallel()
	tr := loadTrace(t, "testdata/traces/malformed")
	whole := decodeAll(t, bytes.NewReader(tr.ami))
	for _, size := range []int{1, 2, 3, 7, 61, 1448} {
		parts := decodeAll(t, &chunkReader{rest: tr.ami, size: size})
		if fmt.Sprint(parts) != fmt.Sprint(whole) {
			t.Errorf("segments of %d bytes give other messages than the whole", size)
		}
	}
}

// chunkReader delivers at most size bytes at a time.
type chunkReader struct {
	rest []byte
	size int
}

func (r *chunkReader) Read(p []byte) (int, error) {
	if len(r.rest) == 0 {
		return 0, io.EOF
	}
	n := copy(p, r.rest[:min(r.size, len(r.rest))])
	r.rest = r.rest[n:]
	return n, nil
}

func decodeAll(tb testing.TB, r io.Reader) []Message {
	tb.Helper()
	d := NewDecoder(r)
	if _, err := d.Greeting(); err != nil {
		tb.Fatal(err)
	}
	var all []Message
	for {
		m, err := d.Decode()
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			tb.Fatal(err)
		}
		all = append(all, m)
	}
}
