package store

import (
	"fmt"
	"reflect"
	"sync"

	"gorm.io/gorm"
)

// scan runs a query and reads its rows into row structs whose fields have the
// names of its columns. It does what gorm's Find and Scan do in a third of the
// time, for the queries that return many wide rows; fields are texts, numbers
// and pointers to them.
func scan[R any](q *gorm.DB) (list []R, err error) {
	rows, err := q.Rows()
	if err != nil {
		return nil, err //nolint:wrapcheck // the caller says what was read
	}
	defer func() {
		if failed := rows.Close(); err == nil {
			err = failed
		}
	}()
	names, err := rows.Columns()
	if err != nil {
		return nil, err //nolint:wrapcheck // as above
	}
	fields := fieldsNamed[R](names)
	values, places := make([]any, len(names)), make([]any, len(names))
	for i := range values {
		places[i] = &values[i]
	}
	for rows.Next() {
		if err := rows.Scan(places...); err != nil {
			return nil, err //nolint:wrapcheck // as above
		}
		var row R
		v := reflect.ValueOf(&row).Elem()
		for i, value := range values {
			if fields[i] == nil {
				continue
			}
			if err := setField(v.FieldByIndex(fields[i]), value); err != nil {
				return nil, fmt.Errorf("column %s: %w", names[i], err)
			}
		}
		list = append(list, row)
	}

	return list, rows.Err() //nolint:wrapcheck // as above
}

// rowFields remembers the fields of row types by the names of their columns.
var rowFields sync.Map // reflect.Type to map[string][]int

// fieldsNamed finds the fields of R for columns; nil for one that R does not
// know, since the engine of a newer version may have added it.
func fieldsNamed[R any](names []string) [][]int {
	known, _ := rowFields.Load(reflect.TypeFor[R]())
	byName, ok := known.(map[string][]int)
	if !ok {
		byName = map[string][]int{}
		for _, col := range columnsOf[R]() {
			byName[col.name] = col.index
		}
		rowFields.Store(reflect.TypeFor[R](), byName)
	}
	fields := make([][]int, len(names))
	for i, name := range names {
		fields[i] = byName[name]
	}

	return fields
}

// setField puts what a driver has returned into a field that is zero.
func setField(field reflect.Value, value any) error {
	if value == nil { // NULL
		if field.Kind() != reflect.Pointer {
			return fmt.Errorf("NULL for %s", field.Type())
		}

		return nil
	}
	if field.Kind() == reflect.Pointer {
		field.Set(reflect.New(field.Type().Elem()))
		field = field.Elem()
	}
	switch value := value.(type) {
	case int64:
		if !field.CanInt() {
			return fmt.Errorf("an integer for %s", field.Type())
		}
		field.SetInt(value)
	case float64:
		if !field.CanFloat() {
			return fmt.Errorf("a number for %s", field.Type())
		}
		field.SetFloat(value)
	case string:
		if field.Kind() != reflect.String {
			return fmt.Errorf("a text for %s", field.Type())
		}
		field.SetString(value)
	default:
		return fmt.Errorf("%T for %s", value, field.Type())
	}

	return nil
}
