package main

import (
	"fmt"
	"time"
)

// loadSettings reads the settings: flags over environment over the file at
// path ("" = no file), then the defaults. Everything is checked here, before
// anything is opened; errors name the setting. Files named by the settings
// (certificates) are read.
func loadSettings(flags layer, path string, env lookup) (Settings, error) {
	var f file
	if path != "" {
		var err error
		if f, err = readFile(path); err != nil {
			return Settings{}, err
		}
	}
	fromEnvironment, err := environment(env)
	if err != nil {
		return Settings{}, err
	}
	l := flags.over(fromEnvironment).over(f.layer())

	s := Settings{
		Listen:       either(l.Listen, defaultListen),
		Database:     either(l.Database, defaultDatabase),
		DrainTimeout: either(l.DrainTimeout, defaultDrainTimeout),
	}
	s.Results.Path = either(l.Results, defaultResults)
	s.API.Token = either(l.APIToken, Secret{})
	steps := []func() error{
		func() error { return checkListen(s.Listen) },
		func() error { return checkDatabase(s.Database) },
		func() error {
			if s.DrainTimeout < 0 || s.DrainTimeout > 24*time.Hour {
				return wrong("drain_timeout", "must be 0s to 24h, not %s", s.DrainTimeout)
			}
			return nil
		},
		func() (err error) { s.Log, err = logSettings(l); return },
		func() (err error) { s.Results, err = f.Results.settings(s.Results.Path); return },
		func() (err error) { s.API, err = f.API.settings(s.API.Token); return },
		func() (err error) { s.Gateways, err = gateways(l, f, env); return },
		func() error { return checkExposure(s) },
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return Settings{}, err
		}
	}
	return s, nil
}

// gateways puts the one from the environment or the flags before those of the file.
func gateways(l layer, f file, env lookup) ([]GatewaySettings, error) {
	var list []GatewaySettings
	defined := map[string]string{} // name to where
	if l.AMIAddress != nil || l.AMIUsername != nil || l.AMISecret != nil {
		g, err := environmentAsterisk(l)
		if err != nil {
			return nil, err
		}
		list, defined[g.Name] = append(list, g), "OUTPACE_AMI_ADDRESS"
	}
	for i, entry := range f.Gateways {
		field := fmt.Sprintf("gateways[%d]", i)
		g, err := entry.gateway(field, env)
		if err != nil {
			return nil, err
		}
		if where, twice := defined[g.Name]; twice {
			return nil, wrong(field+".name", "is %q, which is the name of the gateway defined by %s", g.Name, where)
		}
		list, defined[g.Name] = append(list, g), field
	}
	return list, nil
}
