package dlma

import (
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"
	"time"
)

// readAll reads a file; what is wrong with the file as a whole fails the test.
func readAll(t *testing.T, text string) []Row {
	t.Helper()
	r, err := NewReader(strings.NewReader(text), listID)
	if err != nil {
		t.Fatalf("%.80q: %v", text, err)
	}
	var rows []Row
	for {
		row, err := r.Next()
		if errors.Is(err, io.EOF) {
			if r.Offset() != int64(len(text)) {
				t.Errorf("%.80q: offset %d at the end, the file has %d bytes", text, r.Offset(), len(text))
			}
			return rows
		}
		if err != nil {
			t.Fatal(err)
		}
		rows = append(rows, row)
	}
}

func TestReaderTakesAllColumns(t *testing.T) {
	var header, cells []string
	for name := range columns {
		cell := "1"
		switch {
		case strings.HasPrefix(name, "tm_"):
			cell = "2017-03-08T03:02:19.5+01:00"
		case name == "status":
			cell = "2"
		}
		header, cells = append(header, name), append(cells, cell)
	}
	header, cells = append(header, "variables.A b", "uuid", "refused_field"), append(cells, " x\"y ", "no uuid", "z")
	row := readAll(t, strings.Join(header, "\t")+"\n"+strings.Join(cells[:len(cells)-3], "\t")+"\t\" x\"\"y \"\tno uuid\tz\n")[0]
	e := row.Entry
	when := time.Date(2017, 3, 8, 2, 2, 19, 5e8, time.UTC)
	if row.Err != nil || e.Status != Reserved || e.Name != "1" || e.ResvTarget != "1" || e.Number[7] != "1" || e.Tries[0] != 1 || e.ResHangup != 1 ||
		!e.TmLastDial.Equal(when) || !e.TmLastHangup.Equal(when) || e.Variables["A b"] != ` x"y ` || e.UUID != "" || e.List != listID {
		t.Errorf("%v, %+v", row.Err, e)
	}
}

func TestReaderForms(t *testing.T) {
	want := []string{"1:2:300:Ann", "2:3:301:O'Brien, \"Bo\"\nLtd \U0001F600"}
	for name, text := range map[string]string{
		"plain":             "number_1,name\n300,Ann\n301,\"O'Brien, \"\"Bo\"\"\nLtd \U0001F600\"\n",
		"mark, CRLF":        "\ufeffnumber_1,name\r\n300,Ann\r\n301,\"O'Brien, \"\"Bo\"\"\r\nLtd \U0001F600\"\r\n",
		"semicolons":        "number_1;name\n300;Ann\n301;\"O'Brien, \"\"Bo\"\"\nLtd \U0001F600\"",
		"tabs, blanks":      "number_1 \t name\n 300 \tAnn\n301\t\"O'Brien, \"\"Bo\"\"\nLtd \U0001F600\"\n\n\r\n",
		"quoted header":     "\"number_1\",\"name\"\n\"300\",\"Ann\"\n301,\"O'Brien, \"\"Bo\"\"\nLtd \U0001F600\"",
		"other order, more": "name,number_1,email\nAnn,300,\n\"O'Brien, \"\"Bo\"\"\nLtd \U0001F600\",301,",
	} {
		var got []string
		keys := map[string]bool{}
		for _, row := range readAll(t, text) {
			got = append(got, fmt.Sprintf("%d:%d:%s:%s", row.Number, row.Line, row.Entry.Number[0], row.Entry.Name))
			keys[row.Key] = true
			if row.Err != nil {
				t.Errorf("%s: %v", name, row.Err)
			}
		}
		if fmt.Sprintf("%q", got) != fmt.Sprintf("%q", want) || len(keys) != 2 {
			t.Errorf("%s: %q with %d keys, want %q", name, got, len(keys), want)
		}
	}
}

func TestReaderKeepsKeysWhateverTheFileLooksLike(t *testing.T) {
	key := readAll(t, "number_1,name\n300,Ann\n")[0].Key
	for _, same := range []string{"\ufeffname;email;number_1\r\nAnn;;300", "number_1,refused_line,name,tm_create\n300,7,\"Ann\",x"} {
		if got := readAll(t, same)[0].Key; got != key {
			t.Errorf("%q: key %s, want %s", same, got, key)
		}
	}
	for _, other := range []string{"number_1,name\n300,Bo\n", "number_2,name\n300,Ann\n", "number_1,name,ukey\n300,Ann,1\n", "number_1,detail\n300,Ann"} {
		if got := readAll(t, other)[0].Key; got == key {
			t.Errorf("%q has the same key", other)
		}
	}
}

