package results

import (
	"bytes"
	"errors"
	"io"
)

// tail is how a log file ends.
type tail struct {
	size int64 // where the last whole line ends
	seq  int64 // of the last line that is a result; 0 if there is none
	uuid string
}

const (
	// tailStep is how much of a file's end is read at first; it holds the
	// longest line that 100 variables can make.
	tailStep = 256 << 10
	// tailMost is how far back a result is looked for.
	tailMost = 64 << 20
)

var errNoLog = errors.New("it holds something other than results; another file must be named")

// begin is how every line begins; it tells a torn line from foreign text.
var begin = []byte(`{"seq":`)

// findTail reads the end of a file that is size bytes long. What follows the
// last line feed is torn. Whole lines that are no results are passed over, but
// a file that has some and no result at all is not ours, and is an error.
func findTail(f io.ReaderAt, size int64) (tail, error) {
	if size == 0 {
		return tail{}, nil
	}
	for step := int64(tailStep); ; step *= 4 {
		from := max(0, size-step)
		data := make([]byte, size-from)
		if _, err := f.ReadAt(data, from); err != nil && !errors.Is(err, io.EOF) {
			return tail{}, err
		}
		end := from + int64(bytes.LastIndexByte(data, '\n')) + 1
		if end > from {
			if seq, uuid, ok := lastResult(data[:end-from]); ok {
				return tail{size: end, seq: seq, uuid: uuid}, nil
			}
		}
		switch {
		case from > 0 && step < tailMost:
			continue
		case from == 0 && end == 0 && isTorn(data):
			return tail{}, nil // nothing but the begin of a first line
		}
		return tail{}, errNoLog
	}
}

// lastResult finds the last line in data that is a result. data ends in a line
// feed and may begin in the middle of a line, which is then no result.
func lastResult(data []byte) (seq int64, uuid string, ok bool) {
	for len(data) > 0 {
		data = data[:len(data)-1]
		i := bytes.LastIndexByte(data, '\n') + 1
		if seq, uuid, err := ParseLine(data[i:]); err == nil {
			return seq, uuid, true
		}
		data = data[:i]
	}
	return 0, "", false
}

// isTorn reports whether data can be what a crash left of a line of ours: its
// beginning, or zeros where the bytes did not reach the disk.
func isTorn(data []byte) bool {
	rest := bytes.TrimRight(data, "\x00")
	n := min(len(rest), len(begin))
	return bytes.Equal(rest[:n], begin[:n])
}
