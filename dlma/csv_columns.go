package dlma

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/outpace/outpace/plan/variables"
)

// column puts a cell that is not empty into an entry. The column's name is not
// in its error.
type column func(e *Entry, cell string) error

// variableColumn begins the name of a column that holds a variable.
const variableColumn = "variables."

// skipped are columns that an export of the API has and that a new entry
// cannot take.
var skipped = map[string]bool{
	"uuid": true, "in_use": true, "tm_create": true, "tm_update": true, "tm_delete": true,
	"dlma_uuid": true, "dialing_uuid": true, "dialing_camp_uuid": true, "dialing_plan_uuid": true,
}

// columnOf finds a column by its name; nil means that it is skipped.
func columnOf(name string) (column, error) {
	if variable, ok := strings.CutPrefix(name, variableColumn); ok {
		if !variables.ValidName(variable, variables.Plain) {
			return nil, fmt.Errorf("column %q does not end in the name of a variable", clipName(name))
		}
		return variableCell(variable), nil
	}
	if c, ok := columns[name]; ok {
		return c, nil
	}
	if skipped[name] || strings.HasPrefix(name, "refused_") {
		return nil, nil //nolint:nilnil // nil is the column that is skipped
	}
	if name == "variables" {
		return nil, errors.New(`column "variables" is not known: give each variable a column of its own, variables.NAME`)
	}
	return nil, fmt.Errorf("column %q is not known", clipName(name))
}

var columns = func() map[string]column {
	text := func(place func(*Entry) *string) column {
		return func(e *Entry, cell string) error {
			*place(e) = cell
			return nil
		}
	}
	c := map[string]column{
		"name":              text(func(e *Entry) *string { return &e.Name }),
		"detail":            text(func(e *Entry) *string { return &e.Detail }),
		"email":             text(func(e *Entry) *string { return &e.Email }),
		"ukey":              text(func(e *Entry) *string { return &e.Ukey }),
		"resv_target":       text(func(e *Entry) *string { return &e.ResvTarget }),
		"res_dial_detail":   text(func(e *Entry) *string { return &e.ResDialDetail }),
		"res_hangup_detail": text(func(e *Entry) *string { return &e.ResHangupDetail }),
		"res_dial":          integer(func(e *Entry) *int { return &e.ResDial }),
		"res_hangup":        integer(func(e *Entry) *int { return &e.ResHangup }),
		"tm_last_dial":      timestamp(func(e *Entry) *time.Time { return &e.TmLastDial }),
		"tm_last_hangup":    timestamp(func(e *Entry) *time.Time { return &e.TmLastHangup }),
		"status":            statusCell,
	}
	for i := range Numbers {
		c["number_"+strconv.Itoa(i+1)] = func(e *Entry, cell string) error {
			e.Number[i] = trim(cell)
			return nil
		}
		c["trycnt_"+strconv.Itoa(i+1)] = integer(func(e *Entry) *int { return &e.Tries[i] })
	}
	return c
}()

// trim drops the blanks around a cell that cannot have any.
func trim(cell string) string { return strings.Trim(cell, " \t") }

func integer(place func(*Entry) *int) column {
	return func(e *Entry, cell string) error {
		n, err := strconv.Atoi(trim(cell))
		if err != nil {
			return errors.New("must be an integer")
		}
		*place(e) = n
		return nil
	}
}

func statusCell(e *Entry, cell string) error {
	switch trim(cell) {
	case "0":
		e.Status = Idle
	case "2":
		e.Status = Reserved
	default:
		return errors.New("must be 0 (idle) or 2 (reserved)")
	}
	return nil
}

func timestamp(place func(*Entry) *time.Time) column {
	return func(e *Entry, cell string) error {
		t, err := time.Parse(time.RFC3339Nano, trim(cell))
		if t = t.UTC(); err != nil || t.Year() < 1970 || t.Year() > 9999 {
			return errors.New("must be a real time like 2017-03-08T02:02:19.561972329Z (RFC 3339)")
		}
		*place(e) = t
		return nil
	}
}

func variableCell(name string) column {
	return func(e *Entry, cell string) error {
		if err := variables.CheckValue(cell); err != nil {
			return err
		}
		if e.Variables == nil {
			e.Variables = map[string]string{}
		}
		e.Variables[name] = cell
		return nil
	}
}

// key makes the Key of a row.
func (r *Reader) key(cells []string) string {
	sum := sha256.New()
	for _, i := range r.sorted {
		if cells[i] != "" {
			// Lengths, so that no text can look like a part of its neighbour.
			_, _ = fmt.Fprintf(sum, "%d %s %d %s\n", len(r.names[i]), r.names[i], len(cells[i]), cells[i]) // a hash takes all
		}
	}
	return hex.EncodeToString(sum.Sum(nil)[:16])
}

// clipName keeps a hostile name from filling a message.
func clipName(name string) string {
	if len(name) > 100 {
		return name[:100] + "..."
	}
	return name
}