func TestReaderRefusesFiles(t *testing.T) {
	for text, part := range map[string]string{
		"":                          "is empty",
		"\n\r\n":                    "is empty",
		"\xff\xfen\x00":             "UTF-16",
		"name\nAnn":                 "no column number_1",
		"number_1,colour":           `column "colour" is not known`,
		"number_1,Name":             `column "Name" is not known`,
		"number_9":                  `column "number_9" is not known`,
		"number_1,variables":        "variables.NAME",
		"number_1,variables.${X}":   "name of a variable",
		"number_1,name,number_1":    `"number_1" stands in the header twice`,
		"number_1,":                 "column 2 has no name",
		"number_1,\"name":           "quote that is not closed",
		"number_1,na\"me":           "quote out of place",
		strings.Repeat("x", 300000): "is longer than",
	} {
		if _, err := NewReader(strings.NewReader(text), listID); err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("%.40q: error %v, want one with %q", text, err, part)
		}
	}
	if _, err := NewReader(iotest.ErrReader(errors.New("boom")), listID); err == nil || !strings.Contains(err.Error(), "boom") {
		t.Errorf("a file that cannot be read: %v", err)
	}
	r, err := NewReader(io.MultiReader(strings.NewReader("number_1\n300\n"), iotest.ErrReader(errors.New("boom"))), listID)
	if err != nil {
		t.Fatal(err)
	}
	if row, err := r.Next(); err != nil || row.Err != nil {
		t.Errorf("%v, %v", row.Err, err)
	}
	if _, err := r.Next(); err == nil || !strings.Contains(err.Error(), "boom") {
		t.Errorf("a file that cannot be read further: %v", err)
	}
}

func TestReaderRefusesRows(t *testing.T) {
	const header = "number_1,name,trycnt_1,status,tm_last_dial,ukey,variables.V\n"
	for text, field := range map[string]string{
		"300,n,,,,,":      "",
		"\xff,n,,,,,":     "number_1",
		"300 1,n,,,,,":    "number_1",
		",n,,,,,":         "number_1",
		"300,\xff,,,,,":   "name",
		"300,a\x00b,,,,,": "name",
		"300," + strings.Repeat("x", 256) + ",,,,,": "name",
		"300,n,1.5,,,,":                               "trycnt_1",
		"300,n,-1,,,,":                                "trycnt_1",
		"300,n,99999999999999999999,,,,":              "trycnt_1",
		"300,n,,1,,,":                                 "status",
		"300,n,,,2017-02-30T00:00:00Z,,":              "tm_last_dial",
		"300,n,,,1969-12-31T23:59:59Z,,":              "tm_last_dial",
		"300,n,,,,,\"a\nb\"":                          "variables.V",
		"300,n,,,,," + strings.Repeat("x", 901):       "variables.V",
		"300,n,,,,":                                   "row",
		"300,n,,,,,,":                                 "row",
		"300,n\"x,,,,,":                               "row",
		"300,\"n\"x,,,,,":                             "row",
		"300,\"n,,,,,":                                "row",
		"300," + strings.Repeat("x", 300000) + ",,,,": "row",
	} {
		rows := readAll(t, header+text+"\n301,good,,,,,\n")
		if len(rows) != 2 {
			t.Errorf("%.40q: %d rows, want 2", text, len(rows))
			continue
		}
		check(t, fmt.Sprintf("%.40q", text), rows[0].Err, field)
		if bad := rows[0].Err; bad != nil && rows[0].Number != 1 {
			t.Errorf("%.40q is row %d", text, rows[0].Number)
		}
		if rows[1].Err != nil || rows[1].Entry.Name != "good" {
			t.Errorf("%.40q: the row below is %+v", text, rows[1])
		}
	}
}

