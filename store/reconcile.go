package store

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"

	"gorm.io/gorm"

	"github.com/outpace/outpace/dlma"
)

// walkStep is how many entries Reconcile looks at in one statement.
const walkStep = 2000

// walks remembers how far Reconcile has come.
type walks struct {
	mu sync.Mutex
	at map[walkKey]walkPlace
}

type walkKey struct {
	list string
	rule rule
}

// walkPlace is a place in dls_claim; what is before it has been looked at.
type walkPlace struct {
	S, T     int64
	hung, id int64
}

func (w *walks) place(k walkKey) walkPlace {
	w.mu.Lock()
	defer w.mu.Unlock()
	if p, ok := w.at[k]; ok {
		return p
	}

	return walkPlace{S: -1, hung: -1}
}

func (w *walks) set(k walkKey, p walkPlace) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.at == nil {
		w.at = map[walkKey]walkPlace{}
	}
	w.at[k] = p
}

func (w *walks) done(k walkKey) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.at, k)
}

var (
	levelsSQL = "WITH RECURSIVE " + levels + " SELECT s, t FROM levels WHERE t IS NOT NULL ORDER BY s, t"
	// stepSQL looks at the next entries of one stretch.
	stepSQL = `SELECT d.id, d.spent, d.unknown, d.tm_last_hangup AS hung, CASE WHEN ` + triesLeft + ` THEN 1 ELSE 0 END AS tries_left
		FROM dls d WHERE d.dlma_uuid = @list AND ` + claimable + ` AND d.spent = @s AND d.tries = @t
		AND (d.tm_last_hangup, d.id) > (@hung , @id )
		ORDER BY d.tm_last_hangup, d.id LIMIT @step `
	// unknownSQL looks at entries that perhaps were answered; they have an
	// index of their own, since they may stand anywhere in dls_claim.
	unknownSQL = `SELECT d.id, d.spent, d.unknown, 0 AS tries_left
		FROM dls d WHERE d.dlma_uuid = @list AND ` + claimable + ` AND d.unknown = 1 AND NOT ` + settled("d.spent") + `
		LIMIT @step `
	markSQL = `UPDATE dls AS d SET spent = @mark WHERE d.dlma_uuid = @list AND d.id IN @ids AND ` + claimable + `
		AND d.spent = @s AND d.unknown = @unknown AND NOT ` + triesLeft
)

// walkRow is an entry that was looked at.
type walkRow struct {
	ID, Spent, Hung    int64
	Unknown, TriesLeft int
}

// mark is what the row's spent becomes if it has nothing left under r.
func (w walkRow) mark(r rule) rule {
	was := rule(w.Spent)
	// An unknown entry is spent under a rule that leaves unknown ones alone,
	// however many tries that rule allows; joined with one that redials them it
	// would hide those tries.
	if was == 0 || w.Unknown == 1 && was.redial() != r.redial() {
		return r
	}

	return r.join(was)
}

// Reconcile marks the entries of a list that a changed plan has left without
// tries, so that claims jump over them. It never hides an entry that pick, or
// any other plan, could dial, and need not be called for claims to be right.
// It works in bounded steps and returns after the first that changed
// something; 0 means that it has come to the end of the list.
func (s *Store) Reconcile(ctx context.Context, pick dlma.Pick) (int, error) {
	if !storable(pick.List) {
		return 0, nil
	}
	w := walker{store: s, key: walkKey{pick.List, ruleOf(pick)}, params: pickParams(pick)}
	w.params["step"] = walkStep
	if !pick.RedialUnknown {
		if n, err := w.unknown(ctx); n > 0 || err != nil {
			return n, err
		}
	}
	var stretches []walkPlace
	err := s.walk(s.engine(ctx), func(tx *gorm.DB) error { return tx.Raw(levelsSQL, w.params).Scan(&stretches).Error })
	if err != nil {
		return 0, fmt.Errorf("read stretches of list: %w", err)
	}
	// While its total is below the least limit, an entry that has a number has
	// tries left; those without numbers are marked from the start.
	least := int64(slices.Min(pick.MaxTries[:]))
	place := s.walks.place(w.key)
	for _, stretch := range stretches {
		switch {
		case stretch.T < least, stretch.S < place.S, stretch.S == place.S && stretch.T < place.T:
			continue
		case stretch.S != place.S || stretch.T != place.T:
			place = walkPlace{S: stretch.S, T: stretch.T, hung: -1}
		}
		if n, err := w.stretch(ctx, place); n > 0 || err != nil {
			return n, err
		}
	}
	s.walks.done(w.key)

	return 0, nil
}

// walker is one run of Reconcile.
type walker struct {
	store  *Store
	key    walkKey
	params map[string]any
}

// stretch goes on from place to the end of its stretch, or to the first step
// that marked something.
func (w *walker) stretch(ctx context.Context, place walkPlace) (int, error) {
	for {
		p := maps.Clone(w.params)
		p["s"], p["t"], p["hung"], p["id"] = place.S, place.T, place.hung, place.id
		rows, err := w.look(ctx, stepSQL, p)
		if err != nil || len(rows) == 0 {
			return 0, err
		}
		n, err := w.mark(ctx, rows)
		if err != nil {
			return 0, err
		}
		last := rows[len(rows)-1]
		place.hung, place.id = last.Hung, last.ID
		w.store.walks.set(w.key, place)
		if n > 0 {
			return n, nil
		}
	}
}

// unknown marks a step of the unknown entries.
func (w *walker) unknown(ctx context.Context) (int, error) {
	rows, err := w.look(ctx, unknownSQL, w.params)
	if err != nil {
		return 0, err
	}

	return w.mark(ctx, rows)
}

func (w *walker) look(ctx context.Context, sql string, params map[string]any) ([]walkRow, error) {
	var rows []walkRow
	err := w.store.walk(w.store.engine(ctx), func(tx *gorm.DB) error { return tx.Raw(sql, params).Scan(&rows).Error })
	if err != nil {
		return nil, fmt.Errorf("look at entries: %w", err)
	}

	return rows, nil
}

// mark marks those of rows that have no tries left and still have none when it
// comes to it.
func (w *walker) mark(ctx context.Context, rows []walkRow) (int, error) {
	type kind struct {
		spent, mark int64
		unknown     int
	}
	used := map[kind][]int64{}
	for _, r := range rows {
		if r.TriesLeft == 0 {
			k := kind{r.Spent, int64(r.mark(w.key.rule)), r.Unknown}
			used[k] = append(used[k], r.ID)
		}
	}
	marked := 0
	for k, ids := range used {
		p := maps.Clone(w.params)
		p["s"], p["ids"], p["mark"], p["unknown"] = k.spent, ids, k.mark, k.unknown
		q := w.store.w.WithContext(ctx).Exec(markSQL, p)
		if q.Error != nil {
			return 0, fmt.Errorf("mark used-up entries: %w", q.Error)
		}
		marked += int(q.RowsAffected)
	}

	return marked, nil
}
