package ami

import (
	"fmt"
	"regexp"
	"strings"
)

// MaxVariable is the longest value of a Variable in bytes, once escaped, so
// that the header line stays below what Asterisk reads.
const MaxVariable = 900

// Variable is a channel variable, or a dialplan function that is written to,
// for an Originate.
type Variable struct {
	Name, Value string
}

// variableName is what may be set. A leading underscore lets children of the
// channel inherit the variable, two let theirs too. Of the functions only the
// one that adds a SIP header is allowed: others can run programs.
var variableName = regexp.MustCompile(`^(?:_{0,2}[A-Za-z0-9][A-Za-z0-9_ ]{0,79}|PJSIP_HEADER\(add,[A-Za-z0-9!#$&'*+.^_|~-]{1,80}\))$`)

// VariableError says that a variable can't be set, without showing its value.
type VariableError struct {
	Name   string
	Reason string
}

// Error implements error.
func (e *VariableError) Error() string {
	return fmt.Sprintf("ami: variable %q %s", e.Name, e.Reason)
}

// Check returns nil if the variable can be sent, else a *VariableError.
func (v Variable) Check() error {
	switch {
	case !variableName.MatchString(v.Name):
		return &VariableError{Name: v.Name, Reason: "has no valid name"}
	case strings.ContainsAny(v.Value, "\r\n\x00"):
		return &VariableError{Name: v.Name, Reason: "has a line end or NUL in its value"}
	case len(v.Value)+strings.Count(v.Value, `\`)+strings.Count(v.Value, `"`)+strings.Count(v.Value, `,`) > MaxVariable:
		return &VariableError{Name: v.Name, Reason: fmt.Sprintf("has a value of more than %d bytes, escaped", MaxVariable)}
	}
	return nil
}

// escapeVariable makes a text pass unchanged through the splitter that
// Asterisk runs over a Variable header. That splitter cuts at commas, drops
// quotes and takes what follows a backslash as it is. With every one of the
// three behind a backslash nothing is left for it to act on: the brackets and
// parentheses that it also knows only keep it from cutting. Expressions such
// as ${X} are not evaluated there.
var escapeVariable = strings.NewReplacer(`\`, `\\`, `"`, `\"`, `,`, `\,`)

// Header returns the Variable header that sets the variable byte for byte, or
// a *VariableError.
func (v Variable) Header() (Header, error) {
	if err := v.Check(); err != nil {
		return Header{}, err
	}
	return Header{Key: "Variable", Value: v.Name + "=" + escapeVariable.Replace(v.Value)}, nil
}