// A quote that is never closed costs its row, not the file, wherever it is and
// however much follows.
func TestReaderAfterAQuoteThatIsNeverClosed(t *testing.T) {
	for _, rest := range []int{0, 1, 99, 100, 5000} {
		for _, width := range []int{1, 200} {
			var text strings.Builder
			text.WriteString("number_1,name\n\"300,Ann\n")
			for i := range rest {
				fmt.Fprintf(&text, "%d,%s\n", 1000+i, strings.Repeat("x", width))
			}
			rows := readAll(t, text.String())
			if len(rows) != rest+1 {
				t.Fatalf("%d rows of %d", len(rows), rest+1)
			}
			check(t, "the open quote", rows[0].Err, "row")
			for i, row := range rows[1:] {
				if row.Err != nil || row.Entry.Number[0] != fmt.Sprint(1000+i) || row.Line != i+3 {
					t.Fatalf("row %d: %+v", i+2, row)
				}
			}
		}
	}
}

// endless is a file that never ends, of one repeated part.
type endless struct {
	part string
	at   int
}

func (e *endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = e.part[e.at]
		e.at = (e.at + 1) % len(e.part)
	}
	return len(p), nil
}

// Whatever the rows are, the reader holds no more than one of them.
func TestReaderNeedsBoundedMemory(t *testing.T) {
	for name, part := range map[string]string{
		"rows":             "300,Ann\n",
		"open quotes":      "x\",\"\n",
		"a line of 1 MiB":  strings.Repeat("x", 1<<20) + "\n",
		"quoted lines":     "\"" + strings.Repeat("\n", 90) + "\"\n",
		"a 1 MiB in quote": "\"" + strings.Repeat("x", 1<<20) + "\n",
	} {
		r, err := NewReader(io.MultiReader(strings.NewReader("number_1,name\n"), io.LimitReader(&endless{part: part}, 6<<20)), listID)
		if err != nil {
			t.Fatal(err)
		}
		most := uint64(0)
		for n := 0; ; n++ {
			if _, err := r.Next(); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatal(err)
			}
			if n%20_000 == 0 {
				var m runtime.MemStats
				runtime.GC()
				runtime.ReadMemStats(&m)
				most = max(most, m.HeapAlloc)
			}
			if n > 60_000 {
				break // enough seen
			}
		}
		if most > 16<<20 {
			t.Errorf("%s: %d MiB in use", name, most>>20)
		}
	}
}

// FuzzReader reads any file: an end, no panic, every byte accounted for, and
// every entry a valid one that a file written from it gives again.
func FuzzReader(f *testing.F) {
	for _, text := range []string{
		"number_1,name\n300,Ann\n", "\ufeffnumber_1;ukey\r\n300;k\r\n", "number_1\tvariables.A\n300\t\"a\nb\"\n", "number_1\n\"300\n301\n",
		"number_1,status,trycnt_1,tm_last_dial\n1,2,3,2017-03-08T02:02:19Z\n", "number_1,name\n1,\"a\"\"b\"\n,\n\xff,\x00\n", "uuid,number_1\nx,2\n",
		"number_1,name\n1,\"a\r\nb\"\r\n\r\n2,\r\n",
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		r, err := NewReader(strings.NewReader(string(text)), listID)
		if err != nil {
			return
		}
		names := r.Columns()
		line := 0
		for n := 1; ; n++ {
			row, err := r.Next()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil || row.Number != n || row.Line <= line {
				t.Fatalf("row %+v behind line %d: %v", row, line, err)
			}
			line = row.Line
			if row.Err != nil {
				if _, ok := errors.AsType[Invalid](row.Err); !ok {
					t.Fatalf("row %d: %v is no Invalid", n, row.Err)
				}
				continue
			}
			if err := row.Entry.Validate(); err != nil {
				t.Fatalf("row %d is not valid: %v", n, err)
			}
			again := readAll(t, written(names)+written(row.Cells))
			if len(again) != 1 || again[0].Err != nil || again[0].Key != row.Key || fmt.Sprintf("%+v", again[0].Entry) != fmt.Sprintf("%+v", row.Entry) {
				t.Fatalf("%q became %+v", row.Cells, again)
			}
		}
		if r.Offset() != int64(len(text)) {
			t.Fatalf("%d bytes of %d are accounted for", r.Offset(), len(text))
		}
	})
}

// written writes one row with all cells in quotes.
func written(cells []string) string {
	quoted := make([]string, len(cells))
	for i, cell := range cells {
		quoted[i] = `"` + strings.ReplaceAll(cell, `"`, `""`) + `"`
	}
	return strings.Join(quoted, ",") + "\n"
}
