package store

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"github.com/outpace/outpace/results"
)

// Acquire takes or renews the lease called name for holder, which must be
// unique to one process, for ttl by the database's clock. token names the term
// and stays the same until another holder has had the lease, even if it ran
// out meanwhile: what nobody else had needs no recovery. ok is false while
// somebody else holds the lease. On SQLite, where the file itself is locked, it always
// is granted.
func (s *Store) Acquire(ctx context.Context, name, holder string, ttl time.Duration) (token string, ok bool, err error) {
	if s.dialect == sqliteDialect {
		return s.token, true, nil
	}
	var tokens []string
	err = s.w.WithContext(ctx).Raw(`INSERT INTO leases AS l (name, holder, token, expires_at)
		VALUES (@name, @holder, @token, clock_timestamp() + CAST(@ttl AS bigint) * interval '1 microsecond')
		ON CONFLICT (name) DO UPDATE SET
			holder = excluded.holder,
			token = CASE WHEN l.holder = excluded.holder THEN l.token ELSE excluded.token END,
			expires_at = excluded.expires_at
		WHERE l.holder = excluded.holder OR l.expires_at <= clock_timestamp()
		RETURNING l.token`,
		map[string]any{"name": name, "holder": holder, "token": uuid.NewString(), "ttl": ttl.Microseconds()}).Scan(&tokens).Error
	if err != nil {
		return "", false, fmt.Errorf("acquire lease %s: %w", name, err)
	}
	if len(tokens) == 0 {
		return "", false, nil
	}

	return tokens[0], true, nil
}

// Release gives a lease back; it does nothing if token no longer holds it.
func (s *Store) Release(ctx context.Context, name, token string) error {
	if s.dialect == sqliteDialect {
		return nil
	}
	if err := s.w.WithContext(ctx).Exec("DELETE FROM leases WHERE name = ? AND token = ?", name, token).Error; err != nil {
		return fmt.Errorf("release lease %s: %w", name, err)
	}

	return nil
}

// Held reports whether another than holder has a lease. On SQLite there is no
// other.
func (s *Store) Held(ctx context.Context, name, holder string) (held bool, err error) {
	if s.dialect == sqliteDialect {
		return false, nil
	}
	err = s.engine(ctx).Raw("SELECT EXISTS (SELECT 1 FROM leases WHERE name = ? AND holder <> ? AND expires_at > clock_timestamp())", name, holder).
		Scan(&held).Error
	if err != nil {
		return false, fmt.Errorf("ask who has lease %s: %w", name, err)
	}

	return held, nil
}

// Attend says that the engine called holder is there for ttl by the database's
// clock, 0 that it leaves, and returns how many engines are there, this one
// included. Engines that died are forgotten after an hour. On SQLite there is
// only one.
func (s *Store) Attend(ctx context.Context, holder string, ttl time.Duration) (engines int, err error) {
	if s.dialect == sqliteDialect {
		return 1, nil
	}
	// The parts see the table as it was before, so the other engines are counted.
	err = s.w.WithContext(ctx).Raw(`WITH forgotten AS (
			DELETE FROM leases WHERE name LIKE 'engine:%' AND holder <> @holder AND expires_at < clock_timestamp() - interval '1 hour'
		), here AS (
			INSERT INTO leases (name, holder, token, expires_at)
			VALUES ('engine:' || CAST(@holder AS text), @holder, @token, clock_timestamp() + CAST(@ttl AS bigint) * interval '1 microsecond')
			ON CONFLICT (name) DO UPDATE SET expires_at = excluded.expires_at
		)
		SELECT 1 + count(*) FROM leases WHERE name LIKE 'engine:%' AND holder <> @holder AND expires_at > clock_timestamp()`,
		map[string]any{"holder": holder, "token": uuid.NewString(), "ttl": ttl.Microseconds()}).Scan(&engines).Error
	if err != nil {
		return 0, fmt.Errorf("attend: %w", err)
	}

	return engines, nil
}

// leaseLive says on Postgres that the token @lease holds a lease.
const leaseLive = "EXISTS (SELECT 1 FROM leases WHERE token = @lease AND expires_at > clock_timestamp())"

// leaseHolds checks that token holds a lease and makes whoever wants to take
// it wait for the end of the transaction. In the same round trip it tells the
// planner to walk.
func (s *Store) leaseHolds(tx *gorm.DB, token string) error {
	if s.dialect == sqliteDialect {
		return nil
	}
	q := tx.Exec("SELECT "+walking+" FROM leases WHERE token = ? AND expires_at > clock_timestamp() FOR SHARE", token)
	if q.Error != nil {
		return fmt.Errorf("check lease: %w", q.Error)
	}
	if q.RowsAffected == 0 {
		return results.ErrLeaseLost
	}

	return nil
}
