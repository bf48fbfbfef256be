package results

import (
	"cmp"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// stampFormat is the ending of the files that the log itself rotates, in UTC;
// sorted by name they are in the order in which they were written.
const stampFormat = "20060102T150405.000000000"

// maxNames is how many names freeName tries.
const maxNames = 1000

// aside marks files that belong to another database; they are not looked at again.
const aside = ".aside-"

// rotate renames the file and begins a new one. The rename alone is not worth
// stopping for: if it fails the log goes on in the same file.
func (l *Log) rotate() error {
	name, err := l.freeName("." + l.nextStamp().Format(stampFormat))
	if err == nil {
		err = os.Rename(l.cfg.Path, name)
	}
	if err != nil {
		if !l.stuck {
			l.cfg.Logger.Warn("result log: it could not be rotated and grows on", slog.String("path", l.cfg.Path), slog.Any("error", err))
		}
		l.stuck = true
		return nil
	}
	l.stuck = false
	if l.source == l.cfg.Path {
		l.source = name
	}
	if err := l.refresh(); err != nil {
		return err
	}
	l.prune(name)
	return nil
}

// nextStamp is the time, or just after the newest stamp if the clock was put
// back since: else a reader would take the newest file for an old one, and
// prune would remove it.
func (l *Log) nextStamp() time.Time {
	now := l.cfg.Now().UTC()
	own, err := l.own()
	if err != nil || len(own) == 0 {
		return now // prune says what keeps the folder from being read
	}
	if newest := own[len(own)-1].stamp; !now.After(newest) {
		return newest.Add(1)
	}
	return now
}

// prune removes the oldest files that the log itself rotated. Those that
// others rotated are theirs to remove. The file that was rotated just now stays,
// whatever its name.
func (l *Log) prune(latest string) {
	if l.cfg.Keep <= 0 {
		return
	}
	own, err := l.own()
	if err != nil {
		l.cfg.Logger.Warn("result log: old files could not be found", slog.String("path", l.cfg.Path), slog.Any("error", err))
		return
	}
	older := slices.DeleteFunc(own, func(f ownFile) bool { return f.path == latest })
	for _, f := range older[:max(0, len(older)-(l.cfg.Keep-1))] {
		if err := os.Remove(f.path); err != nil {
			l.cfg.Logger.Warn("result log: an old file could not be removed", slog.String("path", f.path), slog.Any("error", err))
		}
	}
}

// ownFile is a file that the log itself rotated.
type ownFile struct {
	path   string
	stamp  time.Time
	number int // of those with the same stamp, see freeName
}

// own are the files that the log itself rotated, oldest first.
func (l *Log) own() ([]ownFile, error) {
	siblings, err := l.siblings()
	if err != nil {
		return nil, err
	}
	var list []ownFile
	for _, s := range siblings {
		if suffix, ok := strings.CutPrefix(s.path, l.cfg.Path+"."); ok {
			if stamp, number, ok := parseStamp(suffix); ok {
				list = append(list, ownFile{s.path, stamp, number})
			}
		}
	}
	slices.SortFunc(list, func(a, b ownFile) int {
		return cmp.Or(a.stamp.Compare(b.stamp), cmp.Compare(a.number, b.number))
	})
	return list, nil
}

// parseStamp reads STAMP or STAMP-NUMBER, as rotate and freeName write them. The
// date that logrotate adds to a name is no number of ours.
func parseStamp(suffix string) (stamp time.Time, number int, ok bool) {
	text, tail, numbered := strings.Cut(suffix, "-")
	stamp, err := time.Parse(stampFormat, text)
	if err != nil || !numbered {
		return stamp, 0, err == nil
	}
	number, err = strconv.Atoi(tail)
	return stamp, number, err == nil && number > 0 && number < maxNames && strconv.Itoa(number) == tail
}

// MoveAside renames the file, as one that belongs to another database, to
// PATH.aside-TIMESTAMP and begins a new log. If its last line was found in a
// rotated file, that one is renamed too.
func (l *Log) MoveAside() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return ErrLogClosed
	}
	foreign := []string{l.cfg.Path}
	if l.source != "" && l.source != l.cfg.Path {
		foreign = append(foreign, l.source)
	}
	for _, path := range foreign {
		name, err := l.freeName(aside + l.cfg.Now().UTC().Format(stampFormat))
		if err == nil {
			err = os.Rename(path, name)
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return l.failed("moved aside", err)
		}
	}
	_ = l.drop()
	l.seq, l.uuid, l.source = 0, "", ""
	return l.refresh()
}

