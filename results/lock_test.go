package results

import (
	"path/filepath"
	"strings"
	"testing"
)

func TestOnlyOneWritesTheLog(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log.json")
	open := func() *Log {
		l, err := OpenLog(LogConfig{Path: path})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = l.Close() })
		return l
	}
	a, b := open(), open()
	if err := a.Lock(); err != nil {
		t.Fatal(err)
	}
	if err := b.Lock(); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("a second writer got %v, want an error that names the path", err)
	}
	if err := a.Unlock(); err != nil {
		t.Fatal(err)
	}
	if err := b.Lock(); err != nil {
		t.Errorf("after the first has gone: %v", err)
	}
	if err := b.Unlock(); err != nil {
		t.Fatal(err)
	}
}
