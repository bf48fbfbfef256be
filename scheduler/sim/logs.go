package sim

import (
	"bytes"
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/outpace/outpace/results"
)

// Logs reads the logs of engines, each with what was rotated away from it, and
// returns the lines of the longest one. Each host's log holds what its engine
// wrote, which is all or the first of all. What is wrong with the files comes
// in a sentence each.
func Logs(o Ordeal, paths ...string) (lines [][]byte, wrong []string, err error) {
	for _, path := range paths {
		own, bad, err := oneLog(o, path)
		wrong = append(wrong, bad...)
		if err != nil {
			return nil, wrong, err
		}
		if len(own) > len(lines) {
			lines, own = own, lines
		}
		for i := range own {
			if !bytes.Equal(own[i], lines[i]) {
				wrong = append(wrong, fmt.Sprintf("line %d of one engine's log is not that of the other's", i+1))
				break
			}
		}
	}
	return lines, wrong, nil
}

type logFile struct {
	first int64
	lines [][]byte
}

func oneLog(o Ordeal, path string) (all [][]byte, wrong []string, err error) {
	names, err := filepath.Glob(path + "*")
	if err != nil {
		return nil, nil, err
	}
	var files []logFile
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			return nil, wrong, err
		}
		if strings.HasSuffix(name, ".lock") || len(text) == 0 {
			continue
		}
		if strings.Contains(name, ".aside") {
			wrong = append(wrong, "the log was taken for another database's")
		}
		if end := bytes.LastIndexByte(text, '\n') + 1; end < len(text) {
			// What somebody else moved away while no engine lived is not ours to mend.
			if name == path || !o.Has(KilledInLog) || !o.Has(LogRotated) {
				wrong = append(wrong, fmt.Sprintf("the file %s of the log ends in a torn line", filepath.Base(name)))
			}
			if text = text[:end]; end == 0 {
				continue
			}
		}
		f := logFile{lines: bytes.Split(bytes.TrimSuffix(text, []byte("\n")), []byte("\n"))}
		if f.first, _, err = results.ParseLine(f.lines[0]); err != nil {
			wrong = append(wrong, fmt.Sprintf("a file of the log begins with %q: %v", f.lines[0], err))
		}
		files = append(files, f)
	}
	slices.SortFunc(files, func(a, b logFile) int { return cmp.Compare(a.first, b.first) })
	for _, f := range files {
		all = append(all, f.lines...)
	}
	return all, wrong, nil
}
