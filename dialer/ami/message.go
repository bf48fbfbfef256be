package ami

import "strings"

// Header is one line of a message. Key and Value are kept byte for byte as
// they came, without the colon, the one space after it and the line end.
// A received line without a colon has an empty Key and the line as its Value.
type Header struct {
	Key, Value string
}

// Message is one AMI message: an action, a response or an event. The order of
// the headers and repeated headers are kept, since both carry meaning
// (Variable, ChanVariable and Output come many times).
type Message []Header

// Get returns the value of the first header named key, or "" if there is none.
// Header names ignore case.
func (m Message) Get(key string) string {
	value, _ := m.Lookup(key)
	return value
}

// Lookup is like Get and also tells whether there is such a header.
func (m Message) Lookup(key string) (string, bool) {
	for i := range m {
		if sameKey(m[i].Key, key) {
			return m[i].Value, true
		}
	}
	return "", false
}

// Values returns the values of all headers named key, in their order; nil if
// there is none.
func (m Message) Values(key string) []string {
	var values []string
	for i := range m {
		if sameKey(m[i].Key, key) {
			values = append(values, m[i].Value)
		}
	}
	return values
}

// Event returns the name of the event, or "" if the message is not an event.
// An OriginateResponse has both an Event and a Response header and is an event.
func (m Message) Event() string { return m.Get("Event") }

// Response returns the value of the Response header: Success, Error, Goodbye
// or Follows in replies, Success or Failure in an OriginateResponse event.
func (m Message) Response() string { return m.Get("Response") }

// IsResponse tells whether the message is the reply to an action.
func (m Message) IsResponse() bool {
	_, response := m.Lookup("Response")
	if !response {
		return false
	}
	_, event := m.Lookup("Event")
	return !event
}

// ActionID returns the id that the client gave to the action that this message
// belongs to, or "".
func (m Message) ActionID() string { return m.Get("ActionID") }

// Add appends a header. It checks nothing; the encoder does.
func (m *Message) Add(key, value string) {
	*m = append(*m, Header{Key: key, Value: value})
}

// Set replaces the value of the first header named key, or appends one.
func (m *Message) Set(key, value string) {
	for i := range *m {
		if sameKey((*m)[i].Key, key) {
			(*m)[i].Value = value
			return
		}
	}
	m.Add(key, value)
}

// sameKey compares header names. Nearly all comparisons end at the length, so
// it stands before the fold.
func sameKey(a, b string) bool {
	return len(a) == len(b) && (a == b || strings.EqualFold(a, b))
}
