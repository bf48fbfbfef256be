package main

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"

	"github.com/outpace/outpace/dlma"
)

// refusals is the report of refused rows: a CSV file with the line, the field
// and the reason before the cells of the row, so that it can be mended and
// imported itself. It is made with the first row that is refused.
type refusals struct {
	near   string // the file that is imported
	wanted string // "" = one beside it
	header []string

	mu     sync.Mutex
	path   string // of the file, "" as long as there is none
	file   *os.File
	writer *csv.Writer
}

func newRefusals(near, wanted string, header []string) *refusals {
	return &refusals{near: near, wanted: wanted, header: header}
}

// add writes a row.
func (r *refusals) add(row dlma.Row, bad dlma.Invalid) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.file == nil {
		if err := r.make(); err != nil {
			return err
		}
	}
	cells := append([]string{strconv.Itoa(row.Line), bad.Field, bad.Message}, row.Cells...)
	for len(cells) < len(r.header)+3 {
		cells = append(cells, "")
	}
	if err := errors.Join(r.writer.Write(cells), r.flush()); err != nil {
		return fmt.Errorf("write report of refused rows: %w", err)
	}
	return nil
}

func (r *refusals) flush() error {
	r.writer.Flush()
	return r.writer.Error()
}

// make makes the file. One that is there is left alone: somebody may be
// mending it.
func (r *refusals) make() error {
	base := strings.TrimSuffix(r.near, filepath.Ext(r.near)) + ".refused"
	for n := 1; ; n++ {
		path := r.wanted
		switch {
		case path != "":
		case n == 1:
			path = base + ".csv"
		default:
			path = base + "-" + strconv.Itoa(n) + ".csv"
		}
		file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
		if errors.Is(err, fs.ErrExist) && r.wanted == "" && n < 1000 {
			continue
		}
		if err != nil {
			return fmt.Errorf("make report of refused rows: %w", err)
		}
		r.path, r.file, r.writer = path, file, csv.NewWriter(file)
		header := []string{"refused_line", "refused_field", "refused_reason"}
		for _, name := range r.header {
			if strings.HasPrefix(name, "refused_") { // the file is a report itself
				name = "refused_" + name
			}
			header = append(header, name)
		}
		if err := errors.Join(r.writer.Write(header), r.flush()); err != nil {
			return fmt.Errorf("write report of refused rows: %w", err)
		}
		return nil
	}
}

func (r *refusals) close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.file == nil {
		return nil
	}
	if err := r.file.Close(); err != nil {
		return fmt.Errorf("close report of refused rows: %w", err)
	}
	return nil
}
