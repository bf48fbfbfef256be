package store

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/outpace/outpace/dlma"
)

// The predicate of the index dls_claim, word for word, so that the planner
// sees that the index will do.
const claimable = "d.in_use = 1 AND d.status = 0 AND d.res_dial <> 4"

// each joins a piece of SQL for each of the eight numbers: {i} in it is the
// number's index, 1 to 8, and {shift} where its tries stand in a rule.
func each(piece, sep string) string {
	list := make([]string, dlma.Numbers)
	for i := range list {
		list[i] = strings.NewReplacer("{i}", strconv.Itoa(i+1), "{shift}", strconv.Itoa(ruleBits*i)).Replace(piece)
	}

	return strings.Join(list, sep)
}

var (
	// nextIndex is plan.Next in SQL: which number of d is called next.
	nextIndex = "CASE " + each("WHEN d.number_{i} <> '' AND d.trycnt_{i} < @m{i} THEN {i}", " ") + " END"
	// triesLeft says that there is such a number, and that d may be dialed at
	// all under the rule of the parameters.
	triesLeft = "((d.unknown = 0 OR @redial = 1) AND (" +
		each("d.number_{i} <> '' AND d.trycnt_{i} < @m{i} ", " OR ") + "))"
	// numbersOf lists the numbers of d.
	numbersOf = each("d.number_{i}", ", ")
	// busy says that a number of d is in an open call, of another entry since
	// d itself is idle.
	busy = "EXISTS (SELECT 1 FROM dialings x WHERE x.dial_addr IN (" + numbersOf + "))"
	// at is the condition on one stretch of dls_claim.
	at = "d.dlma_uuid = @list AND " + claimable + " AND d.spent = l.s AND d.tries = l.t"
	// ready is what an entry must fulfil, beyond its place in dls_claim, to be
	// dialed now.
	ready = "d.tm_last_hangup < @cutoff AND " + triesLeft + " AND NOT " + locked + " AND NOT " + busy
	// triedOf is how often the number that is called next was tried.
	triedOf = "CASE " + each("WHEN d.number_{i} <> '' AND d.trycnt_{i} < @m{i} THEN d.trycnt_{i}", " ") + " END"
)

// settled says that an entry whose spent is the SQL expression s has nothing
// left under the rule of the parameters: rule.covers in SQL.
func settled(s string) string {
	return fmt.Sprintf("(%s <> 0 AND (%s >> %d) & 1 >= @redial AND ", s, s, ruleRedialAt) +
		each(fmt.Sprintf("(%s >> {shift}) & %d >= @m{i} ", s, ruleMax), " AND ") + ")"
}

// levels is a chain of CTEs that ends in levels(s, t): the stretches of
// dls_claim, by spent and tries, that may hold something for the rule of the
// parameters. Each is found by one step through the index, however long the
// stretches are; with min() Postgres may read all of a list that it knows
// nothing of. A last row of each s has t NULL.
var levels = strings.NewReplacer("{list}", "d.dlma_uuid = @list AND "+claimable, "{settled}", settled("s")).Replace(`
spents(s) AS (
	SELECT (SELECT d.spent FROM dls d WHERE {list} ORDER BY d.spent LIMIT 1)
	UNION ALL
	SELECT (SELECT d.spent FROM dls d WHERE {list} AND d.spent > p.s ORDER BY d.spent LIMIT 1) FROM spents p WHERE p.s IS NOT NULL
),
open_spents(s) AS (SELECT s FROM spents WHERE s IS NOT NULL AND NOT {settled}),
levels(s, t) AS (
	SELECT o.s, (SELECT d.tries FROM dls d WHERE {list} AND d.spent = o.s ORDER BY d.tries LIMIT 1) FROM open_spents o
	UNION ALL
	SELECT l.s, (SELECT d.tries FROM dls d WHERE {list} AND d.spent = l.s AND d.tries > l.t ORDER BY d.tries LIMIT 1) FROM levels l WHERE l.t IS NOT NULL
)`)

