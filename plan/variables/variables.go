package variables

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// The limits, set by what fits into one AMI message: a header line holds 1024
// bytes, a message 128 headers.
const (
	MaxPerObject = 64  // variables of one campaign, plan, destination, list or entry
	MaxMerged    = 100 // variables of one call
	MaxValue     = 900 // bytes of a value, escaped
)

// Scope says what kind of names an object may use.
type Scope int

// The scopes.
const (
	// Plain names only.
	Plain Scope = iota
	// WithHeaders also allows PJSIP_HEADER(add,TOKEN), which sets a SIP header
	// of the call. It is for plans and destinations, which managers write, and
	// not for lists, whose content comes from elsewhere.
	WithHeaders
)

var (
	plainName  = regexp.MustCompile(`^_{0,2}[A-Za-z0-9][A-Za-z0-9_ ]{0,79}$`)
	headerName = regexp.MustCompile(`^PJSIP_HEADER\(add,[0-9A-Za-z!'*+._~-]{1,64}\)$`)
)

// ValidName reports whether a variable may be called name in scope.
func ValidName(name string, scope Scope) bool {
	return plainName.MatchString(name) || (scope == WithHeaders && headerName.MatchString(name))
}

// CheckValue returns an error whose text follows the variable's name in a
// sentence, nil if value may be sent.
func CheckValue(value string) error {
	switch {
	case strings.ContainsAny(value, "\r\n\x00"):
		return errors.New("must not contain CR, LF or NUL")
	case !utf8.ValidString(value):
		return errors.New("must be valid UTF-8")
	case escapedLen(value) > MaxValue:
		return fmt.Errorf("must not be longer than %d bytes, escaped", MaxValue)
	}
	return nil
}

// Check returns an error whose text follows the word "variables" in a
// sentence, nil if vars is one object's valid set. Nil and empty sets are valid.
func Check(vars map[string]string, scope Scope) error {
	if len(vars) > MaxPerObject {
		return fmt.Errorf("must not hold more than %d names, but hold %d", MaxPerObject, len(vars))
	}
	for _, name := range slices.Sorted(maps.Keys(vars)) {
		if !ValidName(name, scope) {
			return fmt.Errorf("must not hold the name %q: "+
				"a name is up to two underscores, then a letter or digit, then letters, digits, underscores and spaces, 80 at most", clip(name))
		}
		if err := CheckValue(vars[name]); err != nil {
			return fmt.Errorf("are wrong: the value of %q %w", name, err)
		}
	}
	return nil
}

// escapedLen is the length of a value on its way to the PBX: what its argument
// splitter acts on takes a backslash.
func escapedLen(value string) int {
	n := len(value)
	for _, b := range []byte(value) {
		if strings.IndexByte(`\",`, b) >= 0 {
			n++
		}
	}
	return n
}

// clip keeps a hostile name from filling an error message.
func clip(name string) string {
	if len(name) > 100 {
		return name[:100] + "..."
	}
	return name
}