// freeName returns a name beside the log that no file has.
func (l *Log) freeName(suffix string) (string, error) {
	for i := range maxNames {
		name := l.cfg.Path + suffix
		if i > 0 {
			name = fmt.Sprintf("%s-%d", name, i)
		}
		if _, err := os.Lstat(name); errors.Is(err, fs.ErrNotExist) {
			return name, nil
		} else if err != nil {
			return "", err
		}
	}
	return "", fmt.Errorf("no free name like %s", l.cfg.Path+suffix)
}

// sibling is a file that was the log once.
type sibling struct {
	path string
	time time.Time // last written
}

// siblings are the rotated files, ours and those of logrotate (PATH.1,
// PATH-20260131, PATH.1.gz), newest first.
func (l *Log) siblings() ([]sibling, error) {
	dir, base := filepath.Split(l.cfg.Path)
	entries, err := os.ReadDir(cmp.Or(dir, "."))
	if err != nil {
		return nil, err
	}
	var list []sibling
	for _, e := range entries {
		rest, ok := strings.CutPrefix(e.Name(), base)
		if !ok || rest == "" || (rest[0] != '.' && rest[0] != '-') || strings.HasPrefix(rest, aside) || rest == ".lock" || !e.Type().IsRegular() {
			continue
		}
		info, err := e.Info()
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		list = append(list, sibling{path: dir + e.Name(), time: info.ModTime()})
	}
	slices.SortFunc(list, func(a, b sibling) int {
		return cmp.Or(b.time.Compare(a.time), cmp.Compare(b.path, a.path))
	})
	return list, nil
}

// lastRotated looks for the last line in rotated files, for a present file
// that holds none. Files that are no logs, or of a kind we cannot read, are
// passed over.
func (l *Log) lastRotated() error {
	siblings, err := l.siblings()
	if err != nil {
		return l.failed("read", err)
	}
	for _, s := range siblings {
		end, err := readTail(s.path)
		if err == nil && end.seq > 0 {
			l.seq, l.uuid, l.source = end.seq, end.uuid, s.path
			return nil
		}
	}
	return nil
}

// readTail finds the last result in a rotated file, which is not changed.
func readTail(path string) (tail, error) {
	f, err := os.Open(path)
	if err != nil {
		return tail{}, err
	}
	defer func() { _ = f.Close() }()
	if !strings.HasSuffix(path, ".gz") {
		info, err := f.Stat()
		if err != nil {
			return tail{}, err
		}
		return findTail(f, info.Size())
	}
	z, err := gzip.NewReader(f)
	if err != nil {
		return tail{}, err
	}
	return streamTail(z)
}

// streamTail finds the last result in what can only be read from the front.
func streamTail(r io.Reader) (tail, error) {
	keep := make([]byte, 0, 2*tailStep)
	for {
		n, err := r.Read(keep[len(keep):cap(keep)])
		keep = keep[:len(keep)+n]
		if err != nil && !errors.Is(err, io.EOF) {
			return tail{}, err
		}
		if err != nil {
			break
		}
		if len(keep) == cap(keep) {
			keep = append(keep[:0], keep[len(keep)-tailStep:]...)
		}
	}
	for i := len(keep); i > 0; i-- {
		if keep[i-1] == '\n' {
			seq, uuid, _ := lastResult(keep[:i])
			return tail{seq: seq, uuid: uuid}, nil
		}
	}
	return tail{}, nil
}
