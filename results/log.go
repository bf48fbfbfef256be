package results

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/gofrs/flock"
)

// LogConfig says where the log is and how it is rotated.
type LogConfig struct {
	Path string
	// MaxBytes is the size that a file is not to outgrow: before a line would
	// make it larger the file is renamed to PATH.TIMESTAMP and a new one is
	// begun, so that tail -F follows. 0 leaves rotation to others.
	MaxBytes int64
	// Keep is how many files that the log itself has rotated are kept, the
	// newest ones; 0 keeps all.
	Keep int
	Now  func() time.Time // names rotated files; nil = time.Now
	// Open opens the file at path for reading and appending, and makes it if
	// there is none. nil = on the disk; a test puts one that fails in its place.
	Open   func(path string) (LogFile, error)
	Logger *slog.Logger // for what does not stop the log; nil = none
}

// Log is the NDJSON log of results: whole lines, each on disk before Append
// returns, their numbers only going up. Other programs may rename, remove or
// truncate the file at any time, as logrotate does; the log then goes on in the
// file that has its path. Only one process may write at a time: see Lock. One
// that takes over from another calls Last first.
//
// Its methods may be called from several goroutines.
type Log struct {
	cfg  LogConfig
	lock *flock.Flock // on a file beside the log

	mu     sync.Mutex
	closed bool
	file   LogFile     // nil when it has to be opened anew
	info   fs.FileInfo // of file, to tell it from one that took its path
	size   int64       // of file; always the end of a whole line
	seq    int64       // of the last line written or found
	uuid   string
	source string // the file the last line stands in
	stuck  bool   // rotation failed, and this has been said
}

// LogFile is what the log needs of an *os.File.
type LogFile interface {
	io.ReaderAt
	io.Writer
	io.Closer
	Stat() (fs.FileInfo, error)
	Sync() error
	Truncate(size int64) error
}

// ErrLogClosed is returned by the methods of a closed log.
var ErrLogClosed = errors.New("result log is closed")

// OpenLog opens the log, or begins it. A torn last line, as a crash leaves it,
// is cut off. A file that holds anything but results is refused.
func OpenLog(cfg LogConfig) (*Log, error) {
	if cfg.Path == "" {
		return nil, errors.New("open result log: no path is given")
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	if cfg.Open == nil {
		cfg.Open = OpenLogFile
	}
	l := &Log{cfg: cfg, lock: newLock(cfg.Path)}
	if err := l.refresh(); err != nil {
		return nil, err
	}
	if l.seq == 0 {
		if err := l.lastRotated(); err != nil {
			_ = l.file.Close()
			return nil, err
		}
	}
	return l, nil
}

// OpenLogFile opens the file of a log on the disk.
func OpenLogFile(path string) (LogFile, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o640)
	if err != nil {
		return nil, err
	}
	return f, nil
}

// Last returns the number and the uuid of the last line, looking into rotated
// files where the present one is empty; 0 and "" if there is none.
func (l *Log) Last() (seq int64, uuid string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.closed {
		// Somebody else may have written; what keeps us from reading keeps us
		// from writing too, and the next Append says so.
		_ = l.refresh()
	}
	return l.seq, l.uuid
}

// Append writes results as whole lines and returns when they are on disk.
// Results that stand in the log already are left out, so that a call may be
// repeated after an error. After an error none of the lines that it was to
// write stands in the log, or those that do are known to the next call.
func (l *Log) Append(list []Result) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return ErrLogClosed
	}
	if err := l.refresh(); err != nil {
		return err
	}
	list, err := l.unwritten(list)
	if err != nil || len(list) == 0 {
		return err
	}
	var lines []byte
	for _, r := range list {
		lines = r.AppendLine(lines)
	}
	if l.cfg.MaxBytes > 0 && l.size > 0 && l.size+int64(len(lines)) > l.cfg.MaxBytes {
		if err := l.rotate(); err != nil {
			return err
		}
	}
	if err := l.write(lines); err != nil {
		return err
	}
	last := list[len(list)-1]
	l.seq, l.uuid, l.source = last.Seq, last.UUID, l.cfg.Path
	return nil
}

