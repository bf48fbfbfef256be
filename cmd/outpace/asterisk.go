package main

import (
	"crypto/tls"
	"log/slog"
	"net"
	"strings"

	"github.com/outpace/outpace/dialer"
	"github.com/outpace/outpace/dialer/ami"
	"github.com/outpace/outpace/dialer/asterisk"
)

// asteriskFile are the keys of a gateway of kind asterisk.
type asteriskFile struct {
	Common gatewayCommon `yaml:",inline"`

	Address  string  `yaml:"address"` // HOST:PORT of AMI, port 5038 if none
	Username string  `yaml:"username"`
	Secret   Secret  `yaml:"secret"`
	TLS      tlsFile `yaml:"tls"`
}

func (f *asteriskFile) common() gatewayCommon { return f.Common }

func (f *asteriskFile) settings(field string, env lookup) (kindSettings, error) {
	s := asteriskSettings{Username: f.Username}
	var err error
	if s.Address, err = amiAddress(field+".address", f.Address); err != nil {
		return nil, err
	}
	if f.Username == "" {
		return nil, wrong(field+".username", "must be set")
	}
	if s.Secret, err = f.Secret.expand(env); err != nil {
		return nil, wrong(field+".secret", "%v", err)
	}
	if !s.Secret.IsSet() {
		return nil, wrong(field+".secret", "must be set")
	}
	if s.TLS, err = f.TLS.config(field + ".tls"); err != nil {
		return nil, err
	}
	return s, nil
}

// environmentAsterisk makes the gateway that OUTPACE_AMI_* or the flags define
// together.
func environmentAsterisk(l layer) (GatewaySettings, error) {
	var none GatewaySettings
	switch {
	case l.AMIAddress == nil:
		return none, wrong("OUTPACE_AMI_ADDRESS", "must be set as well: OUTPACE_AMI_ADDRESS, _USERNAME and _SECRET define a gateway together")
	case l.AMIUsername == nil:
		return none, wrong("OUTPACE_AMI_USERNAME", "must be set as well: OUTPACE_AMI_ADDRESS, _USERNAME and _SECRET define a gateway together")
	case l.AMISecret == nil:
		return none, wrong("OUTPACE_AMI_SECRET", "must be set as well: OUTPACE_AMI_ADDRESS, _USERNAME and _SECRET define a gateway together")
	}
	address, err := amiAddress("OUTPACE_AMI_ADDRESS", *l.AMIAddress)
	if err != nil {
		return none, err
	}
	g := GatewaySettings{
		Name: environmentGateway, Kind: "asterisk",
		MaxCalls: either(l.AMIMaxCalls, defaultMaxCalls),
		MaxCPS:   either(l.AMIMaxCPS, defaultMaxCPS),
		own:      asteriskSettings{Address: address, Username: *l.AMIUsername, Secret: *l.AMISecret},
	}
	return g, g.checkLimits("OUTPACE_AMI_MAX_CALLS", "OUTPACE_AMI_MAX_CPS")
}

// amiAddress adds AMI's port where none is given.
func amiAddress(field, address string) (string, error) {
	if address == "" {
		return "", wrong(field, "must be set")
	}
	if net.ParseIP(address) != nil || !strings.Contains(address, ":") {
		address = net.JoinHostPort(address, "5038")
	}
	host, port, err := net.SplitHostPort(address)
	if err != nil || host == "" || port == "" {
		return "", wrong(field, "must be HOST:PORT, not %q", address)
	}
	return net.JoinHostPort(host, port), nil
}

// asteriskSettings are a gateway's of kind asterisk.
type asteriskSettings struct {
	Address  string
	Username string
	Secret   Secret
	TLS      *tls.Config // nil = plain TCP
}

func (s asteriskSettings) target() string { return s.Address }

func (s asteriskSettings) build(name string, logger *slog.Logger) (dialer.Gateway, error) {
	return asterisk.New(asterisk.Config{
		Name: name, Logger: logger,
		AMI: ami.Config{
			Address: s.Address, Username: s.Username, Secret: s.Secret.Reveal(), TLS: s.TLS,
			// Without TLS the secret is proven by challenge and does not cross the wire.
			MD5:    s.TLS == nil,
			Logger: logger.With(slog.String("gateway", name)),
		},
	})
}

var _ dialer.Gateway = (*asterisk.Gateway)(nil)
