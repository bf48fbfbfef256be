package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
)

// file is the YAML file as it is written. Unknown keys are refused.
type file struct {
	Listen       *string       `yaml:"listen"`
	Database     *string       `yaml:"database"`
	DrainTimeout *duration     `yaml:"drain_timeout"`
	Gateways     []gatewayFile `yaml:"gateways"`
	API          apiFile       `yaml:"api"`
	Results      resultsFile   `yaml:"results"`
	Pacing       struct{}      `yaml:"pacing"` // has no keys yet; they come with the predictive pacer
	Log          logFile       `yaml:"log"`
}

// duration is written as Go writes it: 60s, 1m30s.
type duration time.Duration

// UnmarshalYAML parses the text.
func (d *duration) UnmarshalYAML(node ast.Node) error {
	parsed, err := time.ParseDuration(node.String())
	if err != nil {
		return at(node, "must be a duration such as 60s")
	}
	*d = duration(parsed)
	return nil
}

type apiFile struct {
	Tokens []TokenSettings `yaml:"tokens"`
	TLS    *struct {
		Certificate string `yaml:"certificate"` // PEM files
		Key         string `yaml:"key"`
	} `yaml:"tls"`
}

type resultsFile struct {
	Path    *string `yaml:"path"`
	MaxSize *string `yaml:"max_size"` // such as 100MB; 0 = we never rotate
	Keep    *int    `yaml:"keep"`
}

type logFile struct {
	Level  *string `yaml:"level"`
	Format *string `yaml:"format"`
}

// gatewayCommon are the keys that every kind of gateway has.
type gatewayCommon struct {
	Name     string `yaml:"name"`
	Kind     string `yaml:"kind"`
	MaxCalls *int   `yaml:"max_calls"`
	MaxCPS   *int   `yaml:"max_cps"`
}

// gatewayFile is one entry of gateways: which keys it may have depends on its kind.
type gatewayFile struct {
	gatewayCommon
	own kindFile
}

// kindFile is what the file says for one kind of gateway.
type kindFile interface {
	common() gatewayCommon
	// settings checks what is the kind's own; field is the entry's name in errors.
	settings(field string, env lookup) (kindSettings, error)
}

// UnmarshalYAML looks at the kind first and then reads the entry's keys,
// strictly, as that kind's.
func (g *gatewayFile) UnmarshalYAML(unmarshal func(any) error) error {
	var keys map[string]any
	if err := unmarshal(&keys); err != nil {
		return err
	}
	kind, ok := keys["kind"].(string)
	newKind, known := kinds[kind]
	if !known {
		message := "a gateway's kind must be one of " + knownKinds()
		if kindName.MatchString(kind) { // else a secret may have got into it
			message += ", not " + kind
		}
		if !ok {
			message = "a gateway needs a kind: " + knownKinds()
		}
		var node ast.Node
		if err := unmarshal(&node); err != nil {
			return err
		}
		return at(node, message)
	}
	g.own = newKind()
	if err := unmarshal(g.own); err != nil {
		return err
	}
	g.gatewayCommon = g.own.common()
	return nil
}

var kindName = regexp.MustCompile(`^[a-z][a-z0-9]{0,15}$`)

func knownKinds() string {
	var names []string
	for name := range kinds {
		names = append(names, name)
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}

// readFile reads the settings file. Its errors name the line but never quote
// it: it may hold a secret.
func readFile(path string) (file, error) {
	var f file
	source, err := os.Open(path)
	if err != nil {
		return f, fmt.Errorf("read settings: %w", err)
	}
	defer func() { _ = source.Close() }() // it was only read
	err = decode(source, &f)
	switch {
	case err == nil, errors.Is(err, io.EOF): // an empty file says nothing
		return f, nil
	default:
		return f, wrong(path, "%s", fileError(err))
	}
}

// decode reads the file as YAML. The library panics on some files that are no
// settings, such as a list with a tag but without items.
func decode(source io.Reader, f *file) (err error) {
	defer func() {
		if recover() != nil {
			err = errors.New("not readable")
		}
	}()
	return yaml.NewDecoder(source, yaml.Strict()).Decode(f)
}

// lineError is a mistake in the file that we found, not the YAML library.
type lineError struct {
	line    int
	message string
}

func (e lineError) Error() string { return fmt.Sprintf("line %d: %s", e.line, e.message) }

// at makes a lineError for the line where node starts.
func at(node ast.Node, message string) error {
	if token := node.GetToken(); token != nil && token.Position != nil {
		return lineError{token.Position.Line, message}
	}
	return errors.New(message)
}

var quoted = regexp.MustCompile(`"[^"]*"`)

// fileError turns a decoder's error into "line 3: what is wrong", without what
// stands in the file: a value may be a secret, and a mistake may be in one.
// Only the name of an unknown or repeated key is shown.
func fileError(err error) string {
	if e, ok := errors.AsType[lineError](err); ok {
		return e.Error()
	}
	e, ok := errors.AsType[yaml.Error](err)
	if !ok || e.GetToken() == nil || e.GetToken().Position == nil {
		return "cannot be read as YAML settings"
	}
	message := e.GetMessage()
	switch e := e.(type) {
	case *yaml.UnknownFieldError, *yaml.DuplicateKeyError:
	case *yaml.TypeError:
		message = "must be " + needed(e.DstType)
	case *yaml.OverflowError:
		message = "is too large a number"
	case *yaml.UnexpectedNodeTypeError:
		message = "must be " + strings.ToLower(e.Expected.YAMLName())
	default:
		message = quoted.ReplaceAllString(message, `"..."`)
	}
	return fmt.Sprintf("line %d: %s", e.GetToken().Position.Line, message)
}

// needed says, for people, what a value of type t has to be.
func needed(t reflect.Type) string {
	switch t.Kind() {
	case reflect.String:
		return "text"
	case reflect.Int:
		return "a whole number"
	case reflect.Slice:
		return "a list"
	default:
		return "a mapping"
	}
}

// layer is what the file says about the settings that flags know too.
func (f file) layer() layer {
	return layer{
		Listen: f.Listen, Database: f.Database, DrainTimeout: (*time.Duration)(f.DrainTimeout),
		Results:  f.Results.Path,
		LogLevel: f.Log.Level, LogFormat: f.Log.Format,
	}
}
