package pbxsim

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// Whatever a client sends, the PBX goes on, and time leaves nothing behind but
// calls that nobody ends.
func FuzzSession(f *testing.F) {
	for _, actions := range []string{
		"Action: Originate\nChannel: PJSIP/111@trunk\nAsync: true\nChannelId: a\nApplication: Queue\nData: sales_1\n\nAction: Redirect\nChannel: a\nContext: dialer\nExten: sales_2\nPriority: 1\n\n",
		"Action: Originate\nChannel: Local/200@outbound/n\nContext: dialer\nExten: amd\nPriority: 1\n\nAction: Hangup\nChannel: /./\n\n",
		"Action: QueueAdd\nQueue: empty\nInterface: Local/slow-01@agents/n\n\nAction: Originate\nAsync: 1\nChannel: Local/agent-01@agents/n\nApplication: Park\nData: default,t(1)\n\n",
		"Action: Originate\nAsync: 1\nChannel: PJSIP/agent-19\nApplication: Queue\nData: faulty,,,,20\n\nAction: QueuePause\nInterface: PJSIP/agent-18\nPaused: 1\n\nAction: Bridge\nChannel1: a\nChannel2: b\n\n",
		"Action: Login\nAuthType: MD5\n\nAction: Events\nEventMask: 3\n\nAction: Status\n\nAction: QueueRemove\nQueue: sales_1\nInterface: PJSIP/agent-01\n\nAction: Logoff\n\n",
	} {
		f.Add(strings.ReplaceAll(actions, "\n", "\r\n"))
	}
	f.Fuzz(func(t *testing.T, raw string) {
		synctest.Test(t, func(t *testing.T) {
			b := newBench(t, Config{})
			c := b.login()
			// An error only says that the PBX has closed the connection.
			_, _ = c.conn.Write([]byte(raw + "\r\n\r\n"))
			pass(time.Minute)
			sane(t, b)
			b.Stop()
			b.SetDown(false)
			pass(time.Minute)
			b.login().do("Ping")
			sane(t, b)
			if calls := b.Calls(); len(calls) != 0 {
				t.Errorf("calls outlived the PBX: %+v", calls)
			}
		})
	})
}

// sane checks what always holds in the PBX.
func sane(t *testing.T, b *bench) {
	t.Helper()
	b.do(func(p *pbx) {
		if len(p.channels) != len(p.byName) {
			t.Errorf("%d channels have %d names", len(p.channels), len(p.byName))
		}
		for id, c := range p.calls {
			if c.phase == over || p.channels[id] != c.ch {
				t.Errorf("call %s is over, or has no channel", id)
			}
		}
		for _, q := range p.queues {
			for _, e := range q.waiting {
				if e.call.entry != e || e.call.phase != answered {
					t.Errorf("%s holds a caller who is not there", q.Name)
				}
			}
		}
		for _, g := range p.agents {
			if g.ringing < 0 || g.talking < 0 || g.reserved < 0 || g.ringing > g.reserved+1 {
				t.Errorf("%s: %d ringing, %d reserved, %d talking", g.iface, g.ringing, g.reserved, g.talking)
			}
		}
	})
}
