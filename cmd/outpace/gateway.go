package main

import (
	"crypto/tls"
	"log/slog"
	"regexp"

	"github.com/goccy/go-yaml/ast"

	"github.com/outpace/outpace/dialer"
)

// GatewaySettings are one gateway's, checked.
type GatewaySettings struct {
	Name     string
	Kind     string
	MaxCalls int
	MaxCPS   int
	own      kindSettings
}

// kindSettings are the settings that are one kind's own.
type kindSettings interface {
	// build makes the gateway; it connects to nothing yet.
	build(name string, logger *slog.Logger) (dialer.Gateway, error)
	// target says, for people, what is at the other end; no secrets.
	target() string
}

// kinds are the kinds of gateways that the file may name. A new kind is one
// more line here.
var kinds = map[string]func() kindFile{
	"asterisk": func() kindFile { return new(asteriskFile) },
	"fcm5600":  func() kindFile { return new(fcm5600File) },
	"oapi":     func() kindFile { return new(oapiFile) },
	"oncall":   func() kindFile { return new(oncallFile) },
	"tel4vn":   func() kindFile { return new(tel4vnFile) },
}

var gatewayName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$`)

// gateway checks one entry; field is its name in errors.
func (g gatewayFile) gateway(field string, env lookup) (GatewaySettings, error) {
	if !gatewayName.MatchString(g.Name) {
		return GatewaySettings{}, wrong(field+".name", "must be 1 to 64 letters, digits, '_', '.' or '-' and start with a letter or digit")
	}
	own, err := g.own.settings(field, env)
	if err != nil {
		return GatewaySettings{}, err
	}
	s := GatewaySettings{
		Name: g.Name, Kind: g.Kind, own: own,
		MaxCalls: either(g.MaxCalls, defaultMaxCalls),
		MaxCPS:   either(g.MaxCPS, defaultMaxCPS),
	}
	return s, s.checkLimits(field+".max_calls", field+".max_cps")
}

func (g GatewaySettings) checkLimits(calls, cps string) error {
	if g.MaxCalls < 1 || g.MaxCalls > 100_000 {
		return wrong(calls, "must be 1 to 100000, not %d", g.MaxCalls)
	}
	if g.MaxCPS < 1 || g.MaxCPS > 10_000 {
		return wrong(cps, "must be 1 to 10000, not %d", g.MaxCPS)
	}
	return nil
}

// tlsFile is tls: true, or tls: with the keys ca and server_name.
type tlsFile struct {
	on         bool
	CA         string `yaml:"ca"`          // PEM file of the authority that signed the PBX's certificate, "" = the system's
	ServerName string `yaml:"server_name"` // name in the certificate, "" = the host of address
}

// UnmarshalYAML takes a boolean or a mapping.
func (t *tlsFile) UnmarshalYAML(unmarshal func(any) error) error {
	var node ast.Node
	if err := unmarshal(&node); err != nil {
		return err
	}
	switch node := node.(type) {
	case *ast.BoolNode:
		t.on = node.Value
		return nil
	case *ast.MappingNode, *ast.MappingValueNode:
		type plain tlsFile // without this method
		t.on = true
		return unmarshal((*plain)(t))
	default:
		return at(node, "tls must be true, false, or have the keys ca and server_name")
	}
}

// config makes the client's side of TLS, nil when it is off.
func (t tlsFile) config(field string) (*tls.Config, error) {
	if !t.on {
		return nil, nil //nolint:nilnil // nil is crypto/tls's own word for "no TLS"
	}
	config := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: t.ServerName}
	if t.CA != "" {
		pool, err := readPool(t.CA)
		if err != nil {
			return nil, wrong(field+".ca", "%v", err)
		}
		config.RootCAs = pool
	}
	return config, nil
}
