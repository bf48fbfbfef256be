package hosted

import (
	"encoding/json"
	"errors"
	"strconv"
	"strings"
)

// Figure is a number that may come as text; null is 0.
type Figure float64

// UnmarshalJSON takes a number, a number in quotes, "" or null.
func (f *Figure) UnmarshalJSON(b []byte) error {
	word := strings.TrimSpace(strings.Trim(string(b), `"`))
	if word == "" || word == "null" {
		return nil
	}
	n, err := strconv.ParseFloat(word, 64)
	if err != nil {
		return errors.New("not a number") // the text may be anything
	}
	*f = Figure(n)
	return nil
}

// Text is text that may come as a number.
type Text string

// UnmarshalJSON takes text, a number or null.
func (t *Text) UnmarshalJSON(b []byte) error {
	var number json.Number
	if len(b) > 0 && b[0] != '"' {
		if err := json.Unmarshal(b, &number); err != nil {
			return errors.New("not text") // what it is may be anything
		}
		*t = Text(number)
		return nil
	}
	return json.Unmarshal(b, (*string)(t))
}
