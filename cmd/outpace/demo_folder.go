package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// The files of a demo, beneath its folder.
const (
	demoDatabase = "outpace.db"
	demoResults  = "outbound_result.json"
	demoLog      = "outpace.log"
)

// demoOwns reports whether a file of that name is one that a demo leaves: the
// three files, and what the database and the log make beside theirs.
func demoOwns(name string) bool {
	for _, own := range []string{demoDatabase, demoResults, demoLog} {
		if rest, ok := strings.CutPrefix(name, own); ok && (rest == "" || rest[0] == '-' || rest[0] == '.') {
			return true
		}
	}
	return false
}

// demoFolder is a demo's folder, empty at first and locked against another
// demo until it is closed.
type demoFolder struct {
	path string
	lock *os.File
}

// openDemoFolder makes the folder or clears away what an earlier demo left in
// it. A folder that holds anything else, or in which a demo is running, is
// refused untouched.
func openDemoFolder(path string) (*demoFolder, error) {
	if err := os.MkdirAll(path, 0o750); err != nil {
		return nil, fmt.Errorf("make the demo's folder: %w", err)
	}
	// The lock is on the folder itself, so that it leaves no file behind, and
	// ends with the process whatever happens.
	lock, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("open the demo's folder: %w", err)
	}
	folder := &demoFolder{path: path, lock: lock}
	if err := lockFolder(lock); err != nil {
		err = fmt.Errorf("another demo is running in %s: %w", path, err)
		return nil, errors.Join(err, lock.Close())
	}
	if err := folder.clear(); err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	return folder, nil
}

func (f *demoFolder) clear() error {
	entries, err := os.ReadDir(f.path)
	if err != nil {
		return fmt.Errorf("look into the demo's folder: %w", err)
	}
	strange := slices.IndexFunc(entries, func(e fs.DirEntry) bool {
		return !demoOwns(e.Name()) || !e.Type().IsRegular()
	})
	if strange >= 0 {
		return fmt.Errorf("%s holds %q, which is not a demo's file; move it away or choose another folder with --dir",
			f.path, entries[strange].Name())
	}
	for _, e := range entries {
		if err := os.Remove(f.file(e.Name())); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("clear the demo's folder: %w", err)
		}
	}
	return nil
}

// file is the path of a file in the folder.
func (f *demoFolder) file(name string) string { return filepath.Join(f.path, name) }

// Close gives the folder up; the files stay.
func (f *demoFolder) Close() error { return f.lock.Close() }
