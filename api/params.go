package api

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/labstack/echo/v5"
)

// The bounds of the parameter count.
const (
	defaultCount = 100
	mostCount    = 10000
)

// params are the parameters of a request's query. Those that nobody asks for
// are ignored.
type params url.Values

// paramsOf parses a request's query; one that cannot be parsed is refused
// instead of being read in part.
func paramsOf(c *echo.Context) (params, error) {
	values, err := url.ParseQuery(c.Request().URL.RawQuery)
	if err != nil {
		return nil, refuse(http.StatusBadRequest, "The query of the address is not well formed")
	}
	return params(values), nil
}

// text returns a parameter, "" if it is not there. One that is given twice
// leaves open which is meant.
func (p params) text(name string) (string, error) {
	values := p[name]
	switch len(values) {
	case 0:
		return "", nil
	case 1:
		return values[0], nil
	}
	return "", invalid(name, "is given more than once")
}

// uuid returns a parameter that must be a uuid, "" if it is not there.
func (p params) uuid(name string) (string, error) {
	text, err := p.text(name)
	if err != nil || text == "" {
		return "", err
	}
	if !uuidForm.MatchString(text) {
		return "", invalid(name, "must be a uuid in lower case")
	}
	return text, nil
}

// integer returns a parameter that must be an integer from least to most, and
// otherwise if it is not there.
func (p params) integer(name string, least, most, otherwise int64) (int64, error) {
	text, err := p.text(name)
	if err != nil {
		return 0, err
	}
	if text == "" && !slices.Contains(p[name], "") {
		return otherwise, nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < least || n > most {
		return 0, invalid(name, "must be an integer from "+strconv.FormatInt(least, 10)+" to "+strconv.FormatInt(most, 10))
	}
	return n, nil
}

// optional returns a parameter that must be an integer from least to most, nil
// if it is not there.
func (p params) optional(name string, least, most int64) (*int, error) {
	if len(p[name]) == 0 {
		return nil, nil //nolint:nilnil // not given is a value here
	}
	n, err := p.integer(name, least, most, least)
	if err != nil {
		return nil, err
	}
	value := int(n)
	return &value, nil
}

// option returns an option that is 1 or 0, off if it is not there.
func (p params) option(name string) (bool, error) {
	n, err := p.integer(name, 0, 1, 0)
	return n == 1, err
}

// time returns a parameter that must be a timestamp, the zero time if it is
// not there.
func (p params) time(name string) (time.Time, error) {
	text, err := p.text(name)
	if err != nil || text == "" {
		return time.Time{}, err
	}
	t, err := parseTime(text)
	if err != nil {
		return time.Time{}, invalid(name, err.Error())
	}
	return t, nil
}

// count returns how many objects are wanted.
func (p params) count() (int, error) {
	n, err := p.integer("count", 1, mostCount, defaultCount)
	return int(n), err
}

// paging returns where a list goes on and how many objects are wanted.
func (p params) paging() (after string, count int, err error) {
	if after, err = p.uuid("after"); err != nil {
		return "", 0, err
	}
	count, err = p.count()
	return after, count, err
}

// pathUUID returns the uuid in a request's path. What is no uuid names nothing.
func pathUUID(c *echo.Context) (string, error) {
	uuid := c.Param("uuid")
	if !uuidForm.MatchString(uuid) {
		return "", refuse(http.StatusNotFound, "There is no such "+nounOf(c.Path()))
	}
	return uuid, nil
}
