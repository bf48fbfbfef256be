package store

import (
	"context"
	"fmt"
	"time"

	"github.com/outpace/outpace/results"
)

// Overdue returns the names of the gateways, without those of except, that
// have open calls which should long have ended: claimed more than their
// time-out and late before now while no answer is known or a hang-up was asked
// for, or answered more than talk before now. Whoever runs such a gateway has
// ended them, so perhaps nobody does.
func (s *Store) Overdue(ctx context.Context, except []string, now time.Time, late, talk time.Duration) ([]string, error) {
	if len(except) == 0 {
		except = []string{""} // IN wants something
	}
	var names []string
	err := s.engine(ctx).Raw(`SELECT DISTINCT gateway FROM dialings WHERE gateway NOT IN @except AND (
			(tm_answer = 0 AND res_dial <> @answered OR hangup_asked = 1) AND tm_create + 1000 * dial_timeout < @unanswered
			OR tm_answer < @talked AND tm_create < @talked) ORDER BY gateway`,
		map[string]any{
			"except": except, "answered": results.DialAnswered,
			"unanswered": micros(now.Add(-late)), "talked": micros(now.Add(-talk)),
		}).Scan(&names).Error
	if err != nil {
		return nil, fmt.Errorf("look for calls that nobody follows: %w", err)
	}

	return names, nil
}
