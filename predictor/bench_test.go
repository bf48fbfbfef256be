package predictor

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"
)

// BenchmarkDecide is one decision with twice as many ringing calls as busy
// agents, tables made anew as often as in a shift with ten decisions a second.
// As in a shift no two decisions in a row see the same: each size walks over as
// many agents and calls in all before it meets them again, so that the processor
// cannot learn a small snapshot by heart.
func BenchmarkDecide(b *testing.B) {
	const most = 1000
	for _, agents := range []int{10, 30, 100, 300, most} {
		b.Run(fmt.Sprintf("agents=%d", agents), func(b *testing.B) {
			p := taught(coldTeam*agents + 3000)
			r := rand.New(rand.NewPCG(1, 2))
			looks := make([]Snapshot, max(1, most/agents))
			for i := range looks {
				s := Snapshot{LoggedIn: agents, Busy: busyTeam(agents), Ready: 5000, Windows: day(4000, 60)}
				r.Shuffle(agents, func(i, j int) { s.Busy[i], s.Busy[j] = s.Busy[j], s.Busy[i] })
				for range 2 * agents {
					s.Ringing = append(s.Ringing, Ringing{For: seconds(25 * r.Float64())})
				}
				looks[i] = s
			}
			now, i := noon, 0
			for b.Loop() {
				now = now.Add(100 * time.Millisecond)
				s := looks[i%len(looks)]
				s.Now = now
				p.Decide(s)
				i++
			}
		})
	}
}

// BenchmarkDecidePlacing is the dearest decision: the ringing calls are about
// to fail, so that many new ones are placed.
func BenchmarkDecidePlacing(b *testing.B) {
	for _, agents := range []int{100, 1000} {
		b.Run(fmt.Sprintf("agents=%d", agents), func(b *testing.B) {
			p := taught(2*coldTeam*agents + 1000)
			s := Snapshot{Now: noon, LoggedIn: 2 * agents, Idle: agents, Busy: busyTeam(agents), Ready: 5000, Windows: day(4000, 60)}
			for range 2 * agents {
				s.Ringing = append(s.Ringing, Ringing{For: 24 * time.Second})
			}
			for b.Loop() {
				s.Now = s.Now.Add(100 * time.Millisecond)
				p.Decide(s)
			}
		})
	}
}
