package dlma

import (
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/outpace/outpace/plan/variables"
)

// The limits of texts and values.
const (
	MaxName   = 255  // characters of a name and of other short texts
	MaxDetail = 4096 // characters of a detail
	MaxTries  = 10_000
	maxResult = 10_000 // of res_dial and res_hangup
)

var number = regexp.MustCompile(`^[0-9A-Za-z+*#._-]{1,64}$`)

// ValidNumber reports whether s may be called: 1 to 64 of the characters 0-9
// A-Z a-z + * # . _ -. Anything else could change the meaning of a dial string.
func ValidNumber(s string) bool { return number.MatchString(s) }

// Validate checks all values that a user can set. Its error is an Invalid that
// names the first wrong field as it is called on the wire.
func (l List) Validate() error {
	err := firstError(
		text("name", l.Name, MaxName),
		text("detail", l.Detail, MaxDetail),
	)
	if err != nil {
		return err
	}
	return checkVariables(l.Variables)
}

// Validate checks all values that a user can set. Its error is an Invalid that
// names the first wrong field as it is called on the wire. Which of the
// statuses a user may set, and whether the list exists, is not for an entry to
// know.
func (e Entry) Validate() error {
	if err := e.validateTexts(); err != nil {
		return err
	}
	if e.Status < Idle || e.Status > Reserved {
		return Invalid{"status", "must be 0 (idle), 1 (dialing) or 2 (reserved)"}
	}
	for i := range Numbers {
		if n := e.Number[i]; n != "" && !ValidNumber(n) {
			return Invalid{fmt.Sprintf("number_%d", i+1), "must be 1 to 64 of the characters 0-9 A-Z a-z + * # . _ -"}
		}
		if err := between(fmt.Sprintf("trycnt_%d", i+1), e.Tries[i], MaxTries); err != nil {
			return err
		}
	}
	err := firstError(
		between("res_dial", e.ResDial, maxResult),
		between("res_hangup", e.ResHangup, maxResult),
	)
	if err != nil {
		return err
	}
	return checkVariables(e.Variables)
}

func (e Entry) validateTexts() error {
	if id, err := uuid.Parse(e.List); err != nil || id.String() != e.List {
		return Invalid{"dlma_uuid", "must be the lower-case uuid of a dial list"}
	}
	return firstError(
		text("name", e.Name, MaxName),
		text("detail", e.Detail, MaxDetail),
		text("email", e.Email, MaxName),
		text("ukey", e.Ukey, MaxName),
		text("resv_target", e.ResvTarget, MaxName),
		text("res_dial_detail", e.ResDialDetail, MaxName),
		text("res_hangup_detail", e.ResHangupDetail, MaxName),
	)
}

// TotalTries is how often the entry has been called, on all its numbers.
func (e Entry) TotalTries() int {
	total := 0
	for _, n := range e.Tries {
		total += n
	}
	return total
}

func checkVariables(vars map[string]string) error {
	if err := variables.Check(vars, variables.Plain); err != nil {
		return Invalid{"variables", err.Error()}
	}
	return nil
}

func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// text checks what is stored as it is. NUL is refused since Postgres cannot
// keep it.
func text(field, value string, limit int) error {
	switch {
	case !utf8.ValidString(value) || strings.Contains(value, "\x00"):
		return Invalid{field, "must be valid UTF-8 without NUL"}
	case utf8.RuneCountInString(value) > limit:
		return Invalid{field, fmt.Sprintf("must not be longer than %d characters", limit)}
	}
	return nil
}

func between(field string, value, high int) error {
	if value < 0 || value > high {
		return Invalid{field, fmt.Sprintf("must be 0 to %d", high)}
	}
	return nil
}
