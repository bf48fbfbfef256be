package localpg

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver that asks whether the server is ready
)

// Options say how a server is started. The zero value is a fast one for tests.
type Options struct {
	// Dir is where its directory is made, default that of temporary files.
	Dir string
	// Durable makes it keep the promises of a real server: fsync and full page
	// writes are on.
	Durable bool
	// Settings are further ones, each NAME=VALUE.
	Settings []string
}

// Server is a running Postgres.
type Server struct {
	url  string
	dir  string
	cmd  *exec.Cmd
	log  bytes.Buffer
	done chan error
}

// startLimit bounds the making and starting of a server.
const startLimit = 2 * time.Minute

// Start makes a new cluster and starts its server. It fails if no Postgres is
// installed, or if we are root and there is no other account to run it.
func Start(ctx context.Context, opts Options) (*Server, error) {
	s := &Server{}
	if err := s.start(ctx, opts); err != nil {
		return nil, errors.Join(fmt.Errorf("start a Postgres server: %w", err), s.Stop())
	}

	return s, nil
}

// URL is how the server is reached.
func (s *Server) URL() string { return s.url }

// PID is the process that all others of the server are children of.
func (s *Server) PID() int { return s.cmd.Process.Pid }

func (s *Server) start(ctx context.Context, opts Options) error {
	bin, err := binaries()
	if err != nil {
		return err
	}
	who, err := account()
	if err != nil {
		return err
	}
	if opts.Dir == "" {
		opts.Dir = os.TempDir()
	}
	removeOld(ctx, opts.Dir)
	if s.dir, err = os.MkdirTemp(opts.Dir, dirPrefix+strconv.Itoa(os.Getpid())+"-"); err != nil {
		return err
	}
	if who != nil {
		if err := os.Chown(s.dir, int(who.Uid), int(who.Gid)); err != nil {
			return err
		}
	}
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	data := filepath.Join(s.dir, "data")
	initdb := exec.CommandContext(ctx, filepath.Join(bin, "initdb"), "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "-N") //nolint:gosec // a program of the installed server
	initdb.Dir = s.dir
	initdb.SysProcAttr = &syscall.SysProcAttr{Credential: who}
	if out, err := initdb.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w: %s", err, out)
	}
	args := []string{"-D", data, "-k", s.dir, "-p", port}
	for _, setting := range settings(opts) {
		args = append(args, "-c", setting)
	}
	s.cmd = exec.Command(filepath.Join(bin, "postgres"), args...) //nolint:noctx,gosec // Stop ends it; a program of the installed server
	s.cmd.Dir = s.dir
	s.cmd.Stderr = &s.log
	s.cmd.SysProcAttr = serverAttr(who)
	if err := s.spawn(); err != nil {
		return err
	}
	s.url = "postgres://postgres@/postgres?sslmode=disable&host=" + s.dir + "&port=" + port

	return s.ready(ctx)
}

// settings are those of the server, later ones winning.
func settings(opts Options) []string {
	list := []string{"listen_addresses=", "max_connections=200", "shared_buffers=64MB", "autovacuum_naptime=10s"}
	if !opts.Durable {
		list = append(list, "fsync=off", "full_page_writes=off")
	}

	return slices.Concat(list, opts.Settings)
}

// ready waits until the server takes connections.
func (s *Server) ready(ctx context.Context) error {
	db, err := sql.Open("pgx", s.url)
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
		case exit := <-s.done:
			s.done <- exit

			return fmt.Errorf("it ended at once: %w: %s", exit, s.log.String())
		case <-ctx.Done():
			return fmt.Errorf("it does not answer: %w", err)
		}
	}
}

// Stop ends the server at once and removes its files.
func (s *Server) Stop() error {
	var err error
	if s.cmd != nil && s.cmd.Process != nil {
		if err = s.cmd.Process.Signal(syscall.SIGQUIT); err == nil {
			<-s.done //nolint:errcheck // how it ended is of no interest
		}
		s.cmd = nil
	}
	if s.dir != "" {
		err = errors.Join(err, os.RemoveAll(s.dir))
	}

	return err
}
