package main

import (
	"log/slog"
	"maps"
	"slices"
	"time"

	"github.com/outpace/outpace/dialer/hosted"
)

// hostedFile are the keys that gateways to hosted PBXs have in common.
type hostedFile struct {
	Common gatewayCommon `yaml:",inline"`

	BaseURL        string    `yaml:"base_url"`
	Timezone       string    `yaml:"timezone"`      // IANA name, "" = the machine's own
	PollInterval   *duration `yaml:"poll_interval"` // while calls are open
	MaxCallS       *int      `yaml:"max_call_s"`
	RecordingHosts []string  `yaml:"recording_hosts"` // host or host:port
}

// The limits of the settings of hosted gateways.
const (
	leastPoll    = 200 * time.Millisecond
	mostPoll     = time.Minute
	leastMaxCall = 60
	mostMaxCall  = 86_400
)

// check makes of the common keys what the gateway needs; the name and the
// logger come when it is built. field is the entry's name in errors.
func (f *hostedFile) check(field string) (hosted.Settings, error) {
	s := hosted.Settings{BaseURL: f.BaseURL, RecordingHosts: f.RecordingHosts}
	if _, err := hosted.ParseBase(f.BaseURL); err != nil {
		return s, wrong(field+".base_url", "%v", err)
	}
	if f.Timezone != "" {
		zone, err := time.LoadLocation(f.Timezone)
		if err != nil {
			return s, wrong(field+".timezone", "must be an IANA name such as Asia/Ho_Chi_Minh, not %q", f.Timezone)
		}
		s.Zone = zone
	}
	if f.PollInterval != nil {
		s.PollInterval = time.Duration(*f.PollInterval)
		if s.PollInterval < leastPoll || s.PollInterval > mostPoll {
			return s, wrong(field+".poll_interval", "must be %v to %v, not %v", leastPoll, mostPoll, s.PollInterval)
		}
	}
	if f.MaxCallS != nil {
		if *f.MaxCallS < leastMaxCall || *f.MaxCallS > mostMaxCall {
			return s, wrong(field+".max_call_s", "must be %d to %d, not %d", leastMaxCall, mostMaxCall, *f.MaxCallS)
		}
		s.MaxCall = time.Duration(*f.MaxCallS) * time.Second
	}
	for _, host := range f.RecordingHosts {
		if err := hosted.CheckHost(host); err != nil {
			return s, wrong(field+".recording_hosts", "%q %v", host, err)
		}
	}
	return s, nil
}

// checkQueues checks the setting queues: name to extensions.
func checkQueues(field string, queues map[string][]string) error {
	for _, name := range slices.Sorted(maps.Keys(queues)) {
		switch extensions := queues[name]; {
		case name == "":
			return wrong(field+".queues", "must have names")
		case len(extensions) == 0:
			return wrong(field+".queues."+name, "must list extensions; leave the queue out to have all agents in it")
		case slices.Contains(extensions, ""):
			return wrong(field+".queues."+name, "must not hold an empty extension")
		}
	}
	return nil
}

// checkSecret expands a secret, which has to be set.
func checkSecret(field string, secret Secret, env lookup) (string, error) {
	expanded, err := secret.expand(env)
	if err != nil {
		return "", wrong(field, "%v", err)
	}
	if !expanded.IsSet() {
		return "", wrong(field, "must be set")
	}
	return expanded.Reveal(), nil
}

// named gives settings what is known when a gateway is built.
func named(s hosted.Settings, name string, logger *slog.Logger) hosted.Settings {
	s.Name, s.Logger = name, logger
	return s
}
