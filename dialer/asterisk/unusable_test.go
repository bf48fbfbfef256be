package asterisk_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/outpace/outpace/dialer"
	"github.com/outpace/outpace/dialer/ami"
	"github.com/outpace/outpace/dialer/asterisk"
)

// TestWhoIsToBlame: only what the number or the variables themselves make
// impossible is called unusable, since that uses up a try.
func TestWhoIsToBlame(t *testing.T) {
	gw, err := asterisk.New(asterisk.Config{Name: "x", AMI: ami.Config{Address: "127.0.0.1:1", Username: "u", Secret: "s"}})
	if err != nil {
		t.Fatal(err)
	}
	many := map[string]string{}
	for i := range 101 {
		many[fmt.Sprint("V", i)] = "x"
	}
	for name, tt := range map[string]struct {
		change func(*dialer.Request)
		entry  bool
	}{
		"nothing":               {func(*dialer.Request) {}, false}, // the gateway does not run
		"number":                {func(r *dialer.Request) { r.Number, r.Channel = "1 2", "PJSIP/1 2@trunk" }, true},
		"many variables":        {func(r *dialer.Request) { r.Variables = many }, true},
		"name of a variable":    {func(r *dialer.Request) { r.Variables = map[string]string{"A=B": "x"} }, true},
		"line in a variable":    {func(r *dialer.Request) { r.Variables = map[string]string{"A": "x\r\nAction: y"} }, true},
		"caller id":             {func(r *dialer.Request) { r.CallerID = "x\r\ny" }, false},
		"data":                  {func(r *dialer.Request) { r.Data = "x\ny" }, false},
		"extension":             {func(r *dialer.Request) { r.Application, r.Data, r.Context, r.Exten = "", "", "a\n", "1" }, false},
		"channel":               {func(r *dialer.Request) { r.Channel = "PJSIP/200@trunk" }, false},
		"time-out":              {func(r *dialer.Request) { r.Timeout = 0 }, false},
		"neither app nor exten": {func(r *dialer.Request) { r.Application, r.Data = "", "" }, false},
		"long value":            {func(r *dialer.Request) { r.Variables = map[string]string{"A": strings.Repeat("x", 2000)} }, true},
	} {
		t.Run(name, func(t *testing.T) {
			r := request("100")
			r.Call, r.ActionID = uuid.NewString(), uuid.NewString()
			tt.change(&r)
			err := gw.Place(t.Context(), r)
			if !errors.Is(err, dialer.ErrNotSent) || errors.Is(err, dialer.ErrUnusable) != tt.entry {
				t.Errorf("%v: the entry's fault: %v, want %v", err, errors.Is(err, dialer.ErrUnusable), tt.entry)
			}
			if strings.Contains(fmt.Sprint(err), "1 2") {
				t.Error("the error shows the number")
			}
		})
	}
}
