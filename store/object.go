package store

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"
)

// base is what the rows of all objects have in common.
type base struct {
	ID       int64 `gorm:"primaryKey;autoIncrement"`
	UUID     string
	InUse    int
	TmCreate int64
	TmUpdate int64
	TmDelete int64
}

// made fills in the base of a new object.
func (b *base) made(now int64) {
	*b = base{UUID: uuid.NewString(), InUse: 1, TmCreate: now}
}

// deleted marks the row as deleted. Its tm_update stays: it tells of the last
// change that was made to what the row says.
func (b *base) deleted(now int64) {
	b.InUse, b.TmDelete = 0, now
}

// rowOf is a pointer to a row R of an object T.
type rowOf[T, R any] interface {
	*R
	head() *base
	object() T
}

// find reads one live row; notFound if there is none. lock is set inside
// transactions.
func find[T, R any, P rowOf[T, R]](db *gorm.DB, id string, lock bool, notFound error) (P, error) {
	if !storable(id) {
		return nil, notFound
	}
	if lock {
		db = db.Clauses(clause.Locking{Strength: clause.LockingStrengthUpdate})
	}
	row := P(new(R))
	err := db.Where("uuid = ? AND in_use = 1", id).Take(row).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return nil, notFound
	}
	if err != nil {
		return nil, fmt.Errorf("read %T: %w", row, err)
	}

	return row, nil
}

// get reads one live object.
func get[T, R any, P rowOf[T, R]](db *gorm.DB, id string, notFound error) (T, error) {
	row, err := find[T, R, P](db, id, false, notFound)
	if err != nil {
		var none T

		return none, err
	}

	return row.object(), nil
}

// several reads the live objects among uuids.
func several[T, R any, P rowOf[T, R]](db *gorm.DB, uuids []string) (map[string]T, error) {
	found := make(map[string]T, len(uuids))
	wanted := make([]string, 0, len(uuids))
	for _, id := range uuids {
		if id != "" && storable(id) {
			wanted = append(wanted, id)
		}
	}
	if len(wanted) == 0 {
		return found, nil
	}
	var rows []R
	if err := db.Where("uuid IN ? AND in_use = 1", wanted).Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("read objects: %w", err)
	}
	for i := range rows {
		row := P(&rows[i])
		found[row.head().UUID] = row.object()
	}

	return found, nil
}

// page reads up to count live objects after the one named after, oldest first.
// q is a query on the table of R.
func page[T, R any, P rowOf[T, R]](q *gorm.DB, after string, count int, invalid error) (list []T, more bool, err error) {
	if after != "" {
		id, ok, err := idOf[R](q, after)
		if err != nil {
			return nil, false, err
		}
		if !ok {
			return nil, false, invalid
		}
		q = q.Where("id > ?", id)
	}
	rows, err := scan[R](q.Model(new(R)).Where("in_use = 1").Order("id").Limit(count + 1))
	if err != nil {
		return nil, false, fmt.Errorf("read list: %w", err)
	}
	if more = len(rows) > count; more {
		rows = rows[:count]
	}
	list = make([]T, len(rows))
	for i := range rows {
		list[i] = P(&rows[i]).object()
	}

	return list, more, nil
}

// idOf returns the place of an object, deleted or not, in the order of creation.
func idOf[R any](q *gorm.DB, id string) (int64, bool, error) {
	if !storable(id) {
		return 0, false, nil
	}
	var ids []int64
	err := q.Session(&gorm.Session{NewDB: true}).Model(new(R)).Where("uuid = ?", id).Limit(1).Pluck("id", &ids).Error
	if err != nil {
		return 0, false, fmt.Errorf("find place in list: %w", err)
	}
	if len(ids) == 0 {
		return 0, false, nil
	}

	return ids[0], true, nil
}

// afterUnknown is what is wrong with an "after" that is no object of the list.
const afterUnknown = "is not the uuid of anything in this list"

// insert writes a new row.
func insert(tx *gorm.DB, row any) error {
	if err := tx.Create(row).Error; err != nil {
		return fmt.Errorf("insert %T: %w", row, err)
	}

	return nil
}

// save writes all columns of a row that was read in this transaction.
func save(tx *gorm.DB, row any) error {
	if err := tx.Model(row).Select("*").Updates(row).Error; err != nil {
		return fmt.Errorf("update %T: %w", row, err)
	}

	return nil
}

// jsonMap is how variables stand in the tables: NULL for nil.
func jsonMap(vars map[string]string) *string {
	if vars == nil {
		return nil
	}
	text, err := json.Marshal(vars)
	if err != nil { // texts always are JSON
		panic(err)
	}
	s := string(text)

	return &s
}

// mapOf is the reverse of jsonMap.
func mapOf(text *string) map[string]string {
	if text == nil {
		return nil
	}
	vars := map[string]string{}
	if json.Unmarshal([]byte(*text), &vars) != nil {
		return nil // not written by us
	}

	return vars
}

// bit is how booleans stand in the tables.
func bit(b bool) int {
	if b {
		return 1
	}

	return 0
}
