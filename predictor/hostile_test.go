package predictor

import (
	"encoding/binary"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

// hostile reads absurd figures from bytes.
type hostile struct{ bytes []byte }

func (h *hostile) byte() int {
	if len(h.bytes) == 0 {
		return 0
	}
	b := h.bytes[0]
	h.bytes = h.bytes[1:]
	return int(b)
}

func (h *hostile) int() int {
	switch b := h.byte(); {
	case b < 200:
		return b - 40
	case b < 220:
		return math.MaxInt
	case b < 240:
		return math.MinInt
	default:
		return h.byte() << (b - 232)
	}
}

func (h *hostile) duration() time.Duration {
	if b := h.byte(); b < 200 {
		return time.Duration(b-20) * time.Second
	}
	return time.Duration(h.int())
}

func (h *hostile) share() float64 {
	switch b := h.byte(); {
	case b < 200:
		return float64(b) / 1000
	case b < 210:
		return math.NaN()
	case b < 220:
		return math.Inf(b%2*2 - 1)
	case b < 230:
		return -1
	default:
		var raw [8]byte
		for i := range raw {
			raw[i] = byte(h.byte())
		}
		return math.Float64frombits(binary.LittleEndian.Uint64(raw[:]))
	}
}

func (h *hostile) class() Class {
	return Class{Tries: h.int(), Number: h.int(), Hour: h.int(), LastResult: h.int()}
}

func (h *hostile) snapshot() Snapshot {
	s := Snapshot{
		Now: noon.Add(h.duration()), Age: h.duration(), Unlimited: h.byte()%16 == 1, Idle: h.int(), LoggedIn: h.int(),
		Strangers: h.int(), Ready: h.int(), ServiceLevel: h.int(),
	}
	for range h.byte() % 40 {
		s.Busy = append(s.Busy, Busy{Phase: AgentPhase(h.byte() - 1), For: h.duration(), Leaving: h.byte()%4 == 1})
	}
	for range h.byte() % 40 {
		s.Ringing = append(s.Ringing, Ringing{For: h.duration(), Class: h.class(), Chance: h.share()})
	}
	for range h.byte() % 4 {
		s.Waiting = append(s.Waiting, h.duration())
	}
	for range h.byte() % 4 {
		s.Next = append(s.Next, h.class())
	}
	for range h.byte() % 4 {
		w := Window{Name: "day", Live: h.int(), Abandoned: h.int(), Target: h.share()}
		for range h.byte() % 12 {
			w.Past = append(w.Past, h.int())
		}
		s.Windows = append(s.Windows, w)
	}
	for range h.byte() % 3 {
		s.Limits = append(s.Limits, Limit{Name: "limit", Free: h.int()})
	}
	return s
}

func (h *hostile) outcome() Outcome {
	return Outcome{
		Kind: OutcomeKind(h.byte() % 8), At: noon.Add(h.duration()), After: h.duration(), Class: h.class(), Idle: h.byte()%2 == 0,
	}
}

// play shows pacers what the bytes say, and checks each decision.
func (h *hostile) play(t *testing.T) {
	for _, p := range []Pacer{NewFormula(), &Ratio{lines: 2.5}, NewPredictive(), taught(300)} {
		for h := (&hostile{h.bytes}); len(h.bytes) > 0; {
			for range h.byte() % 8 {
				p.Observe(h.outcome())
			}
			s := h.snapshot()
			d := p.Decide(s)
			most := max(0, s.Ready)
			for _, l := range s.Limits {
				most = min(most, max(0, l.Free))
			}
			if d.Place < 0 || d.Place > most {
				t.Fatalf("%T places %d, %d at most, on %+v", p, d.Place, most, s)
			}
			if free := max(0, s.Idle); d.Place > free && !s.Unlimited && (s.Age > staleAge || blown(s.Windows)) {
				t.Fatalf("%T places %d for %d free agents, on %+v", p, d.Place, free, s)
			}
			if d.Code == "" || !strings.HasSuffix(d.Reason, ".") || len(d.Facts) == 0 {
				t.Fatalf("%T does not say why: %+v", p, d)
			}
		}
	}
}

// blown reports whether a window can bear nothing, even if all its past comes again.
func blown(windows []Window) bool {
	for _, w := range windows {
		if !(w.Target > 0) || len(w.Past) == 0 && w.Abandoned > 0 && float64(w.Abandoned) > w.Target*float64(w.Live) {
			return true
		}
	}
	return false
}

func TestPacersBearHostileSnapshots(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 5))
	for range 200 {
		bytes := make([]byte, 2000)
		for i := range bytes {
			bytes[i] = byte(r.IntN(256))
		}
		(&hostile{bytes}).play(t)
	}
}

func FuzzDecide(f *testing.F) {
	f.Add([]byte("twenty agents talk, and nobody rings"))
	f.Add(make([]byte, 600))
	f.Fuzz(func(t *testing.T, bytes []byte) { (&hostile{bytes[:min(len(bytes), 4000)]}).play(t) })
}
