package plan

import (
	"errors"
	"strings"
	"testing"
	"time"
)

func TestDefaultIsValid(t *testing.T) {
	p := Default()
	if err := p.Validate(); err != nil {
		t.Fatalf("the default plan is refused: %v", err)
	}
	if p.DialTimeout != 30*time.Second || p.RetryDelay != time.Minute || p.EndHandle != 1 || p.Tech != "SIP" || p.Mode != ModeNone {
		t.Errorf("default plan is %+v", p)
	}
	for i, n := range p.MaxRetry {
		if n != 5 {
			t.Errorf("max_retry_cnt_%d defaults to %d", i+1, n)
		}
	}
	var invalid Invalid
	if err := p.Startable(); !errors.As(err, &invalid) || invalid.Field != "dial_mode" {
		t.Errorf("Startable of the default plan: %v", err)
	}
	p.Mode = ModePredictive
	if err := p.Startable(); err != nil {
		t.Errorf("Startable in mode 1: %v", err)
	}
}

func TestValidate(t *testing.T) {
	ptr := func(n int) *int { return &n }
	tests := []struct {
		name   string
		change func(*Plan)
		field  string // "" = valid
	}{
		{"longest texts", func(p *Plan) { p.Name, p.Detail = strings.Repeat("ü", 255), strings.Repeat("ü", 4096) }, ""},
		{"hostile name", func(p *Plan) { p.Name = "'; DROP TABLE plans; --\n\U0001F600" }, ""},
		{"long name", func(p *Plan) { p.Name = strings.Repeat("n", 256) }, "name"},
		{"NUL in name", func(p *Plan) { p.Name = "a\x00b" }, "name"},
		{"name not UTF-8", func(p *Plan) { p.Name = "\xc3" }, "name"},
		{"long detail", func(p *Plan) { p.Detail = strings.Repeat("d", 4097) }, "detail"},
		{"mode 2", func(p *Plan) { p.Mode = 2 }, "dial_mode"},
		{"mode -1", func(p *Plan) { p.Mode = -1 }, "dial_mode"},
		{"gateway", func(p *Plan) { p.Gateway = "pbx-2.example" }, ""},
		{"gateway with space", func(p *Plan) { p.Gateway = "pbx 2" }, "gateway"},
		{"sip", func(p *Plan) { p.Tech = "sip" }, ""},
		{"PJSIP", func(p *Plan) { p.Tech = "PJSIP" }, ""},
		{"local", func(p *Plan) { p.Tech = "local" }, ""},
		{"IAX2", func(p *Plan) { p.Tech = "IAX2" }, ""},
		{"Dahdi", func(p *Plan) { p.Tech = "Dahdi" }, ""},
		{"no tech", func(p *Plan) { p.Tech = "" }, "tech_name"},
		{"sip/", func(p *Plan) { p.Tech = "sip/" }, "tech_name"},
		{"unknown tech", func(p *Plan) { p.Tech = "Console" }, "tech_name"},
		{"trunk", func(p *Plan) { p.Trunk = "sip.example.com:5060" }, ""},
		{"trunk with slash", func(p *Plan) { p.Trunk = "a/b" }, "trunk_name"},
		{"trunk with @", func(p *Plan) { p.Trunk = "a@b" }, "trunk_name"},
		{"trunk with LF", func(p *Plan) { p.Trunk = "a\n" }, "trunk_name"},
		{"dial_timeout 999", func(p *Plan) { p.DialTimeout = 999 * time.Millisecond }, "dial_timeout"},
		{"dial_timeout 1000", func(p *Plan) { p.DialTimeout = 1000 * time.Millisecond }, ""},
		{"dial_timeout 120000", func(p *Plan) { p.DialTimeout = 120_000 * time.Millisecond }, ""},
		{"dial_timeout 120001", func(p *Plan) { p.DialTimeout = 120_001 * time.Millisecond }, "dial_timeout"},
		{"dial_timeout in microseconds", func(p *Plan) { p.DialTimeout = 1500*time.Millisecond + time.Microsecond }, "dial_timeout"},
		{"end handle 2", func(p *Plan) { p.EndHandle = 2 }, "dl_end_handle"},
		{"retry_delay -1", func(p *Plan) { p.RetryDelay = -time.Second }, "retry_delay"},
		{"retry_delay 0", func(p *Plan) { p.RetryDelay = 0 }, ""},
		{"retry_delay a year", func(p *Plan) { p.RetryDelay = 31_536_000 * time.Second }, ""},
		{"retry_delay longer", func(p *Plan) { p.RetryDelay = 31_536_001 * time.Second }, "retry_delay"},
		{"retry_delay in parts", func(p *Plan) { p.RetryDelay = 1500 * time.Millisecond }, "retry_delay"},
		{"caller id", func(p *Plan) { p.CallerID = `"Käse, Inc." <+49 555 0100>` }, ""},
		{"caller id of 255 wide characters", func(p *Plan) { p.CallerID = strings.Repeat("\U0001F600", 255) }, "caller_id"},
		{"caller id of 225 wide characters", func(p *Plan) { p.CallerID = strings.Repeat("\U0001F600", 225) }, ""},
		{"caller id with LF", func(p *Plan) { p.CallerID = "a\nAction: Logoff" }, "caller_id"},
		{"service_level -1", func(p *Plan) { p.ServiceLevel = -1 }, "service_level"},
		{"service_level 10001", func(p *Plan) { p.ServiceLevel = 10_001 }, "service_level"},
		{"early_media", func(p *Plan) { p.EarlyMedia = "true" }, ""},
		{"early_media yes", func(p *Plan) { p.EarlyMedia = "yes" }, "early_media"},
		{"codecs", func(p *Plan) { p.Codecs = "ulaw, alaw,ilbc:30,!g729" }, ""},
		{"codecs with gap", func(p *Plan) { p.Codecs = "ulaw,,alaw" }, "codecs"},
		{"codecs with CR", func(p *Plan) { p.Codecs = "ulaw\rX: y" }, "codecs"},
		{"tries 101", func(p *Plan) { p.MaxRetry[7] = 101 }, "max_retry_cnt_8"},
		{"tries -1", func(p *Plan) { p.MaxRetry[0] = -1 }, "max_retry_cnt_1"},
		{"max_calls", func(p *Plan) { p.MaxCalls = ptr(1) }, ""},
		{"max_calls 0", func(p *Plan) { p.MaxCalls = ptr(0) }, "max_calls"},
		{"max_cps 1001", func(p *Plan) { p.MaxCPS = ptr(1001) }, "max_cps"},
		{"header variable", func(p *Plan) { p.Variables = map[string]string{"PJSIP_HEADER(add,X-Id)": "7"} }, ""},
		{"function as variable", func(p *Plan) { p.Variables = map[string]string{"CALLERID(all)": "7"} }, "variables"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := Default()
			tt.change(&p)
			err := p.Validate()
			var invalid Invalid
			switch {
			case tt.field == "" && err != nil:
				t.Errorf("refused: %v", err)
			case tt.field != "" && (!errors.As(err, &invalid) || invalid.Field != tt.field):
				t.Errorf("error %v, want one about %s", err, tt.field)
			}
		})
	}
}
