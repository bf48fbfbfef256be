package dlma

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
)

// The most that one record may hold. An entry with all its texts and
// variables at their limits is well below.
const (
	maxRecord      = 256 << 10 // bytes
	maxRecordLines = 100
)

// splitter cuts a file into records: lines, or several where a line ends
// inside of quotes. It keeps no more than one record in memory.
//
// A quote that opens and is not closed within the limits of a record costs
// its first line only; the lines behind it are looked at again.
type splitter struct {
	src    *bufio.Reader
	comma  byte   // what quotes may follow; 0 = any delimiter
	buf    []byte // lines that were read and are not yet given out
	ends   []int  // where each of these lines ends in buf
	cut    []bool // which of them were too long, and are only kept as their beginning
	given  int    // lines at the front of buf that the last record was made of
	line   int    // lines given out so far
	offset int64  // bytes given out so far
	sizes  []int  // of the lines in the file
}

// record is a row as it stands in the file. Its text is valid until the next
// one is asked for.
type record struct {
	text []byte
	line int    // where it begins, from 1
	bad  string // what is wrong with it; then it has no text
}

func newSplitter(src io.Reader) *splitter {
	return &splitter{src: bufio.NewReaderSize(src, 64<<10)}
}

// mark skips a byte order mark, and refuses files that are not in UTF-8.
func (s *splitter) mark() error {
	head, err := s.src.Peek(3)
	if err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("read file: %w", err)
	}
	switch {
	case bytes.HasPrefix(head, []byte{0xff, 0xfe}), bytes.HasPrefix(head, []byte{0xfe, 0xff}):
		return errors.New("the file is in UTF-16: save it as CSV in UTF-8")
	case bytes.HasPrefix(head, []byte{0xef, 0xbb, 0xbf}):
		n, err := s.src.Discard(3)
		s.offset += int64(n)
		return err
	}
	return nil
}

// next returns the next record that is not blank.
func (s *splitter) next() (record, error) {
	for {
		r, err := s.cutOne()
		if err != nil || r.bad != "" || len(bytes.TrimRight(r.text, "\r\n")) > 0 {
			return r, err
		}
	}
}

func (s *splitter) cutOne() (record, error) {
	s.drop()
	state := atStart
	for n := 0; ; n++ {
		if n == len(s.ends) {
			if err := s.readLine(); errors.Is(err, io.EOF) {
				if n == 0 {
					return record{}, io.EOF
				}
				return s.give(1, "has a quote that is not closed"), nil
			} else if err != nil {
				return record{}, err
			}
		}
		from := 0
		if n > 0 {
			from = s.ends[n-1]
		}
		switch {
		case s.cut[n] && n == 0:
			return s.give(1, fmt.Sprintf("is longer than %d bytes", maxRecord)), nil
		case s.cut[n], s.ends[n] > maxRecord, n == maxRecordLines:
			return s.give(1, "has a quote that is not closed"), nil
		}
		if state = s.scan(state, s.buf[from:s.ends[n]]); state != inQuotes {
			return s.give(n+1, ""), nil
		}
	}
}

// give hands out the first n lines.
func (s *splitter) give(n int, bad string) record {
	r := record{line: s.line + 1, bad: bad}
	if bad == "" {
		r.text = s.buf[:s.ends[n-1]]
	}
	s.given = n
	s.line += n
	for _, size := range s.sizes[:n] {
		s.offset += int64(size)
	}
	return r
}

// drop forgets the lines that were given out.
func (s *splitter) drop() {
	if s.given == 0 {
		return
	}
	end := s.ends[s.given-1]
	s.buf = append(s.buf[:0], s.buf[end:]...)
	s.ends = append(s.ends[:0], s.ends[s.given:]...)
	s.cut = append(s.cut[:0], s.cut[s.given:]...)
	s.sizes = append(s.sizes[:0], s.sizes[s.given:]...)
	for i := range s.ends {
		s.ends[i] -= end
	}
	s.given = 0
}

// readLine adds one line of the file to buf; of one that is too long only the
// beginning.
func (s *splitter) readLine() error {
	from, size := len(s.buf), 0
	long := false
	for {
		part, err := s.src.ReadSlice('\n')
		size += len(part)
		if room := maxRecord - (len(s.buf) - from); len(part) > room {
			long, part = true, part[:room]
		}
		s.buf = append(s.buf, part...)
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case errors.Is(err, io.EOF) && size == 0:
			return io.EOF
		case err != nil && !errors.Is(err, io.EOF):
			return fmt.Errorf("read file: %w", err)
		}
		s.ends = append(s.ends, len(s.buf))
		s.cut = append(s.cut, long)
		s.sizes = append(s.sizes, size)
		return nil
	}
}

// state is where in a record the scanner is.
type state int

const (
	atStart  state = iota // of a cell, where a quote opens
	inText                // of a cell, where a quote means nothing
	inQuotes              // where a line may end within the cell
	atQuote               // behind a quote in quotes: it closes, or the next one doubles it
)

// scan goes through one line and returns where it ends.
func (s *splitter) scan(at state, line []byte) state {
	for _, b := range line {
		delimits := b == s.comma || s.comma == 0 && (b == ',' || b == ';' || b == '\t')
		switch {
		case at == inQuotes && b == '"':
			at = atQuote
		case at == inQuotes:
		case at == atQuote && b == '"':
			at = inQuotes
		case delimits:
			at = atStart
		case at == atStart && b == '"':
			at = inQuotes
		default:
			at = inText
		}
	}
	return at
}
