package store

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/database"
	"github.com/pressly/goose/v3/lock"
)

//go:embed migrations
var migrations embed.FS

// migrationLock is the advisory lock of Postgres under which engines that
// start together migrate one after the other.
const migrationLock = 0x6f757470616365 // "outpace"

// migrate brings the schema up to date, or, with keep, only checks that it is.
// It refuses a schema that a newer program has made.
func migrate(ctx context.Context, db *sql.DB, d dialect, keep bool) error {
	files, err := fs.Sub(migrations, "migrations/"+string(d))
	if err != nil {
		return fmt.Errorf("read migrations: %w", err)
	}
	kind, opts := database.DialectSQLite3, []goose.ProviderOption{goose.WithDisableGlobalRegistry(true)}
	if d == postgresDialect {
		kind = database.DialectPostgres
		locker, err := lock.NewPostgresSessionLocker(lock.WithLockID(migrationLock), lock.WithLockTimeout(1, 120))
		if err != nil {
			return fmt.Errorf("prepare migration lock: %w", err)
		}
		opts = append(opts, goose.WithSessionLocker(locker))
	}
	p, err := goose.NewProvider(kind, db, files, opts...)
	if err != nil {
		return fmt.Errorf("read migrations: %w", err)
	}
	has, wants, err := p.GetVersions(ctx)
	if err != nil {
		return fmt.Errorf("read schema version: %w", err)
	}
	switch {
	case has == wants:
		return nil
	case has > wants:
		return fmt.Errorf("the database has schema %d, made by a newer outpace; this one knows schema %d", has, wants)
	case keep:
		return fmt.Errorf("the database has schema %d and this outpace needs %d: run outpace migrate", has, wants)
	}
	if _, err := p.Up(ctx); err != nil {
		return fmt.Errorf("migrate schema: %w", err)
	}

	return nil
}
