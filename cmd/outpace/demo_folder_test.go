package main

import (
	"os"
	"path/filepath"
	"testing"
)

func write(t *testing.T, dir, name string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

func TestDemoFolderClearsItsOwnFiles(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "outpace-demo")
	folder, err := openDemoFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := openDemoFolder(dir); err == nil {
		t.Error("two demos got the same folder")
	}
	names := []string{demoDatabase, demoDatabase + "-wal", demoDatabase + ".lock", demoResults, demoResults + ".20260101T000000", demoLog}
	for _, name := range names {
		write(t, dir, name)
	}
	if err := folder.Close(); err != nil {
		t.Fatal(err)
	}
	again, err := openDemoFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	for _, name := range names {
		if exists(filepath.Join(dir, name)) {
			t.Errorf("%s of the earlier demo is still there", name)
		}
	}
}

func TestDemoFolderTouchesNothingElse(t *testing.T) {
	for name, spoil := range map[string]func(dir string) string{
		"another file":   func(dir string) string { return write(t, dir, "thesis.txt") },
		"alike by name":  func(dir string) string { return write(t, dir, "outpace.dbx") },
		"a folder":       func(dir string) string { p := filepath.Join(dir, demoResults); return p + mkdir(t, p) },
		"a link outside": func(dir string) string { p := filepath.Join(dir, demoLog); return p + link(t, p) },
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			own := write(t, dir, demoDatabase)
			theirs := spoil(dir)
			if _, err := openDemoFolder(dir); err == nil {
				t.Error("the folder was taken")
			}
			if !exists(own) || !exists(theirs) {
				t.Error("something was removed")
			}
		})
	}
}

func mkdir(t *testing.T, path string) string {
	t.Helper()
	if err := os.Mkdir(path, 0o750); err != nil {
		t.Fatal(err)
	}
	return ""
}

func link(t *testing.T, path string) string {
	t.Helper()
	if err := os.Symlink(os.DevNull, path); err != nil {
		t.Fatal(err)
	}
	return ""
}
