package dlma

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// Row is one row of a CSV file.
type Row struct {
	Number int      // 1 is the first one below the header; rows without any text are not counted
	Line   int      // where it begins in the file, from 1
	Cells  []string // as they stand in the file, in the order of Columns; nil if the row has not the form of CSV
	Entry  Entry
	// Key tells rows of different content apart: it depends on the columns that
	// are read and not empty, and neither on their order nor on the row's place.
	Key string
	// Err is nil if Entry is a valid one, and else an Invalid. Its field is a
	// column, or "row" if it is about the row as a whole.
	Err error
}

// Reader reads entries from a CSV file in UTF-8, with or without a byte order
// mark, with CRLF or LF. The first row names the columns as the wire does
// (name, number_1, ...), in any order; a column variables.NAME is the variable
// NAME. Columns that are only shown on the wire are skipped, and so are those
// whose name begins with refused_, which a report of refused rows adds. The
// delimiter is the comma, or what stands in the header instead of it: the
// semicolon or the tab.
//
// It holds one row at a time, of at most 256 KiB and 100 lines. What is not
// well formed costs that row alone: a quote that is never closed does not
// swallow the rest of the file.
type Reader struct {
	list    string
	records *splitter
	names   []string
	columns []column
	sorted  []int // the places of the columns that are read, ordered by name
	rows    int

	text   bytes.Reader
	buffer *bufio.Reader
	comma  rune
}

// NewReader reads the header of a file whose rows are to become entries of the
// list with that uuid. Its errors are for users to read.
func NewReader(src io.Reader, list string) (*Reader, error) {
	r := &Reader{list: list, records: newSplitter(src)}
	if err := r.records.mark(); err != nil {
		return nil, err
	}
	record, err := r.records.next()
	switch {
	case errors.Is(err, io.EOF):
		return nil, errors.New("the file is empty: its first row must name the columns")
	case err != nil:
		return nil, err
	case record.bad != "":
		return nil, errors.New("the first row, which must name the columns, " + record.bad)
	}
	r.comma = delimiter(record.text)
	r.records.comma = byte(r.comma)
	r.buffer = bufio.NewReader(&r.text)
	names, bad := r.split(record.text)
	if bad != "" {
		return nil, errors.New("the first row, which must name the columns, " + bad)
	}
	return r, r.header(names)
}

// delimiter finds out what separates the columns.
func delimiter(header []byte) rune {
	best := ','
	for _, other := range []rune{';', '\t'} {
		if bytes.Count(header, []byte(string(other))) > bytes.Count(header, []byte(string(best))) {
			best = other
		}
	}
	return best
}

// header finds the columns by their names.
func (r *Reader) header(names []string) error {
	numbers := 0
	for i, name := range names {
		if name = strings.Trim(name, " \t"); name == "" {
			return fmt.Errorf("column %d has no name in the header", i+1)
		}
		if slices.Contains(r.names, name) {
			return fmt.Errorf("column %q stands in the header twice", clipName(name))
		}
		r.names = append(r.names, name)
		c, err := columnOf(name)
		if err != nil {
			return err
		}
		r.columns = append(r.columns, c)
		if c != nil {
			r.sorted = append(r.sorted, i)
		}
		if strings.HasPrefix(name, "number_") {
			numbers++
		}
	}
	if numbers == 0 {
		return errors.New("the header names no column number_1 to number_8: nobody could be called")
	}
	slices.SortFunc(r.sorted, func(a, b int) int { return strings.Compare(r.names[a], r.names[b]) })
	return nil
}

// Columns are the names in the header.
func (r *Reader) Columns() []string { return slices.Clone(r.names) }

// Offset is how many bytes of the file have been read, up to the end of the
// last row.
func (r *Reader) Offset() int64 { return r.records.offset }

// Next returns the next row, io.EOF after the last one. Other errors are the
// file's; what is wrong with a row is in the row.
func (r *Reader) Next() (Row, error) {
	record, err := r.records.next()
	if err != nil {
		return Row{}, err
	}
	r.rows++
	row := Row{Number: r.rows, Line: record.line}
	if record.bad != "" {
		row.Err = Invalid{"row", record.bad}
		return row, nil
	}
	cells, bad := r.split(record.text)
	if bad != "" {
		row.Err = Invalid{"row", bad}
		return row, nil
	}
	row.Cells = cells
	if len(cells) != len(r.columns) {
		row.Err = Invalid{"row", fmt.Sprintf("has %d columns, the header has %d", len(cells), len(r.columns))}
		return row, nil
	}
	row.Entry, row.Err = r.entry(cells)
	row.Key = r.key(cells)
	return row, nil
}

// split cuts one record into its cells; bad is what is wrong with it.
func (r *Reader) split(record []byte) (cells []string, bad string) {
	r.text.Reset(record)
	r.buffer.Reset(&r.text)
	reader := csv.NewReader(r.buffer)
	reader.Comma = r.comma
	reader.FieldsPerRecord = -1
	cells, err := reader.Read()
	if err == nil {
		if _, rest := reader.Read(); errors.Is(rest, io.EOF) {
			return cells, ""
		}
	}
	return nil, "has a quote out of place: a cell with quotes in it stands in quotes, with each of its own doubled"
}

// entry makes an entry of a row's cells.
func (r *Reader) entry(cells []string) (Entry, error) {
	e := Entry{List: r.list}
	for i, set := range r.columns {
		if set == nil || cells[i] == "" {
			continue
		}
		if err := set(&e, cells[i]); err != nil {
			return Entry{}, Invalid{r.names[i], err.Error()}
		}
	}
	if err := e.Validate(); err != nil {
		return Entry{}, err
	}
	if e.Number == [Numbers]string{} {
		return Entry{}, Invalid{"number_1", "and the others are empty: nobody could be called"}
	}
	return e, nil
}
