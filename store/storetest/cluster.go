package storetest

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// shared is the server of this process.
var shared cluster

// cluster is a throw-away Postgres server.
type cluster struct {
	once sync.Once
	url  string
	err  error
	dir  string
	cmd  *exec.Cmd
	done chan error
}

// Main runs the tests, stops the server if one was started, and returns the
// code to exit with.
func Main(m *testing.M) int {
	code := m.Run()
	if err := shared.stop(); err != nil {
		fmt.Fprintln(os.Stderr, "stop Postgres:", err)

		return max(code, 1)
	}

	return code
}

func (c *cluster) start() (string, error) {
	c.once.Do(func() {
		if c.err = c.run(); c.err != nil {
			c.err = errors.Join(c.err, c.stop())
		}
	})

	return c.url, c.err
}

const dirPrefix = "outpace-test-pg-"

// run makes a cluster and starts its server. The server listens on a socket in
// a directory of its own and on no network.
func (c *cluster) run() error {
	bin, err := binaries()
	if err != nil {
		return err
	}
	who, err := account()
	if err != nil {
		return err
	}
	removeOld()
	if c.dir, err = os.MkdirTemp("", dirPrefix+strconv.Itoa(os.Getpid())+"-"); err != nil {
		return err
	}
	data := filepath.Join(c.dir, "data")
	if who != nil {
		if err := os.Chown(c.dir, int(who.Uid), int(who.Gid)); err != nil {
			return err
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	initdb := exec.CommandContext(ctx, filepath.Join(bin, "initdb"), "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "-N")
	initdb.Dir = c.dir
	initdb.SysProcAttr = &syscall.SysProcAttr{Credential: who}
	if out, err := initdb.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w: %s", err, out)
	}
	port := "5432" // the name of the socket; nobody else is in its directory
	var log bytes.Buffer
	c.cmd = exec.Command(filepath.Join(bin, "postgres"), "-D", data, "-k", c.dir, "-p", port, "-c", "listen_addresses=", //nolint:noctx // stopped by stop
		"-c", "fsync=off", "-c", "full_page_writes=off", "-c", "max_connections=200", "-c", "shared_buffers=64MB", "-c", "autovacuum_naptime=10s")
	c.cmd.Dir = c.dir
	c.cmd.Stderr = &log
	c.cmd.SysProcAttr = serverAttr(who)
	if err := c.spawn(); err != nil {
		return fmt.Errorf("start postgres: %w", err)
	}
	c.url = "postgres://postgres@/postgres?sslmode=disable&host=" + c.dir + "&port=" + port
	if err := c.ready(ctx); err != nil {
		return fmt.Errorf("%w: %s", err, log.String())
	}

	return nil
}

// ready waits until the server takes connections.
func (c *cluster) ready(ctx context.Context) error {
	db, err := sql.Open("pgx", c.url)
	if err != nil {
		return err
	}
	defer db.Close()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		if err = db.PingContext(ctx); err == nil {
			return nil
		}
		select {
		case <-tick.C:
		case exit := <-c.done:
			c.done <- exit

			return fmt.Errorf("postgres ended at once: %w", exit)
		case <-ctx.Done():
			return fmt.Errorf("postgres does not answer: %w", err)
		}
	}
}

// stop ends the server and removes its files.
func (c *cluster) stop() error {
	var err error
	if c.cmd != nil && c.cmd.Process != nil {
		if err = c.cmd.Process.Signal(syscall.SIGQUIT); err == nil { // at once; the data goes anyway
			<-c.done
		}
		c.cmd = nil
	}
	if c.dir != "" {
		err = errors.Join(err, os.RemoveAll(c.dir))
	}

	return err
}

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
func removeOld() {
	list, err := filepath.Glob(filepath.Join(os.TempDir(), dirPrefix+"*"))
	if err != nil {
		return
	}
	for _, dir := range list {
		name, _, _ := strings.Cut(strings.TrimPrefix(filepath.Base(dir), dirPrefix), "-")
		pid, err := strconv.Atoi(name)
		if err != nil || syscall.Kill(pid, 0) == nil {
			continue
		}
		if _, err := net.Dial("unix", filepath.Join(dir, ".s.PGSQL.5432")); err == nil { //nolint:noctx // a local socket
			continue // its server still runs
		}
		_ = os.RemoveAll(dir)
	}
}
