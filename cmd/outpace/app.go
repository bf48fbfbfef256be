package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/google/uuid"

	"github.com/outpace/outpace/api"
	"github.com/outpace/outpace/results"
	"github.com/outpace/outpace/scheduler"
	"github.com/outpace/outpace/store"
)

// App is the server as a value: the store, the gateways, the engine and the
// REST API, wired together. New sets everything up, Run runs it, Drain asks it
// to end politely, Close undoes what New did.
type App struct {
	settings Settings
	logger   *slog.Logger
	store    *store.Store
	engine   *scheduler.Engine
	listener net.Listener
	server   *http.Server
	down     teardown
	// watched, if it is set, is what the engine sees of the store.
	watched func(scheduler.Store) scheduler.Store

	drain     chan struct{} // closed by Drain
	drainOnce sync.Once
}

// New opens and connects everything that Run needs, but dials nothing yet. The
// settings have to be checked ones. If it fails nothing is left open.
func New(ctx context.Context, settings Settings, logger *slog.Logger) (app *App, err error) {
	return newWatched(ctx, settings, logger, nil)
}

// newWatched is New with something between the engine and the store that
// measures what passes.
func newWatched(ctx context.Context, settings Settings, logger *slog.Logger, watched func(scheduler.Store) scheduler.Store) (app *App, err error) {
	a := &App{settings: settings, logger: logger, watched: watched, drain: make(chan struct{})}
	defer func() {
		if err != nil {
			err = errors.Join(err, a.down.run(logger))
		}
	}()
	if err := a.listen(ctx); err != nil {
		return nil, err
	}
	if err := a.openStore(ctx); err != nil {
		return nil, err
	}
	log, err := a.openResults()
	if err != nil {
		return nil, err
	}
	gateways, err := a.gateways()
	if err != nil {
		return nil, err
	}
	if err := a.makeEngine(log, gateways); err != nil {
		return nil, err
	}
	return a, a.makeServer(gateways) //nolint:contextcheck // requests bring their own contexts
}

// listen comes first: that the address is taken is a common mistake, and is
// found before the database is touched.
func (a *App) listen(ctx context.Context) error {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", a.settings.Listen)
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	a.listener = listener
	a.down.add("listener", func() error {
		if err := listener.Close(); err != nil && !errors.Is(err, net.ErrClosed) { // the server closes it too
			return err
		}
		return nil
	})
	address, ok := listener.Addr().(*net.TCPAddr)
	if !a.settings.API.hasToken() && (!ok || !address.IP.IsLoopback()) {
		// localhost may be anything in /etc/hosts.
		return wrong("listen", "is %s, which others can reach, and no API token is set", a.settings.Listen)
	}
	return nil
}

func (a *App) openStore(ctx context.Context) error {
	opened, err := store.Open(ctx, a.settings.Database, store.Options{Exclusive: true})
	if err != nil {
		return fmt.Errorf("start: %w", err)
	}
	a.store = opened
	a.down.add("database", opened.Close)
	return nil
}

func (a *App) openResults() (*results.Log, error) {
	log, err := results.OpenLog(results.LogConfig{
		Path:     a.settings.Results.Path,
		MaxBytes: a.settings.Results.MaxSize,
		Keep:     a.settings.Results.Keep,
		Logger:   a.logger,
	})
	if err != nil {
		return nil, fmt.Errorf("start: %w", err)
	}
	a.down.add("result log", log.Close)
	return log, nil
}

func (a *App) gateways() ([]scheduler.Gateway, error) {
	var list []scheduler.Gateway
	for _, s := range a.settings.Gateways {
		gateway, err := s.own.build(s.Name, a.logger)
		if err != nil {
			return nil, fmt.Errorf("gateway %s: %w", s.Name, err)
		}
		list = append(list, scheduler.Gateway{Gateway: gateway, MaxCalls: s.MaxCalls, MaxCPS: s.MaxCPS})
	}
	return list, nil
}

func (a *App) makeEngine(log *results.Log, gateways []scheduler.Gateway) error {
	host, err := logHost(a.settings.Results.Path)
	if err != nil {
		return err
	}
	var kept scheduler.Store = a.store
	if a.watched != nil {
		kept = a.watched(kept)
	}
	a.engine, err = scheduler.New(scheduler.Config{
		Store: kept, Gateways: gateways, Log: log, Logger: a.logger,
		Host: host, Holder: uuid.NewString(), Exclusive: isFile(a.settings.Database),
	})
	return err
}

// isFile reports whether a database is a file that one process has for itself.
func isFile(database string) bool { return strings.HasPrefix(database, "sqlite:") }

// logHost names a result log in the database: the same file of the same
// machine gets the same name at each start.
func logHost(path string) (string, error) {
	host, err := os.Hostname()
	if err != nil {
		return "", fmt.Errorf("find the host's name: %w", err)
	}
	absolute, err := filepath.Abs(path)
	if err != nil {
		return "", fmt.Errorf("find the result log's folder: %w", err)
	}
	return host + ":" + absolute, nil
}

// Close gives everything back. Call it once, after Run has returned.
func (a *App) Close() error { return a.down.run(a.logger) }

// URL is the API's address, such as http://127.0.0.1:8081.
func (a *App) URL() string {
	scheme := "http"
	if a.settings.API.TLS != nil {
		scheme = "https"
	}
	return scheme + "://" + a.listener.Addr().String()
}

// Summary says in one line what the server listens on and what it uses.
func (a *App) Summary() string {
	gateways := "no gateway"
	for i, g := range a.settings.Gateways {
		name := fmt.Sprintf("%s (%s %s)", g.Name, g.Kind, g.own.target())
		if i == 0 {
			gateways = "gateways " + name
		} else {
			gateways += ", " + name
		}
	}
	return fmt.Sprintf("outpace listens on %s, database %s, results %s, %s",
		a.URL(), databaseName(a.settings.Database), a.settings.Results.Path, gateways)
}

var (
	_ scheduler.Store = (*store.Store)(nil)
	_ api.Store       = (*store.Store)(nil)
	_ scheduler.Log   = (*results.Log)(nil)
)
