package results

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// numbered makes the results from to to, as the database hands them out.
func numbered(from, to int64) []Result {
	var list []Result
	for seq := from; seq <= to; seq++ {
		r := tutorial()
		r.Seq, r.UUID = seq, fmt.Sprintf("00000000-0000-4000-8000-%012d", seq)
		list = append(list, r)
	}
	return list
}

func lines(from, to int64) []byte {
	var b []byte
	for _, r := range numbered(from, to) {
		b = r.AppendLine(b)
	}
	return b
}

func newLog(t *testing.T, cfg LogConfig) *Log {
	t.Helper()
	if cfg.Path == "" {
		cfg.Path = filepath.Join(t.TempDir(), "outbound_result.json")
	}
	l, err := OpenLog(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}

func mustAppend(t *testing.T, l *Log, from, to int64) {
	t.Helper()
	if err := l.Append(numbered(from, to)); err != nil {
		t.Fatal(err)
	}
	wantLast(t, l, to)
}

func wantLast(t *testing.T, l *Log, want int64) {
	t.Helper()
	wantID := ""
	if want > 0 {
		wantID = numbered(want, want)[0].UUID
	}
	if seq, uuid := l.Last(); seq != want || uuid != wantID {
		t.Fatalf("last line is %d, %q; want %d", seq, uuid, want)
	}
}

func wantFile(t *testing.T, path string, want []byte) {
	t.Helper()
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Fatalf("%s holds %d bytes, want %d:\n%s", filepath.Base(path), len(got), len(want), got)
	}
}

func write(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestLogAppendsAndReopens(t *testing.T) {
	l := newLog(t, LogConfig{})
	wantLast(t, l, 0)
	mustAppend(t, l, 1, 3)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if err := l.Append(numbered(4, 4)); err == nil {
		t.Error("a closed log takes results")
	}
	l = newLog(t, LogConfig{Path: l.cfg.Path})
	wantLast(t, l, 3)
	mustAppend(t, l, 4, 4)
	wantFile(t, l.cfg.Path, lines(1, 4))
}

// A crash may cut the last line anywhere, or leave zeros for it.
func TestLogCutsTornLine(t *testing.T) {
	whole, last := lines(1, 2), lines(3, 3)
	path := filepath.Join(t.TempDir(), "log")
	for i := 0; i < len(last); i += 1 + i/8 { // densely at the beginning, which decides
		for _, torn := range [][]byte{last[:i], append(slices.Clone(last[:i]), 0, 0, 0)} {
			write(t, path, append(slices.Clone(whole), torn...))
			l := newLog(t, LogConfig{Path: path})
			wantLast(t, l, 2)
			wantFile(t, path, whole)
			if i%2 == 0 {
				mustAppend(t, l, 3, 4)
				wantFile(t, path, lines(1, 4))
			}
			_ = l.Close()
			write(t, path, torn)
			l = newLog(t, LogConfig{Path: path})
			wantLast(t, l, 0)
			wantFile(t, path, nil)
			_ = l.Close()
		}
	}
}

func TestLogRefusesOtherFiles(t *testing.T) {
	path := filepath.Join(t.TempDir(), "notes.txt")
	for _, text := range []string{"hello", "hello\n", "{}\n", `{"name":"x"}` + "\n", "\n", `{"seq":1}` + "\n" + `{"seq":`} {
		write(t, path, []byte(text))
		if _, err := OpenLog(LogConfig{Path: path}); err == nil || !strings.Contains(err.Error(), path) {
			t.Errorf("a file with %q: %v", text, err)
		}
		wantFile(t, path, []byte(text))
	}
	dir := t.TempDir()
	for _, path := range []string{"", dir, filepath.Join(dir, "none", "log"), filepath.Join(path, "log"), os.DevNull} {
		if l, err := OpenLog(LogConfig{Path: path}); err == nil || !strings.Contains(err.Error(), path) {
			t.Errorf("%q is taken for a log: %v, %v", path, l, err)
		}
	}
}

// Lines that somebody else put behind a result do not hide it.
func TestLogPassesOverForeignLines(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	data := append(lines(1, 5), "a note\n\n"...)
	data = append(data, bytes.Repeat([]byte("x"), 3*tailStep)...)
	write(t, path, append(data, '\n'))
	wantLast(t, newLog(t, LogConfig{Path: path}), 5)
}

func TestLogAppendIsRepeatable(t *testing.T) {
	l := newLog(t, LogConfig{})
	mustAppend(t, l, 1, 3)
	mustAppend(t, l, 1, 3)
	mustAppend(t, l, 2, 5)
	wantFile(t, l.cfg.Path, lines(1, 5))
	mustAppend(t, l, 10, 11) // numbers may be left out, after a log was lost
	other := numbered(11, 12)
	other[0].UUID = "another"
	for name, list := range map[string][]Result{
		"a gap backwards": {numbered(13, 13)[0], numbered(12, 12)[0]},
		"a repetition":    {numbered(12, 12)[0], numbered(12, 12)[0]},
		"no number":       {tutorialWithoutNumber()},
		"another result":  other,
	} {
		if err := l.Append(list); err == nil {
			t.Errorf("%s is accepted", name)
		}
	}
	wantLast(t, l, 11)
	if err := l.Append(nil); err != nil {
		t.Errorf("appending nothing: %v", err)
	}
}

func tutorialWithoutNumber() Result {
	r := tutorial()
	r.Seq = 0
	return r
}

func TestLogFollowsRotationByOthers(t *testing.T) {
	tests := []struct {
		name   string
		rotate func(path string) error
		kept   bool // the old lines stand in PATH.1
	}{
		{"renamed", func(path string) error { return os.Rename(path, path+".1") }, true},
		{"renamed and created", func(path string) error {
			if err := os.Rename(path, path+".1"); err != nil {
				return err
			}
			return os.WriteFile(path, nil, 0o600)
		}, true},
		{"removed", os.Remove, false},
		{"copied and truncated", func(path string) error {
			data, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			if err := os.WriteFile(path+".1", data, 0o600); err != nil {
				return err
			}
			return os.Truncate(path, 0)
		}, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			l := newLog(t, LogConfig{})
			mustAppend(t, l, 1, 3)
			if err := tt.rotate(l.cfg.Path); err != nil {
				t.Fatal(err)
			}
			wantLast(t, l, 3)
			mustAppend(t, l, 3, 5)
			wantFile(t, l.cfg.Path, lines(4, 5))
			if tt.kept {
				wantFile(t, l.cfg.Path+".1", lines(1, 3))
			}
		})
	}
}

