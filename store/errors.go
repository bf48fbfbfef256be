package store

import (
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5/pgconn"
)

// errCommit marks an error of a COMMIT whose outcome is not known.
type errCommit struct{ err error }

func (e errCommit) Error() string { return "commit in doubt: " + e.err.Error() }
func (e errCommit) Unwrap() error { return e.err }

// SQLSTATEs after which a transaction may simply be run again.
const (
	serializationFailure = "40001"
	deadlockDetected     = "40P01"
)

// repeatable reports whether the server rolled a transaction back for a reason
// that has gone by the next attempt.
func repeatable(err error) bool {
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		return e.Code == serializationFailure || e.Code == deadlockDetected
	}

	return false
}

// commitError wraps an error of COMMIT: in doubt unless the server itself said
// that it did not commit. A server that is going away (class 57) may have
// committed before.
func commitError(err error) error {
	if e, ok := errors.AsType[*pgconn.PgError](err); ok && e.Code[:2] != "57" {
		return fmt.Errorf("commit: %w", err)
	}

	return errCommit{err}
}