// picked is a CTE picked(id, idx, tries, hung, tried, res_dial): the entries to
// be claimed, at most @n, and the number of each that is called; then what
// their order is made of, and what is known before the call. lock locks them
// for the claim.
//
// On Postgres it goes from one total of tries to the next and stops as soon as
// it has enough; the order inside a total spans all values of spent. Rows that
// another transaction has locked are passed over.
func (d dialect) picked(lock bool) string {
	if d == sqliteDialect {
		return `picked(id, idx, tries, hung, tried, res_dial) AS (
	SELECT d.id, ` + nextIndex + `, d.tries, d.tm_last_hangup, ` + triedOf + `, d.res_dial
	FROM levels l CROSS JOIN dls d
	WHERE l.t IS NOT NULL AND d.id IN (
		SELECT d.id FROM dls d WHERE ` + at + ` AND ` + ready + `
		ORDER BY d.tm_last_hangup, d.id LIMIT @n )
	ORDER BY d.tries, d.tm_last_hangup, d.id LIMIT @n )`
	}
	locking := ""
	if lock {
		locking = "FOR UPDATE OF d SKIP LOCKED"
	}

	return `picked(id, idx, tries, hung, tried, res_dial) AS MATERIALIZED (
	SELECT c.id, c.idx, totals.t, c.hung, c.tried, c.res_dial
	FROM (SELECT DISTINCT t FROM levels WHERE t IS NOT NULL ORDER BY t) totals
	CROSS JOIN LATERAL (
		SELECT r.id, r.idx, r.hung, r.tried, r.res_dial
		FROM (SELECT s, t FROM levels WHERE levels.t = totals.t) l
		CROSS JOIN LATERAL (
			SELECT d.id, d.tm_last_hangup AS hung, ` + nextIndex + ` AS idx, ` + triedOf + ` AS tried, d.res_dial
			FROM dls d WHERE ` + at + ` AND ` + ready + `
			ORDER BY d.tm_last_hangup, d.id LIMIT @n
			` + locking + `
		) r
		ORDER BY r.hung, r.id LIMIT @n
	) c
	LIMIT @n )`
}

// claimSQL takes entries: see Claim.
func (d dialect) claimSQL() string {
	return "WITH RECURSIVE " + levels + ",\n" + d.picked(true) + `
UPDATE dls SET status = 1, tries = dls.tries + 1,
	` + each("trycnt_{i} = dls.trycnt_{i} + CASE WHEN picked.idx = {i} THEN 1 ELSE 0 END", ", ") + `,
	dialing_uuid = ` + d.newUUID() + `, dialing_index = picked.idx,
	prev_tm_update = dls.tm_update, prev_tm_last_dial = dls.tm_last_dial,
	tm_last_dial = @now, tm_update = CASE WHEN dls.tm_update >= @now THEN dls.tm_update + 1 ELSE @now END
FROM picked
WHERE dls.dlma_uuid = @list AND dls.id = picked.id
RETURNING ` + allEntryColumns.names("dls.")
}

// unclaim gives back entries whose call was never placed; x has their list,
// id and the call's uuid.
var unclaim = `UPDATE dls SET status = 0, tries = dls.tries - 1,
	` + each("trycnt_{i} = dls.trycnt_{i} - CASE WHEN dls.dialing_index = {i} THEN 1 ELSE 0 END", ", ") + `,
	tm_update = dls.prev_tm_update, tm_last_dial = dls.prev_tm_last_dial,
	dialing_uuid = '', dialing_index = NULL, prev_tm_update = NULL, prev_tm_last_dial = NULL
FROM `

// pickParams are the parameters of the above.
func pickParams(pick dlma.Pick) map[string]any {
	r := ruleOf(pick)
	p := map[string]any{
		"list":   pick.List,
		"cutoff": max(micros(pick.Now)-pick.RetryDelay.Microseconds(), 1), // who was never called has waited long enough
		"redial": bit(r.redial()),
		"now":    micros(pick.Now),
		"n":      pick.Count,
		// Who was abandoned after unlocked waits. For who still waits for the
		// retry delay it is early later than his last hang-up that counts.
		"locking":  bit(pick.AbandonLock > 0),
		"unlocked": max(micros(pick.Now)-pick.AbandonLock.Microseconds(), 0),
		"early":    pick.RetryDelay.Microseconds() + 1 - pick.AbandonLock.Microseconds(),
	}
	for i := range dlma.Numbers {
		p[fmt.Sprintf("m%d", i+1)] = r.tries(i)
	}

	return p
}