func TestLogFindsLastLineInRotatedFiles(t *testing.T) {
	zip := func(data []byte) []byte {
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		if _, err := z.Write(data); err != nil {
			t.Fatal(err)
		}
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	for _, newest := range []string{".1", "-20261121", ".20261121T223000.000000000", ".1.gz"} {
		l := newLog(t, LogConfig{})
		path := l.cfg.Path
		for age, file := range []struct {
			suffix string
			data   []byte
		}{
			{".json", []byte("not a log\n")}, // newest of all
			{newest, lines(2000, 4000)},
			{".2", lines(1, 1999)},
			{aside + "20261121T220000", lines(9000, 9001)},
			{".old.gz", []byte("not compressed")},
		} {
			if strings.HasSuffix(file.suffix, "1.gz") {
				file.data = zip(file.data)
			}
			write(t, path+file.suffix, file.data)
			when := time.Now().Add(-time.Duration(age) * time.Hour)
			if err := os.Chtimes(path+file.suffix, when, when); err != nil {
				t.Fatal(err)
			}
		}
		_ = l.Close()
		l = newLog(t, LogConfig{Path: path})
		wantLast(t, l, 4000)
		mustAppend(t, l, 4001, 4001)
		wantFile(t, path, lines(4001, 4001))
	}
}

func TestLogMoveAside(t *testing.T) {
	now := time.Date(2026, 11, 21, 22, 30, 0, 0, time.UTC)
	l := newLog(t, LogConfig{Now: func() time.Time { return now }})
	path, moved := l.cfg.Path, l.cfg.Path+aside+"20261121T223000.000000000"
	mustAppend(t, l, 1, 3)
	if err := l.MoveAside(); err != nil {
		t.Fatal(err)
	}
	wantLast(t, l, 0)
	wantFile(t, moved, lines(1, 3))
	mustAppend(t, l, 1, 2)
	if err := l.MoveAside(); err != nil { // in the same moment
		t.Fatal(err)
	}
	wantFile(t, moved+"-1", lines(1, 2))
	_ = l.Close()
	wantLast(t, newLog(t, LogConfig{Path: path}), 0)

	// The last line stands in a rotated file.
	write(t, path+".1", lines(5, 6))
	l = newLog(t, LogConfig{Path: path})
	wantLast(t, l, 6)
	if err := l.MoveAside(); err != nil {
		t.Fatal(err)
	}
	wantLast(t, l, 0)
	_ = l.Close()
	wantLast(t, newLog(t, LogConfig{Path: path}), 0)
}

// An engine that takes the writing over goes on where the other one stopped.
func TestLogTakeOver(t *testing.T) {
	a := newLog(t, LogConfig{})
	b := newLog(t, LogConfig{Path: a.cfg.Path})
	mustAppend(t, a, 1, 2)
	wantLast(t, b, 2)
	mustAppend(t, b, 3, 4)
	mustAppend(t, a, 4, 5)
	wantFile(t, a.cfg.Path, lines(1, 5))
}

func TestLogFromSeveralGoroutines(t *testing.T) {
	l := newLog(t, LogConfig{MaxBytes: 3000})
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for seq := int64(1); seq <= 20; seq++ {
				if err := l.Append(numbered(1, seq)); err != nil {
					t.Error(err)
				}
				l.Last()
			}
		})
	}
	wg.Wait()
	wantLast(t, l, 20)
	var all []byte
	rotated, err := filepath.Glob(l.cfg.Path + ".*")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range append(rotated, l.cfg.Path) {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, data...)
	}
	if !bytes.Equal(all, lines(1, 20)) {
		t.Errorf("the files together hold %d bytes, want %d", len(all), len(lines(1, 20)))
	}
}

func FuzzOpenLog(f *testing.F) {
	f.Add(lines(1, 2))
	f.Add(lines(1, 2)[:1500])
	f.Add([]byte("hello\n"))
	f.Add([]byte("\x00\x00"))
	f.Add(append(lines(7, 7), "\x00{\n"...))
	f.Fuzz(func(t *testing.T, data []byte) {
		path := filepath.Join(t.TempDir(), "log")
		write(t, path, data)
		l, err := OpenLog(LogConfig{Path: path})
		if err != nil {
			wantFile(t, path, data)
			return
		}
		defer func() { _ = l.Close() }()
		seq, _ := l.Last()
		got, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.HasPrefix(data, got) || (len(got) > 0 && got[len(got)-1] != '\n') || (seq == 0 && len(got) > 0) {
			t.Fatalf("%q became %q, last line %d", data, got, seq)
		}
	})
}
