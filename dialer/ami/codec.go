package ami

import (
	"errors"
	"fmt"
	"io"
	"strings"
)

// InvalidValueError says that a message may not be sent because one of its
// headers would break the framing, and so could be read as another header or
// action. It does not show the value, which may be a secret.
type InvalidValueError struct {
	Header string // name of the header, quoted where it is not printable
	Reason string // what is wrong with it
}

// Error implements error.
func (e *InvalidValueError) Error() string {
	return fmt.Sprintf("ami: header %q %s", e.Header, e.Reason)
}

var errEmptyMessage = errors.New("ami: message has no header")

// AppendTo appends the message as it goes over the wire, with the empty line
// that ends it. A key or value with CR, LF or NUL, and a key that is empty,
// has a colon or begins or ends with a blank, is refused with
// *InvalidValueError; dst is then returned as it was.
func (m Message) AppendTo(dst []byte) ([]byte, error) {
	if len(m) == 0 {
		return dst, errEmptyMessage
	}
	start := len(dst)
	for i := range m {
		if err := m[i].check(); err != nil {
			return dst[:start], err
		}
		dst = append(dst, m[i].Key...)
		dst = append(dst, ':', ' ')
		dst = append(dst, m[i].Value...)
		dst = append(dst, '\r', '\n')
	}
	return append(dst, '\r', '\n'), nil
}

// Encode writes one message with a single Write. Nothing is written if the
// message is refused (see Message.AppendTo).
func Encode(w io.Writer, m Message) error {
	b, err := m.AppendTo(nil)
	if err != nil {
		return err
	}
	if _, err := w.Write(b); err != nil {
		return fmt.Errorf("ami: write message: %w", err)
	}
	return nil
}

func (h Header) check() error {
	switch {
	case h.Key == "":
		return &InvalidValueError{Header: h.Key, Reason: "has no name"}
	case strings.ContainsAny(h.Key, "\r\n\x00:"):
		return &InvalidValueError{Header: h.Key, Reason: "has a line end, NUL or colon in its name"}
	case strings.TrimSpace(h.Key) != h.Key:
		return &InvalidValueError{Header: h.Key, Reason: "has a blank around its name"}
	case strings.ContainsAny(h.Value, "\r\n\x00"):
		return &InvalidValueError{Header: h.Key, Reason: "has a line end or NUL in its value"}
	}
	return nil
}
