package store

import (
	"fmt"
	"sync/atomic"

	"gorm.io/gorm"
)

// Usage counts what a store has asked of its database since it was opened.
type Usage struct {
	// Transactions are those that were begun, and the statements that were
	// transactions of their own.
	Transactions int64 `json:"transactions"`
	// Statements are those that were sent, without BEGIN, COMMIT and ROLLBACK.
	Statements int64 `json:"statements"`
}

// usage is the counter behind Usage.
type usage struct{ transactions, statements atomic.Int64 }

// Usage returns the counts so far.
func (s *Store) Usage() Usage {
	return Usage{Transactions: s.usage.transactions.Load(), Statements: s.usage.statements.Load()}
}

// count has the statements of db counted.
func (u *usage) count(db *gorm.DB) error {
	const name = "outpace:usage"
	c := db.Callback()
	for _, err := range []error{
		c.Create().After("*").Register(name, u.statement), c.Query().After("*").Register(name, u.statement), c.Update().After("*").Register(name, u.statement),
		c.Delete().After("*").Register(name, u.statement), c.Row().After("*").Register(name, u.statement), c.Raw().After("*").Register(name, u.statement),
	} {
		if err != nil {
			return fmt.Errorf("count statements: %w", err)
		}
	}

	return nil
}

func (u *usage) statement(db *gorm.DB) {
	if db.Statement.SQL.Len() == 0 {
		return
	}
	u.statements.Add(1)
	if _, inside := db.Statement.ConnPool.(gorm.TxCommitter); !inside {
		u.transactions.Add(1)
	}
}
