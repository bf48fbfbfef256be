package store

import (
	"strings"
	"unicode/utf8"
)

// storable reports whether both databases keep s as it is: valid UTF-8 without
// NUL.
func storable(s string) bool {
	return utf8.ValidString(s) && strings.IndexByte(s, 0) < 0
}

// clean makes s storable. It is for texts of a PBX, which must never be the
// reason that a result is lost.
func clean(s string) string {
	if storable(s) {
		return s
	}

	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\uFFFD")
}

// unstorable is what is wrong with a text that is not storable.
const unstorable = "must be UTF-8 text without NUL"

// texts are the text fields of an object, in pairs of name and value.
type texts []string

// bad returns the name of the first field that is not storable, "" if all are.
func (t texts) bad() string {
	for i := 0; i+1 < len(t); i += 2 {
		if !storable(t[i+1]) {
			return t[i]
		}
	}

	return ""
}

// variables appends the names and values of vars as the field "variables".
func (t texts) variables(vars map[string]string) texts {
	for k, v := range vars {
		t = append(t, "variables", k, "variables", v)
	}

	return t
}