// Close closes the file. It may be called more than once.
func (l *Log) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	return l.drop()
}

// unwritten checks that numbers go up and returns the results after the last
// line.
func (l *Log) unwritten(list []Result) ([]Result, error) {
	before := int64(0)
	for _, r := range list {
		if r.Seq <= before {
			return nil, fmt.Errorf("result log %s: number %d was to follow number %d", l.cfg.Path, r.Seq, before)
		}
		if before = r.Seq; r.Seq == l.seq && r.UUID != l.uuid {
			return nil, fmt.Errorf("result log %s belongs to another database: its line %d is another result", l.cfg.Path, r.Seq)
		}
	}
	for i, r := range list {
		if r.Seq > l.seq {
			return list[i:], nil
		}
	}
	return nil, nil
}

// write appends whole lines. When that fails, whatever part of them got into
// the file is cut off again, so that a reader never sees a torn line followed
// by others and a retry is clean.
func (l *Log) write(lines []byte) error {
	n, err := l.file.Write(lines)
	if err == nil && n < len(lines) {
		err = io.ErrShortWrite
	}
	if err == nil {
		err = l.file.Sync()
	}
	if err == nil {
		l.size += int64(n)
		return nil
	}
	// If cutting fails as well, the next call finds out what the file holds.
	if cut := l.file.Truncate(l.size); cut != nil {
		l.cfg.Logger.Warn("result log: the rest of a failed write could not be cut off yet",
			slog.String("path", l.cfg.Path), slog.Any("error", cut))
	}
	_ = l.drop()
	return l.failed("written", err)
}

// refresh makes sure that the open file is the one that has the log's path and
// that its size is what we left it at; else the file is opened and read anew.
func (l *Log) refresh() error {
	if l.file != nil {
		info, err := os.Stat(l.cfg.Path)
		if err == nil && os.SameFile(info, l.info) && info.Size() == l.size {
			return nil
		}
		_ = l.drop()
	}
	f, err := l.cfg.Open(l.cfg.Path)
	if err != nil {
		return l.failed("opened", err)
	}
	if err := l.adopt(f); err != nil {
		_ = f.Close()
		return l.failed("read", err)
	}
	return nil
}

// adopt makes f the log's file: finds its last line, cuts a torn one off.
func (l *Log) adopt(f LogFile) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return errors.New("it is not a regular file")
	}
	end, err := findTail(f, info.Size())
	if err != nil {
		return err
	}
	if end.size < info.Size() {
		l.cfg.Logger.Warn("result log: a torn last line is cut off",
			slog.String("path", l.cfg.Path), slog.Int64("bytes", info.Size()-end.size))
		if err := f.Truncate(end.size); err != nil {
			return err
		}
	}
	// Lines found here may be another process's, and not on disk yet.
	if err := f.Sync(); err != nil {
		return err
	}
	// So may the name of a file that has just been made. Not every file system
	// can do this, and the lines themselves do not depend on it.
	if err := syncDir(l.cfg.Path); err != nil {
		l.cfg.Logger.Debug("result log: its folder could not be synced", slog.String("path", l.cfg.Path), slog.Any("error", err))
	}
	l.file, l.info, l.size = f, info, end.size
	if end.seq > l.seq {
		l.seq, l.uuid, l.source = end.seq, end.uuid, l.cfg.Path
	}
	return nil
}

// drop closes the file, if one is open.
func (l *Log) drop() error {
	if l.file == nil {
		return nil
	}
	err := l.file.Close()
	l.file, l.info, l.size = nil, nil, 0
	return err
}

// failed says which log could not be used, and why, in one sentence.
func (l *Log) failed(what string, err error) error {
	if path, ok := errors.AsType[*fs.PathError](err); ok {
		err = path.Err // the path is ours already
	}
	return fmt.Errorf("result log %s cannot be %s: %w", l.cfg.Path, what, err)
}

// syncDir makes names in the directory of path durable.
func syncDir(path string) error {
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	err = dir.Sync()
	return errors.Join(err, dir.Close())
}
