package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/outpace/outpace/api"
	"github.com/outpace/outpace/scheduler"
)

// The limits of the HTTP server. The API bounds the handling of a request by
// itself; these bound a slow client.
const (
	headerTimeout = 10 * time.Second
	readTimeout   = 30 * time.Second
	writeTimeout  = 60 * time.Second
	idleTimeout   = 2 * time.Minute
	headerLimit   = 16 << 10 // bytes
)

func (a *App) makeServer(gateways []scheduler.Gateway) error {
	ctx, cancel := context.WithCancel(context.Background())
	var spawned sync.WaitGroup
	a.down.add("work for the API", func() error { cancel(); spawned.Wait(); return nil })
	handler, err := api.New(api.Config{
		Store: a.store, Gateways: directory(a.settings.Gateways, gateways),
		Tokens: tokens(a.settings.API), Ready: a.checks(), Logger: a.logger,
		Changed: a.engine.Changed,
		Spawn:   func(run func(context.Context)) { spawned.Go(func() { run(ctx) }) },
		Hooks:   gatewayHooks(gateways), Recordings: gatewayRecordings(gateways),
	})
	if err != nil {
		return fmt.Errorf("make the REST API: %w", err)
	}
	a.server = &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: headerTimeout,
		ReadTimeout:       readTimeout,
		WriteTimeout:      writeTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    headerLimit,
		TLSConfig:         a.settings.API.TLS,
		ConnState:         newDoorkeeper(connectionLimit(), a.logger).watch,
		ErrorLog:          slog.NewLogLogger(a.logger.Handler(), slog.LevelDebug), // what clients do wrong
	}
	return nil
}

// tokens are those of the file, and the one from the environment as an admin's.
func tokens(s APISettings) []api.Token {
	var list []api.Token
	if s.Token.IsSet() {
		list = append(list, api.Token{Name: "OUTPACE_API_TOKEN", Role: api.Admin, Hash: api.HashToken(s.Token.Reveal())})
	}
	for _, t := range s.Tokens {
		list = append(list, api.Token{Name: t.Name, Role: api.Role(t.Role), Hash: t.Hash})
	}
	return list
}

// gatewayDirectory answers the API's questions about gateways; "" is the
// default one.
type gatewayDirectory map[string]api.Gateway

// Gateway finds a gateway by name.
func (d gatewayDirectory) Gateway(name string) (api.Gateway, bool) {
	g, ok := d[name]
	return g, ok
}

func directory(settings []GatewaySettings, gateways []scheduler.Gateway) gatewayDirectory {
	d := gatewayDirectory{}
	for i, s := range settings {
		d[s.Name] = api.Gateway{Name: s.Name, Kind: s.Kind, Hangup: gateways[i].Capabilities().Hangup}
		if i == 0 {
			d[""] = d[s.Name]
		}
	}
	return d
}

// checks are what /readyz asks.
func (a *App) checks() []api.Check {
	list := []api.Check{
		{Name: "database", Probe: a.store.Ping},
		{Name: "running", Probe: func(context.Context) error {
			if a.isDraining() {
				return errors.New("draining")
			}
			return nil
		}},
	}
	for name := range a.engine.Health() {
		list = append(list, api.Check{Name: name, Probe: func(context.Context) error { return a.engine.Health()[name] }})
	}
	return list
}
