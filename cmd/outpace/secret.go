package main

import (
	"errors"
	"fmt"
	"log/slog"
	"regexp"

	"github.com/goccy/go-yaml/ast"
)

// redacted is what a Secret shows of itself.
const redacted = "[secret]"

// Secret is text that is never printed: every way of formatting or encoding it
// gives a placeholder. The text is kept behind a pointer, so that not even a
// formatting by reflection of a struct that holds a Secret finds it. The zero
// value is "not set".
type Secret struct{ text *string }

// NewSecret makes a Secret; "" is the same as not set.
func NewSecret(text string) Secret {
	if text == "" {
		return Secret{}
	}
	return Secret{&text}
}

// Reveal returns the text itself. Call it only where the text is used.
func (s Secret) Reveal() string {
	if s.text == nil {
		return ""
	}
	return *s.text
}

// IsSet reports whether there is any text.
func (s Secret) IsSet() bool { return s.text != nil }

// String returns a placeholder, "" if the secret is not set.
func (s Secret) String() string {
	if s.text == nil {
		return ""
	}
	return redacted
}

// GoString returns a placeholder.
func (s Secret) GoString() string { return redacted }

// Format writes a placeholder whatever the verb is.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(s.String())) }

// LogValue returns a placeholder.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalText returns a placeholder; it covers JSON and YAML as well.
func (s Secret) MarshalText() ([]byte, error) { //nolint:unparam // as encoding.TextMarshaler wants it
	return []byte(s.String()), nil
}

// UnmarshalText takes the text as it is.
func (s *Secret) UnmarshalText(text []byte) error { //nolint:unparam // as encoding.TextUnmarshaler wants it
	*s = NewSecret(string(text))
	return nil
}

// UnmarshalYAML takes quoted or plain text only: a number would lose its
// leading zeros, and an error message of the decoder might show the value.
func (s *Secret) UnmarshalYAML(node ast.Node) error {
	text, ok := node.(*ast.StringNode)
	if !ok {
		return at(node, "a secret must be text; put it in quotes")
	}
	*s = NewSecret(text.Value)
	return nil
}

var environmentName = regexp.MustCompile(`^\$\{([A-Za-z_][A-Za-z0-9_]*)\}$`)

// expand replaces a secret that is written ${NAME} by that variable's value.
// Anything else, also text that holds ${ somewhere, is taken as it is.
func (s Secret) expand(env lookup) (Secret, error) {
	match := environmentName.FindStringSubmatch(s.Reveal())
	if match == nil {
		return s, nil
	}
	value, ok := env(match[1])
	if !ok || value == "" {
		return Secret{}, errors.New("names the environment variable " + match[1] + ", which is not set")
	}
	return NewSecret(value), nil
}
