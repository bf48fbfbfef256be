package store

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"gorm.io/gorm/schema"
)

// dialect is the kind of database.
type dialect string

const (
	sqliteDialect   dialect = "sqlite"
	postgresDialect dialect = "postgres"
)

// column is a field of a row as SQL and JSON see it.
type column struct {
	name  string
	text  bool // text, else an integer
	index []int
}

// columns are the fields of a row that travel by JSON, in order.
type columns []column

// columnsOf lists the fields of a row type by the names that gorm gives them,
// without those left out. Fields are texts, integers and pointers to them.
func columnsOf[R any](without ...string) columns {
	return fieldsOf(reflect.TypeFor[R](), nil, without)
}

func fieldsOf(row reflect.Type, at []int, without []string) columns {
	var cols columns
	naming := schema.NamingStrategy{}
	for f := range row.Fields() {
		index := append(slices.Clone(at), f.Index...)
		if f.Tag.Get("gorm") == "embedded" {
			cols = append(cols, fieldsOf(f.Type, index, without)...)

			continue
		}
		name, ok := strings.CutPrefix(f.Tag.Get("gorm"), "column:")
		if !ok {
			name = naming.ColumnName("", f.Name)
		}
		if slices.Contains(without, name) {
			continue
		}
		t := f.Type
		if t.Kind() == reflect.Pointer {
			t = t.Elem()
		}
		cols = append(cols, column{name, t.Kind() == reflect.String, index})
	}

	return cols
}

// names joins the names, each with a prefix.
func (c columns) names(prefix string) string {
	list := make([]string, len(c))
	for i := range c {
		list[i] = prefix + c[i].name
	}

	return strings.Join(list, ", ")
}

// sets joins "name = prefix.name", for SET.
func (c columns) sets(prefix string) string {
	list := make([]string, len(c))
	for i := range c {
		list[i] = c[i].name + " = " + prefix + c[i].name
	}

	return strings.Join(list, ", ")
}

// rows is the SQL that turns the named parameter, made by encode, back into
// rows, as the table x.
func (d dialect) rows(param string, c columns) string {
	list := make([]string, len(c))
	if d == postgresDialect {
		for i := range c {
			list[i] = c[i].name + " bigint"
			if c[i].text {
				list[i] = c[i].name + " text"
			}
		}

		return fmt.Sprintf("json_to_recordset(CAST(@%s AS json)) AS x(%s)", param, strings.Join(list, ", "))
	}
	for i := range c {
		list[i] = fmt.Sprintf("v ->> %d AS %s", i, c[i].name)
	}

	// Materialized, since SQLite would write out the row again for each column.
	return fmt.Sprintf("(WITH q(v) AS MATERIALIZED (SELECT value FROM json_each(@%s )) SELECT %s FROM q) AS x", param, strings.Join(list, ", "))
}

// fewRows is rows for a statement that looks each of them up in a table.
//
// Postgres takes the JSON for a hundred rows. Where it believes that the table
// has fewer, as it does until it has looked at one that was empty, it would go
// through the whole table and, for each row of it, through the JSON. A condition
// that every row fulfils makes it believe in one row, so that it looks that up.
func (d dialect) fewRows(param string, c columns) string {
	if d != postgresDialect {
		return d.rows(param, c)
	}
	text := c[slices.IndexFunc(c, func(col column) bool { return col.text })].name

	return fmt.Sprintf("(SELECT * FROM %s WHERE length(x.%s) BETWEEN 0 AND 1000000) AS x", d.rows(param, c), text)
}

// encode writes rows as JSON for the parameter of dialect.rows: objects for
// Postgres, arrays for SQLite, each what its database reads fastest.
func encode[R any](d dialect, c columns, rows []R) string {
	opening, closing, named := byte('['), byte(']'), d == postgresDialect
	if named {
		opening, closing = '{', '}'
	}
	var b bytes.Buffer
	b.WriteByte('[')
	for i := range rows {
		if i > 0 {
			b.WriteByte(',')
		}
		v := reflect.ValueOf(&rows[i]).Elem()
		b.WriteByte(opening)
		for j := range c {
			if j > 0 {
				b.WriteByte(',')
			}
			if named {
				b.WriteString(`"` + c[j].name + `":`)
			}
			writeValue(&b, v.FieldByIndex(c[j].index))
		}
		b.WriteByte(closing)
	}
	b.WriteByte(']')

	return b.String()
}

func writeValue(b *bytes.Buffer, v reflect.Value) {
	if v.Kind() == reflect.Pointer {
		if v.IsNil() {
			b.WriteString("null")

			return
		}
		v = v.Elem()
	}
	if v.Kind() != reflect.String {
		b.WriteString(strconv.FormatInt(v.Int(), 10))

		return
	}
	text, err := json.Marshal(clean(v.String()))
	if err != nil { // a string always is JSON
		panic(err)
	}
	b.Write(text)
}

// forUpdate, forShare lock the rows that a SELECT returns; SQLite's writer is
// alone anyway.
func (d dialect) forUpdate() string {
	if d == postgresDialect {
		return " FOR UPDATE"
	}

	return ""
}

// newUUID is an SQL expression for a random uuid, v4 in lower case.
func (d dialect) newUUID() string {
	if d == postgresDialect {
		return "CAST(gen_random_uuid() AS text)"
	}

	return `lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-' ||
		substr('89ab', 1 + (random() & 3), 1) || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6)))`
}

// pickColumns returns the columns of those names, in the order of c.
func pickColumns(c columns, names ...string) columns {
	var out columns
	for _, col := range c {
		if slices.Contains(names, col.name) {
			out = append(out, col)
		}
	}

	return out
}
