package localpg

import (
	"context"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

const (
	dirPrefix = "outpace-pg-"
	// port is in the name of the socket; nobody else is in its directory.
	port = "5432"
)

// binaries finds the directory of the server's programs.
func binaries() (string, error) {
	if path, err := exec.LookPath("initdb"); err == nil {
		if path, err = filepath.EvalSymlinks(path); err == nil {
			return filepath.Dir(path), nil
		}
	}
	var found []string
	for _, pattern := range []string{"/usr/lib/postgresql/*/bin/initdb", "/usr/pgsql-*/bin/initdb", "/opt/homebrew/opt/postgresql*/bin/initdb", "/usr/local/pgsql/bin/initdb"} {
		list, err := filepath.Glob(pattern)
		if err != nil {
			return "", err
		}
		found = append(found, list...)
	}
	if len(found) == 0 {
		return "", errors.New("no Postgres server is installed here")
	}
	slices.SortFunc(found, func(a, b string) int { return version(b) - version(a) })

	return filepath.Dir(found[0]), nil
}

// version is the first number in a path, 0 if there is none.
func version(path string) int {
	digits := strings.FieldsFunc(path, func(r rune) bool { return r < '0' || r > '9' })
	if len(digits) == 0 {
		return 0
	}
	n, err := strconv.Atoi(digits[0])
	if err != nil {
		return 0
	}

	return n
}

// removeOld removes what processes that were killed have left.
func removeOld(ctx context.Context, parent string) {
	list, err := filepath.Glob(filepath.Join(parent, dirPrefix+"*"))
	if err != nil {
		return
	}
	for _, dir := range list {
		name, _, _ := strings.Cut(strings.TrimPrefix(filepath.Base(dir), dirPrefix), "-")
		pid, err := strconv.Atoi(name)
		if err != nil || syscall.Kill(pid, 0) == nil {
			continue
		}
		if conn, err := new(net.Dialer).DialContext(ctx, "unix", filepath.Join(dir, ".s.PGSQL."+port)); err == nil {
			_ = conn.Close()

			continue // its server still runs
		}
		_ = os.RemoveAll(dir)
	}
}
