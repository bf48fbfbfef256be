package campaign

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/outpace/outpace/plan/variables"
)

// The limits of texts and values.
const (
	MaxName   = 255  // characters of a name
	MaxDetail = 4096 // characters of a detail
	MaxData   = 900  // bytes of an application's data: a line to the PBX holds 1024
	MaxExten  = 80   // characters of context, extension and priority: what Asterisk keeps of them
	MaxWrapup = 3600 // seconds
)

var (
	application = regexp.MustCompile(`^[0-9A-Za-z_]{1,80}$`)
	priority    = regexp.MustCompile(`^([1-9][0-9]{0,8}|[A-Za-z_][0-9A-Za-z_-]{0,79})$`)
)

// Validate checks all values that a user can set. Its error is an Invalid that
// names the first wrong field as it is called on the wire. Whether what the
// campaign refers to exists is not for it to know.
func (c Campaign) Validate() error {
	err := firstError(
		text("name", c.Name, MaxName),
		text("detail", c.Detail, MaxDetail),
		reference("plan", c.Plan),
		reference("dest", c.Destination),
		reference("dlma", c.List),
		reference("next_campaign", c.Next),
		c.Calendar.Validate(),
	)
	if err != nil {
		return err
	}
	if !c.Status.Valid() {
		return Invalid{"status", "must be one of 0, 1, 2, 10, 11, 12 and 30"}
	}
	if err := variables.Check(c.Variables, variables.Plain); err != nil {
		return Invalid{"variables", err.Error()}
	}
	return nil
}

// Validate checks all values that a user can set. Its error is an Invalid that
// names the first wrong field as it is called on the wire. What a destination
// needs before a campaign can use it is Startable's to say.
func (d Destination) Validate() error {
	err := firstError(
		text("name", d.Name, MaxName),
		text("detail", d.Detail, MaxDetail),
		line("data", d.Data, MaxData),
		line("context", d.Context, MaxExten),
		line("exten", d.Exten, MaxExten),
		noBlank("context", d.Context),
		noBlank("exten", d.Exten),
	)
	if err != nil {
		return err
	}
	if d.Type != TypeExten && d.Type != TypeApplication {
		return Invalid{"type", "must be 0 (extension) or 1 (application)"}
	}
	if d.Application != "" && !application.MatchString(d.Application) {
		return Invalid{"application", "must be the name of an application: letters, digits and underscores"}
	}
	if len(d.Data) > MaxData {
		return Invalid{"data", fmt.Sprintf("must not be longer than %d bytes", MaxData)}
	}
	if d.Priority != "" && !priority.MatchString(d.Priority) {
		return Invalid{"priority", "must be a number from 1 or the name of a label"}
	}
	if d.Wrapup < 0 || d.Wrapup > MaxWrapup {
		return Invalid{"wrapup", fmt.Sprintf("must be 0 to %d (seconds)", MaxWrapup)}
	}
	if err := variables.Check(d.Variables, variables.WithHeaders); err != nil {
		return Invalid{"variables", err.Error()}
	}
	return nil
}

// reference checks a uuid that may be absent. Anything but the canonical
// lower-case form is refused: it would never be found.
func reference(field, value string) error {
	if value == "" {
		return nil
	}
	id, err := uuid.Parse(value)
	if err != nil || id.String() != value {
		return Invalid{field, "must be a lower-case uuid"}
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

// noBlank refuses a blank at the front, which a PBX drops: it would take
// another context or extension than the one that is meant.
func noBlank(field, value string) error {
	if strings.HasPrefix(value, " ") {
		return Invalid{field, "must not begin with a blank"}
	}
	return nil
}

// line checks what goes to the PBX as one line.
func line(field, value string, limit int) error {
	if strings.ContainsFunc(value, unicode.IsControl) {
		return Invalid{field, "must not contain control characters"}
	}
	return text(field, value, limit)
}
