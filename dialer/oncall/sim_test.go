package oncall

import (
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"github.com/outpace/outpace/dialer/hosted"
	"github.com/outpace/outpace/dialer/hosted/hostedsim"
	"github.com/outpace/outpace/dialer/hosted/hostedtest"
	"github.com/outpace/outpace/dialer/oncall/oncallsim"
)

// start serves a simulated PBX, with events authenticated as auth says, and
// makes a gateway to it.
func start(t *testing.T, lab *hostedtest.Lab, auth oncallsim.Auth) *hosted.Gateway {
	t.Helper()
	if lab.Settings.BaseURL == "" {
		lab.Serve(t, oncallsim.New(lab.World, oncallsim.Config{
			Username: "test", Password: "123456", Domain: "test01.oncall", AuthExtension: "900", AuthPassword: "dOk25mk",
			EventURL: lab.HookURL, EventAuth: auth, EventUsername: "events", EventPassword: "s3cret", PageSize: 3,
		}))
	}
	gw, err := New(Config{
		Settings: lab.Settings, Username: "test", Password: "123456", Domain: "test01.oncall",
		AuthExtension: "900", AuthPassword: "dOk25mk", HookUsername: "events", HookPassword: "s3cret",
		RecordingBaseURL: lab.Settings.BaseURL,
	})
	if err != nil {
		t.Fatal(err)
	}
	return gw
}

// TestConformance runs the suite of all hosted PBXs.
func TestConformance(t *testing.T) {
	hostedtest.Run(t, hostedtest.Kind{
		Start: func(t *testing.T, lab *hostedtest.Lab) *hosted.Gateway { return start(t, lab, oncallsim.Digest) },
		Hooks: true, States: true, Silent: true, Tokens: true, Recordings: true, Queue: "sales",
	})
}

// TestEventAuthentication sends events in each way that the portal offers.
func TestEventAuthentication(t *testing.T) {
	for name, auth := range map[string]oncallsim.Auth{"none": oncallsim.None, "basic": oncallsim.Basic, "digest": oncallsim.Digest} {
		t.Run(name, func(t *testing.T) {
			world := hostedsim.New(hostedsim.Config{Agents: hostedtest.Agents, Unit: time.Millisecond})
			defer world.Close()
			p := newBench(t, nil).pbx
			heard := make(chan hosted.News, 10)
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				body, _ := io.ReadAll(r.Body)
				news, challenge, err := p.Hook(r, body)
				if err != nil {
					w.Header().Set("WWW-Authenticate", challenge)
					w.WriteHeader(http.StatusUnauthorized)
					return
				}
				for _, n := range news {
					heard <- n
				}
			}))
			defer server.Close()
			oncallsim.New(world, oncallsim.Config{
				Domain: "test01.oncall", EventURL: server.URL + "/hooks/oc", EventAuth: auth, EventUsername: "events", EventPassword: "s3cret",
			})
			logged := make(chan struct{})
			world.Watch(func(_ hostedsim.Call, s hostedsim.Stage) {
				if s == hostedsim.Logged {
					close(logged)
				}
			})
			if _, err := world.Place("101", "0909123100", nil); err != nil {
				t.Fatal(err)
			}
			<-logged
			close(heard)
			var stages []hosted.Stage
			for n := range heard {
				stages = append(stages, n.Stage)
				if n.Agent != "101" || n.Number != "0909123100" || time.Since(n.At) > time.Minute {
					t.Errorf("news %+v", n)
				}
			}
			want := []hosted.Stage{hosted.Begun, hosted.Answered, hosted.Over}
			if auth == oncallsim.None {
				want = nil
			}
			if !slices.Equal(stages, want) {
				t.Errorf("heard %v, want %v; %d failed", stages, want, world.Counted("failed hooks"))
			}
		})
	}
}
