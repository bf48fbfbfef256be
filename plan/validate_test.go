package plan

import (
	"errors"
	"math"
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
		{"no pacing", func(p *Plan) { p.Pacing = "" }, "pacing"},
		{"unknown pacing", func(p *Plan) { p.Pacing = "Formula" }, "pacing"},
		{"formula", func(p *Plan) { p.Pacing = PacingFormula }, ""},
		{"ratio, not set", func(p *Plan) { p.Pacing = PacingRatio }, "ratio"},
		{"ratio 1", func(p *Plan) { p.Pacing, p.Ratio = PacingRatio, 1 }, ""},
		{"ratio 20", func(p *Plan) { p.Pacing, p.Ratio = PacingRatio, 20 }, ""},
		{"ratio 20.1", func(p *Plan) { p.Pacing, p.Ratio = PacingRatio, 20.1 }, "ratio"},
		{"ratio 0.9", func(p *Plan) { p.Ratio = 0.9 }, "ratio"},
		{"ratio -1", func(p *Plan) { p.Ratio = -1 }, "ratio"},
		{"ratio that is no number", func(p *Plan) { p.Ratio = math.NaN() }, "ratio"},
		{"ratio that is kept", func(p *Plan) { p.Pacing, p.Ratio = PacingFormula, 1.5 }, ""},
		{"target 0", func(p *Plan) { p.AbandonTarget = 0 }, ""},
		{"target 100", func(p *Plan) { p.AbandonTarget = 100 }, ""},
		{"target 100.01", func(p *Plan) { p.AbandonTarget = 100.01 }, "abandon_target"},
		{"target -0.01", func(p *Plan) { p.AbandonTarget = -0.01 }, "abandon_target"},
		{"target that is no number", func(p *Plan) { p.AbandonTarget = math.NaN() }, "abandon_target"},
		{"endless target", func(p *Plan) { p.AbandonTarget = math.Inf(1) }, "abandon_target"},
		{"patience 99", func(p *Plan) { p.AbandonPatience = 99 * time.Millisecond }, "abandon_patience"},
		{"patience 100", func(p *Plan) { p.AbandonPatience = 100 * time.Millisecond }, ""},
		{"patience 60000", func(p *Plan) { p.AbandonPatience = time.Minute }, ""},
		{"patience 60001", func(p *Plan) { p.AbandonPatience = time.Minute + time.Millisecond }, "abandon_patience"},
		{"patience in microseconds", func(p *Plan) { p.AbandonPatience = time.Second + time.Microsecond }, "abandon_patience"},
		{"window 0", func(p *Plan) { p.AbandonWindow = 0 }, "abandon_window"},
		{"window 1", func(p *Plan) { p.AbandonWindow = 1 }, ""},
		{"window 366", func(p *Plan) { p.AbandonWindow = 366 }, ""},
		{"window 367", func(p *Plan) { p.AbandonWindow = 367 }, "abandon_window"},
		{"message", func(p *Plan) { p.AbandonDestination = "42b72a18-a6c5-43bf-b9aa-6043ff32128d" }, ""},
		{"message of no uuid", func(p *Plan) { p.AbandonDestination = "42B72A18-A6C5-43BF-B9AA-6043FF32128D" }, "abandon_destination"},
		{"lock 0", func(p *Plan) { p.AbandonLock = 0 }, ""},
		{"lock of a year", func(p *Plan) { p.AbandonLock = 8760 * time.Hour }, ""},
		{"lock 8761", func(p *Plan) { p.AbandonLock = 8761 * time.Hour }, "abandon_lock_hours"},
		{"lock -1", func(p *Plan) { p.AbandonLock = -time.Hour }, "abandon_lock_hours"},
		{"lock in minutes", func(p *Plan) { p.AbandonLock = 90 * time.Minute }, "abandon_lock_hours"},
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

func TestWarnings(t *testing.T) {
	for ring, want := range map[time.Duration]string{
		time.Second: "dial_timeout", 15*time.Second - time.Millisecond: "dial_timeout", 15 * time.Second: "", 30 * time.Second: "",
	} {
		p := Default()
		p.DialTimeout = ring
		got := p.Warnings()
		if len(got) > 1 || (len(got) == 1) != (want != "") || !strings.HasPrefix(strings.Join(got, ""), want) {
			t.Errorf("with a ring time-out of %s: %q, want one that names %q", ring, got, want)
		}
	}
}
