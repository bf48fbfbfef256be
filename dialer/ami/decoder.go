package ami

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Limits bound what a peer may make a Decoder hold in memory. A zero field
// means its default.
type Limits struct {
	Line    int // bytes in one line; default 64 KiB
	Headers int // headers in one message; default 20,000 (Command output is a header a line)
	Message int // bytes in one message; default 4 MiB
}

func (l Limits) withDefaults() Limits {
	if l.Line <= 0 {
		l.Line = 64 << 10
	}
	if l.Headers <= 0 {
		l.Headers = 20_000
	}
	if l.Message <= 0 {
		l.Message = 4 << 20
	}
	return l
}

// LimitError says that the peer sent more than a limit allows. The stream
// can't be read further.
type LimitError struct {
	What  string // "line", "headers", "message", "greeting" or "list"
	Limit int    // bytes, or a count for headers and lists
}

// Error implements error.
func (e *LimitError) Error() string {
	return fmt.Sprintf("ami: %s exceeds the limit of %d", e.What, e.Limit)
}

const (
	maxGreeting    = 512
	firstBuffer    = 16 << 10
	endOfCommand   = "--END COMMAND--"
	emptyReadLimit = 100
)

// Decoder reads messages from a stream.
//
// Lines end with CRLF, and only there: some texts of Asterisk have a bare LF
// in them, which stays part of the value. A message whose first line ends with
// a bare LF is taken to use LF throughout. Empty lines between messages are
// skipped.
//
// The output of Command comes as Output headers, one a line, also from servers
// before Asterisk 14, which send it raw up to an end marker.
//
// A Decoder is for one goroutine. After an error other than from its reader's
// deadline it is of no more use.
type Decoder struct {
	src    io.Reader
	limits Limits
	buf    []byte // buf[r:w] is read and not yet decoded
	r, w   int
	err    error // from src, delivered once the buffer is used up
	lines  []span
	follow bool // the message is an old Command response
}

// span is a line within buf[r:], colon is its first colon or -1.
type span struct{ start, colon, end int }

// NewDecoder returns a Decoder that reads from r with the default limits. It
// reads ahead, so nothing else may read from r.
func NewDecoder(r io.Reader) *Decoder { return NewDecoderLimits(r, Limits{}) }

// NewDecoderLimits is NewDecoder with limits.
func NewDecoderLimits(r io.Reader, limits Limits) *Decoder {
	return &Decoder{src: r, limits: limits.withDefaults()}
}

// Greeting reads the line that a server sends first, such as
// "Asterisk Call Manager/11.0.0", and returns it without its line end.
func (d *Decoder) Greeting() (string, error) {
	from := 0
	for {
		if i := bytes.IndexByte(d.buf[d.r+from:d.w], '\n'); i >= 0 {
			line := d.buf[d.r : d.r+from+i]
			d.r += from + i + 1
			return string(bytes.TrimSuffix(line, []byte{'\r'})), nil
		}
		from = d.w - d.r
		if from > maxGreeting {
			return "", &LimitError{What: "greeting", Limit: maxGreeting}
		}
		if err := d.fill(); err != nil {
			return "", d.cut(err)
		}
	}
}

// Decode reads the next message. At the end of the stream it returns io.EOF
// between messages and io.ErrUnexpectedEOF inside of one; *LimitError if the
// peer exceeds a limit. The message shares no memory with the Decoder.
func (d *Decoder) Decode() (Message, error) {
	if err := d.skipEmptyLines(); err != nil {
		return nil, err
	}
	d.lines, d.follow = d.lines[:0], false
	bare, done := false, false
	next := 0
	for !done {
		line, after, err := d.line(next, bare || d.follow || next == 0)
		if err != nil {
			return nil, err
		}
		if next == 0 {
			// The first line is never text from outside, so its line end may
			// be trusted to tell how this peer ends its lines.
			bare = d.buf[d.r+line.end] != '\r'
		}
		next = after
		if done, err = d.accept(line); err != nil {
			return nil, err
		}
		if next > d.limits.Message {
			return nil, &LimitError{What: "message", Limit: d.limits.Message}
		}
	}
	m := d.build(next)
	d.r += next
	return m, nil
}

// accept takes a line into the message and tells whether it was the last.
func (d *Decoder) accept(line span) (last bool, err error) {
	text := d.buf[d.r+line.start : d.r+line.end]
	if d.follow {
		last = bytes.HasSuffix(text, []byte(endOfCommand))
		if last {
			line.end -= len(endOfCommand)
			if line.end == line.start {
				return true, nil
			}
		}
		line.colon = d.followColon(line)
	} else {
		if len(text) == 0 {
			return true, nil
		}
		line.colon = bytes.IndexByte(text, ':')
		if len(d.lines) == 0 {
			d.follow = isFollows(text, line.colon)
		}
	}
	if len(d.lines) >= d.limits.Headers {
		return false, &LimitError{What: "headers", Limit: d.limits.Headers}
	}
	d.lines = append(d.lines, line)
	return last, nil
}

