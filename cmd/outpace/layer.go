package main

import (
	"cmp"
	"strconv"
	"time"
)

// layer is what one source (the flags, the environment, the file) says about
// the settings that all three know. nil = says nothing.
type layer struct {
	Listen       *string        `placeholder:"HOST:PORT" help:"Address of the REST API (OUTPACE_LISTEN, default 127.0.0.1:8081)."`
	Database     *string        `placeholder:"URL" help:"sqlite:PATH or postgres://... (OUTPACE_DATABASE, default sqlite:outpace.db)."`
	Results      *string        `placeholder:"FILE" help:"Log of results, one JSON object a line (OUTPACE_RESULTS, default ./outbound_result.json)."`
	APIToken     *Secret        `name:"api-token" placeholder:"TOKEN" help:"An admin's token; better set as OUTPACE_API_TOKEN, since flags can be seen by other users."`
	AMIAddress   *string        `name:"ami-address" placeholder:"HOST:PORT" help:"AMI of the gateway \"asterisk\" (OUTPACE_AMI_ADDRESS)."`
	AMIUsername  *string        `name:"ami-username" placeholder:"NAME" help:"Its user (OUTPACE_AMI_USERNAME)."`
	AMISecret    *Secret        `name:"ami-secret" placeholder:"SECRET" help:"Its secret; better set as OUTPACE_AMI_SECRET."`
	AMIMaxCalls  *int           `name:"ami-max-calls" placeholder:"N" help:"Calls at once there (OUTPACE_AMI_MAX_CALLS, default 200)."`
	AMIMaxCPS    *int           `name:"ami-max-cps" placeholder:"N" help:"Calls placed a second there (OUTPACE_AMI_MAX_CPS, default 30)."`
	DrainTimeout *time.Duration `placeholder:"DURATION" help:"How long to wait for calls to end when asked to stop (OUTPACE_DRAIN_TIMEOUT, default 60s)."`
	LogLevel     *string        `placeholder:"LEVEL" help:"debug, info, warn or error (OUTPACE_LOG_LEVEL, default info)."`
	LogFormat    *string        `placeholder:"FORMAT" help:"text or json (OUTPACE_LOG_FORMAT, default text)."`
}

// environment reads the layer of the environment. A variable that is set to
// nothing says nothing.
func environment(env lookup) (layer, error) {
	var l layer
	for name, field := range map[string]**string{
		"OUTPACE_LISTEN":       &l.Listen,
		"OUTPACE_DATABASE":     &l.Database,
		"OUTPACE_RESULTS":      &l.Results,
		"OUTPACE_AMI_ADDRESS":  &l.AMIAddress,
		"OUTPACE_AMI_USERNAME": &l.AMIUsername,
		"OUTPACE_LOG_LEVEL":    &l.LogLevel,
		"OUTPACE_LOG_FORMAT":   &l.LogFormat,
	} {
		if value, ok := env(name); ok && value != "" {
			*field = &value
		}
	}
	for name, field := range map[string]**Secret{
		"OUTPACE_API_TOKEN":  &l.APIToken,
		"OUTPACE_AMI_SECRET": &l.AMISecret,
	} {
		if value, ok := env(name); ok && value != "" {
			secret := NewSecret(value)
			*field = &secret
		}
	}
	// In a fixed order, so that the same mistakes give the same error.
	for _, number := range []struct {
		name  string
		field **int
	}{{"OUTPACE_AMI_MAX_CALLS", &l.AMIMaxCalls}, {"OUTPACE_AMI_MAX_CPS", &l.AMIMaxCPS}} {
		if value, ok := env(number.name); ok && value != "" {
			n, err := strconv.Atoi(value)
			if err != nil {
				return layer{}, wrong(number.name, "must be a whole number, not %q", value)
			}
			*number.field = &n
		}
	}
	if value, ok := env("OUTPACE_DRAIN_TIMEOUT"); ok && value != "" {
		d, err := time.ParseDuration(value)
		if err != nil {
			return layer{}, wrong("OUTPACE_DRAIN_TIMEOUT", "must be a duration such as 60s, not %q", value)
		}
		l.DrainTimeout = &d
	}
	return l, nil
}

// over returns a layer that says what l says, and what below says where l says
// nothing.
func (l layer) over(below layer) layer {
	return layer{
		Listen:       cmp.Or(l.Listen, below.Listen),
		Database:     cmp.Or(l.Database, below.Database),
		Results:      cmp.Or(l.Results, below.Results),
		APIToken:     cmp.Or(l.APIToken, below.APIToken),
		AMIAddress:   cmp.Or(l.AMIAddress, below.AMIAddress),
		AMIUsername:  cmp.Or(l.AMIUsername, below.AMIUsername),
		AMISecret:    cmp.Or(l.AMISecret, below.AMISecret),
		AMIMaxCalls:  cmp.Or(l.AMIMaxCalls, below.AMIMaxCalls),
		AMIMaxCPS:    cmp.Or(l.AMIMaxCPS, below.AMIMaxCPS),
		DrainTimeout: cmp.Or(l.DrainTimeout, below.DrainTimeout),
		LogLevel:     cmp.Or(l.LogLevel, below.LogLevel),
		LogFormat:    cmp.Or(l.LogFormat, below.LogFormat),
	}
}

// either returns *p, or fallback where p is nil.
func either[T any](p *T, fallback T) T {
	if p == nil {
		return fallback
	}
	return *p
}
