package pbxsim

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// Two thousand calls at once, of all kinds, leave nothing behind.
func TestManyCalls(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const calls = 2000
		b := newBench(t, Config{Seed: 7, Queues: []QueueConfig{{
			Name: "q", Strategy: rrMemory, Timeout: 5 * time.Second, Members: desks(200, Lognormal(20*time.Second, 0.5)),
		}}})
		c := b.login("call,agent")
		for i := range calls {
			channel := fmt.Sprintf("PJSIP/8%08d@trunk", i)
			switch i % 4 {
			case 1:
				channel = fmt.Sprintf("PJSIP/0%08d@trunk", i)
			case 2:
				channel = fmt.Sprintf("Local/8%08d@customers/n", i)
			case 3:
				channel = fmt.Sprintf("Local/8%08d@outbound/n", i)
			}
			c.write(action("Originate", "ActionID", fmt.Sprint("act-", i), "Channel", channel, "Async", "true",
				"ChannelId", fmt.Sprint("call-", i), "Timeout", "30000", "Application", "Queue", "Data", "q,,,,300"))
		}
		pass(30 * time.Minute)
		if got := len(c.events("OriginateResponse")); got != calls {
			t.Errorf("%d responses, want %d", got, calls)
		}
		if opened, ended := len(c.events("Newchannel")), len(c.events("Hangup")); opened != ended {
			t.Errorf("%d channels came, %d went", opened, ended)
		}
		joined, left := len(c.events("QueueCallerJoin")), len(c.events("QueueCallerLeave"))
		if joined != left || joined < calls/4 {
			t.Errorf("%d callers joined, %d left", joined, left)
		}
		talks := len(c.events("AgentConnect"))
		if gone := len(c.events("QueueCallerAbandon")); talks+gone != joined || talks < calls/10 {
			t.Errorf("%d talks and %d abandoned of %d callers", talks, gone, joined)
		}
		if left := b.Calls(); len(left) != 0 {
			t.Errorf("%d calls are left, the first %+v", len(left), left[0])
		}
		b.do(func(p *pbx) {
			for _, g := range p.agents {
				if g.ringing != 0 || g.reserved != 0 || g.talking != 0 {
					t.Errorf("%s: %d ringing, %d reserved, %d talking", g.iface, g.ringing, g.reserved, g.talking)
				}
			}
			if len(p.channels)+len(p.byName)+len(p.calls)+len(p.slots) != 0 {
				t.Errorf("%d channels, %d names are left", len(p.channels), len(p.byName))
			}
		})
	})
}

// The same requests with the same seed come to the same.
func TestDeterministic(t *testing.T) {
	t.Parallel()
	run := func(seed uint64) (log string) {
		synctest.Test(t, func(t *testing.T) {
			c := newBench(t, Config{Seed: seed, Queues: []QueueConfig{{Name: "q", Strategy: rrMemory, Members: desks(3, Lognormal(20*time.Second, 0.5))}}}).login("call,agent")
			for i := range 30 {
				c.originate(fmt.Sprint("call-", i), fmt.Sprintf("PJSIP/0%d@trunk", i), "Queue", "q")
				pass(time.Second)
			}
			pass(10 * time.Minute)
			log = c.dump()
		})
		return log
	}
	one, same, other := run(1), run(1), run(2)
	if one != same {
		t.Error("the same seed, another run")
	}
	if one == other {
		t.Error("another seed, the same run")
	}
}

// BenchmarkOriginate is what an originate costs the simulator over TCP, with a
// client that reads all events: each is answered at once and ends at once.
func BenchmarkOriginate(b *testing.B) {
	s, err := New(Config{TimeScale: 100})
	if err != nil {
		b.Fatal(err)
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := s.Run(context.Background()); err != nil {
			b.Error(err)
		}
	})
	defer wg.Wait()
	defer s.Close()
	conn, err := net.Dial("tcp", s.Addr())
	if err != nil {
		b.Fatal(err)
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, "Action: Login\r\nUsername: dialer\r\nSecret: secret\r\nEvents: call,agent\r\n\r\n"); err != nil {
		b.Fatal(err)
	}
	ended := make(chan struct{}, 1024)
	wg.Go(func() {
		in := bufio.NewReaderSize(conn, 1<<20)
		for {
			line, err := in.ReadSlice('\n')
			if err != nil {
				return
			}
			if bytes.Equal(line, []byte("Event: Hangup\r\n")) {
				ended <- struct{}{}
			}
		}
	})
	b.ResetTimer()
	flying := 0
	for i := range b.N {
		if _, err := fmt.Fprintf(conn, "Action: Originate\r\nActionID: %d\r\nChannel: PJSIP/500@trunk\r\nAsync: true\r\nChannelId: c%d\r\nApplication: Wait\r\nData: 60\r\n\r\n", i, i); err != nil {
			b.Fatal(err)
		}
		for flying++; flying > 500; flying-- {
			<-ended
		}
	}
	for ; flying > 0; flying-- {
		<-ended
	}
	b.StopTimer()
	conn.Close()
}