func isFollows(text []byte, colon int) bool {
	return colon > 0 && bytes.EqualFold(text[:colon], []byte("Response")) &&
		bytes.EqualFold(bytes.TrimSpace(text[colon+1:]), []byte("Follows"))
}

// outputLine marks a line of raw command output.
const outputLine = -2

// followColon tells the few headers of an old Command response from the
// output that follows them without any mark between.
func (d *Decoder) followColon(line span) int {
	if d.lines[len(d.lines)-1].colon == outputLine {
		return outputLine
	}
	text := d.buf[d.r+line.start : d.r+line.end]
	for _, key := range []string{"Privilege:", "ActionID:", "Message:"} {
		if len(text) >= len(key) && bytes.EqualFold(text[:len(key)], []byte(key)) {
			return len(key) - 1
		}
	}
	return outputLine
}

// build makes the message of the lines found, with one copy of its bytes that
// all keys and values share.
func (d *Decoder) build(size int) Message {
	text := string(d.buf[d.r : d.r+size])
	m := make(Message, len(d.lines))
	for i, line := range d.lines {
		s := text[line.start:line.end]
		switch {
		case line.colon == outputLine:
			m[i] = Header{Key: "Output", Value: s}
		case line.colon < 0:
			m[i].Value = s
		default:
			m[i].Key, m[i].Value = s[:line.colon], s[line.colon+1:]
			if end := line.colon - 1; end >= 0 && s[end] <= ' ' { // hardly ever; the test saves a scan
				m[i].Key = strings.TrimRight(m[i].Key, " \t")
			}
			if len(m[i].Value) > 0 && m[i].Value[0] == ' ' {
				m[i].Value = m[i].Value[1:]
			}
		}
	}
	return m
}

// line finds the line that begins at offset from of the buffered bytes. With
// bare set a LF alone ends it too. The end of the span is before the line
// end, next behind it.
func (d *Decoder) line(from int, bare bool) (line span, next int, err error) {
	seen := from
	for {
		for {
			i := bytes.IndexByte(d.buf[d.r+seen:d.w], '\n')
			if i < 0 {
				break
			}
			at := seen + i
			crlf := at > from && d.buf[d.r+at-1] == '\r'
			if !crlf && !bare {
				seen = at + 1
				continue
			}
			end := at
			if crlf {
				end--
			}
			if end-from > d.limits.Line {
				return span{}, 0, &LimitError{What: "line", Limit: d.limits.Line}
			}
			return span{start: from, colon: -1, end: end}, at + 1, nil
		}
		seen = d.w - d.r
		if seen-from > d.limits.Line+1 {
			return span{}, 0, &LimitError{What: "line", Limit: d.limits.Line}
		}
		if err := d.fill(); err != nil {
			return span{}, 0, d.cut(err)
		}
	}
}

// skipEmptyLines drops line ends before a message.
func (d *Decoder) skipEmptyLines() error {
	for {
		for d.r < d.w && (d.buf[d.r] == '\n' || d.buf[d.r] == '\r') {
			d.r++
		}
		if d.r < d.w {
			return nil
		}
		if err := d.fill(); err != nil {
			return err
		}
	}
}

// fill reads more bytes behind those that are buffered.
func (d *Decoder) fill() error {
	if d.err != nil {
		err := d.err
		d.err = nil
		if errors.Is(err, io.EOF) {
			d.err = err
		}
		return err
	}
	if d.r == d.w {
		d.r, d.w = 0, 0
	}
	if d.w == len(d.buf) {
		if d.r > 0 {
			copy(d.buf, d.buf[d.r:d.w])
			d.w -= d.r
			d.r = 0
		} else {
			grown := make([]byte, max(firstBuffer, 2*len(d.buf)))
			copy(grown, d.buf[:d.w])
			d.buf = grown
		}
	}
	for range emptyReadLimit {
		n, err := d.src.Read(d.buf[d.w:])
		d.w += n
		if n > 0 {
			d.err = err
			return nil
		}
		if err != nil {
			return err
		}
	}
	return io.ErrNoProgress
}

// cut turns the end of the stream inside a message into its own error.
func (d *Decoder) cut(err error) error {
	if errors.Is(err, io.EOF) && d.w > d.r {
		return io.ErrUnexpectedEOF
	}
	return err
}
