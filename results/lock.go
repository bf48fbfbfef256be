package results

import (
	"fmt"

	"github.com/gofrs/flock"
)

// Lock makes this process the only one that writes the log, until Unlock or
// its end. It fails, naming the path, while another process has the lock: two
// servers with one path would mix up their results.
func (l *Log) Lock() error {
	path := l.cfg.Path + ".lock"
	switch taken, err := l.lock.TryLock(); {
	case err != nil:
		return fmt.Errorf("lock %s: %w", path, err)
	case !taken:
		return fmt.Errorf("result log %s is being written by another server", l.cfg.Path)
	}
	return nil
}

// Unlock lets others write. The file of the lock stays: removing it would let
// two processes lock two files of one name.
func (l *Log) Unlock() error {
	if err := l.lock.Unlock(); err != nil {
		return fmt.Errorf("unlock %s.lock: %w", l.cfg.Path, err)
	}
	return nil
}

func newLock(path string) *flock.Flock { return flock.New(path+".lock", flock.SetPermissions(0o600)) }
