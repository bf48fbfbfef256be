package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/outpace/outpace/store"
)

type migrateCmd struct {
	Config   string  `placeholder:"FILE" help:"Settings file in YAML (OUTPACE_CONFIG)."`
	Database *string `placeholder:"URL" help:"sqlite:PATH or postgres://... (OUTPACE_DATABASE, default sqlite:outpace.db)."`
}

// Run opens the database, which brings its schema up to date.
func (c migrateCmd) Run(ctx context.Context, w world) error {
	settings, err := serveCmd{Config: c.Config, layer: layer{Database: c.Database}}.settings(w.env)
	if err != nil {
		return err
	}
	opened, err := store.Open(ctx, settings.Database, store.Options{Exclusive: true})
	if err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	sayf(w.out, "%s is up to date", databaseName(settings.Database))
	return errors.Join(err, opened.Close())
}
