package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// fields says how the members of a body change a T. Beside these, a body may
// have those of readOnly.
type fields[T any] map[string]setter[T]

// readOnly are the fields that are shown but never written. They are ignored
// in every body, so that an object that was read can be sent back. Only a dl's
// tm_update is looked at, see unchangedSince.
var readOnly = map[string]bool{
	"uuid":              true,
	"in_use":            true,
	"tm_create":         true,
	"tm_update":         true,
	"tm_delete":         true,
	"dl_table":          true,
	"dialing_uuid":      true,
	"dialing_camp_uuid": true,
	"dialing_plan_uuid": true,
	"warnings":          true,
}

// setter puts a member's value into t; null takes the value of fresh, a new T
// with its defaults.
type setter[T any] func(t, fresh *T, value json.RawMessage) error

// apply changes t by a body, in the body's order.
func (f fields[T]) apply(body object, t, fresh *T) error {
	for _, m := range body {
		if readOnly[m.name] {
			continue
		}
		set, known := f[m.name]
		if !known {
			return invalid(quote(m.name), "is not a field here")
		}
		if err := set(t, fresh, m.value); err != nil {
			return invalid(m.name, err.Error())
		}
	}
	return nil
}

// writes returns the first field that a body would write, other than except.
func (f fields[T]) writes(body object, except string) (name string, ok bool) {
	for _, m := range body {
		if !readOnly[m.name] && m.name != except {
			return m.name, true
		}
	}
	return "", false
}

// at makes the setter of the part of a T that place finds and read reads.
func at[T, V any](place func(*T) *V, read func(json.RawMessage) (V, error)) setter[T] {
	return func(t, fresh *T, value json.RawMessage) error {
		if isNull(value) {
			*place(t) = *place(fresh)
			return nil
		}
		v, err := read(value)
		if err != nil {
			return err
		}
		*place(t) = v
		return nil
	}
}

func isNull(value json.RawMessage) bool { return string(value) == "null" }

// readText reads a string.
func readText(value json.RawMessage) (string, error) {
	var text string
	if err := json.Unmarshal(value, &text); err != nil {
		return "", errors.New("must be a string or null")
	}
	if strings.ContainsRune(text, 0) {
		return "", errors.New("must not hold a NUL character")
	}
	if strings.ContainsRune(text, utf8.RuneError) && !writesRuneError(value) {
		return "", errors.New("must not hold half of a surrogate pair")
	}
	return text, nil
}

// writesRuneError reports whether a string literal means U+FFFD itself. If it
// does not and yet holds it, the decoder put it there for something that is no
// character: the text would not come back as it was given.
func writesRuneError(literal json.RawMessage) bool {
	return bytes.ContainsRune(literal, utf8.RuneError) || bytes.Contains(bytes.ToLower(literal), []byte(`\ufffd`))
}

// The integers of the wire fit a database's integer, and far more than any
// limit allows.
const (
	leastInt = -1 << 31
	mostInt  = 1<<31 - 1
)

// readInt reads an integer, written as one.
func readInt(value json.RawMessage) (int, error) {
	first := value[0]
	if first != '-' && (first < '0' || first > '9') {
		return 0, errors.New("must be an integer")
	}
	n, err := strconv.ParseInt(string(value), 10, 64)
	if errors.Is(err, strconv.ErrRange) || err == nil && (n < leastInt || n > mostInt) {
		return 0, fmt.Errorf("must be an integer from %d to %d", leastInt, mostInt)
	}
	if err != nil {
		return 0, errors.New("must be an integer, without decimals or exponent")
	}
	return int(n), nil
}

// readOptionalInt reads an integer where null is a value of its own.
func readOptionalInt(value json.RawMessage) (*int, error) {
	n, err := readInt(value)
	if err != nil {
		return nil, err
	}
	return &n, nil
}

// readNumber reads a number, with decimals or without.
func readNumber(value json.RawMessage) (float64, error) {
	first := value[0]
	if first != '-' && (first < '0' || first > '9') {
		return 0, errors.New("must be a number")
	}
	n, err := strconv.ParseFloat(string(value), 64)
	if err != nil {
		return 0, errors.New("must be a number that a float of 64 bits can hold")
	}
	if n == 0 {
		return 0, nil // and not -0, which would be shown as such
	}
	return n, nil
}

// readFlag reads a yes or no.
func readFlag(value json.RawMessage) (bool, error) {
	n, err := readInt(value)
	if err != nil || n < 0 || n > 1 {
		return false, errors.New("must be 0 or 1")
	}
	return n == 1, nil
}

// readUnits reads a duration given in whole units. One that is too long for a
// Duration becomes the longest, which no field takes.
func readUnits(unit time.Duration) func(json.RawMessage) (time.Duration, error) {
	most := int(math.MaxInt64 / unit)
	return func(value json.RawMessage) (time.Duration, error) {
		n, err := readInt(value)
		return time.Duration(min(max(n, -most), most)) * unit, err
	}
}

// readTime reads a timestamp of any zone.
func readTime(value json.RawMessage) (time.Time, error) {
	text, err := readText(value)
	if err != nil {
		return time.Time{}, err
	}
	return parseTime(text)
}

var errTime = errors.New("must be a real time like 2017-03-08T02:02:19.561972329Z (RFC 3339)")

// parseTime reads a timestamp. Years outside of 1970 to 9999 are refused: no
// call was made then, and the form of the wire has no room for them.
func parseTime(text string) (time.Time, error) {
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return time.Time{}, errTime
	}
	t = t.UTC()
	if t.Year() < 1970 || t.Year() > 9999 {
		return time.Time{}, errTime
	}
	return t, nil
}

var uuidForm = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`)

// readUUID reads a reference; "" clears it as null does.
func readUUID(value json.RawMessage) (string, error) {
	text, err := readText(value)
	if err != nil || text == "" {
		return text, err
	}
	if !uuidForm.MatchString(text) {
		return "", errors.New("must be a uuid in lower case")
	}
	return text, nil
}

// readVariables reads an object whose values are strings. What names and
// values may hold is the nouns' to say.
func readVariables(value json.RawMessage) (map[string]string, error) {
	if value[0] != '{' {
		return nil, errors.New("must be an object of strings, or null")
	}
	members, err := parseObject(value)
	if err != nil {
		return nil, fmt.Errorf("must be an object with each name once: %w", err)
	}
	variables := make(map[string]string, len(members))
	for _, m := range members {
		if isNull(m.value) {
			return nil, fmt.Errorf("must hold strings only, %s is null", quote(m.name))
		}
		text, err := readText(m.value)
		if err != nil {
			return nil, fmt.Errorf("must hold strings without NUL only, %s does not", quote(m.name))
		}
		variables[m.name] = text
	}
	return variables, nil
}

// quoteLength is how much of a user's text a message repeats, in bytes.
const quoteLength = 80

// quote puts a user's text into a message, cut if it is long.
func quote(text string) string {
	if len(text) > quoteLength {
		text = strings.ToValidUTF8(text[:quoteLength], "") + "..."
	}
	return strconv.Quote(text)
}
