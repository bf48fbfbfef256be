package sim

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/outpace/outpace/campaign"
)

// Horizon is when the last fault has ended, from the start of an ordeal.
const Horizon = 100 * time.Second

// AbandonTarget of an ordeal's plan, in per cent, keeps it dialing whatever
// becomes of those who answer; nor does it lock their numbers. An ordeal asks
// whether anybody is called twice or lost, and has no days to wait: pacing and
// the lock have tests of their own.
const AbandonTarget = 100

// Ordeal is what an engine has to go through.
type Ordeal struct {
	Seed uint64

	// Entries are the numbers of each entry, in the digits of pbxsim: the
	// first says how the person behind it behaves.
	Entries       [][]string
	MaxRetry      [2]int // tries of the first and of the second number
	RetryDelay    time.Duration
	DialTimeout   time.Duration
	RedialUnknown bool
	PlanCalls     int // max_calls of the plan, 0 = none
	PlanCPS       int // max_cps of the plan, 0 = none
	MaxCalls      int // of the gateway
	MaxCPS        int
	Agents        int // of the queue; 0 = answered calls are parked
	Wait          time.Duration
	// Calendar closes for a minute, if it is on.
	Calendar campaign.Calendar
	Engines  int // 1, or 2 that share the database
	Skew     int // how many seconds the clock of the second is ahead
	// Ill is how likely it is that the PBX repeats, reorders or delays
	// something by itself, 0 to 1.
	Ill float64

	Faults []Fault // by their time
}

// Start is the time at which an ordeal begins, by the clock on the wall: when
// the bubble of testing/synctest does.
var Start = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

// Draw makes the ordeal of a seed.
func Draw(seed uint64) Ordeal {
	r := rand.New(rand.NewPCG(seed, 0x0dea1))
	o := Ordeal{
		Seed:          seed,
		MaxRetry:      [2]int{1 + r.IntN(3), r.IntN(3)},
		RetryDelay:    time.Duration(r.IntN(3)*r.IntN(8)) * time.Second,
		DialTimeout:   time.Duration(2+r.IntN(6)) * time.Second,
		RedialUnknown: r.IntN(3) == 0,
		MaxCalls:      1 + r.IntN(12),
		MaxCPS:        1 + r.IntN(20),
		Engines:       1,
	}
	for i := range 3 + r.IntN(12) {
		o.Entries = append(o.Entries, drawNumbers(r, i))
	}
	if r.IntN(3) == 0 {
		o.PlanCalls = 1 + r.IntN(o.MaxCalls)
	}
	if r.IntN(4) == 0 {
		o.PlanCPS = 1 + r.IntN(o.MaxCPS)
	}
	if r.IntN(2) == 0 {
		o.Agents = 1 + r.IntN(4)
	}
	if r.IntN(4) == 0 {
		from := Start.Add(time.Duration(20+r.IntN(40)) * time.Second)
		o.Calendar = campaign.Calendar{
			Mode: 1, TimeStart: from.Add(time.Minute).Format(time.TimeOnly), TimeEnd: from.Format(time.TimeOnly),
		}
	}
	if r.IntN(2) == 0 {
		o.Ill = r.Float64() * 0.3
	}
	if r.IntN(5) == 0 {
		o.Engines = 2
	}
	o.Faults = drawFaults(r, r.IntN(9), shapes)
	n := r.IntN(2)
	if o.Engines > 1 {
		n = 1 + r.IntN(3)
		if r.IntN(2) == 0 {
			o.Skew = r.IntN(11) - 5
		}
	}
	o.Faults = append(o.Faults, drawFaults(r, n, late)...)
	if o.Engines > 1 && r.IntN(2) == 0 {
		o.Faults = append(o.Faults, drawSplit(r)...)
	}
	slices.SortStableFunc(o.Faults, func(a, b Fault) int { return cmp.Compare(a.At, b.At) })
	return o
}

// Ahead is how many seconds the clock of an engine is ahead of what is right.
func (o Ordeal) Ahead(slot int) int64 { return int64(slot * o.Skew) }

// drawNumbers gives an entry one or two numbers. One in ten shares a number
// with others.
func drawNumbers(r *rand.Rand, i int) []string {
	kinds := []string{"1", "1", "1", "2", "3", "4", "5", "6", "8", "90", "91"}
	list := make([]string, 0, 2)
	for n := range 1 + r.IntN(2) {
		kind := kinds[r.IntN(len(kinds))]
		if kind == "1" { // rings 0 to 4 s, talks 5 to 15 s
			kind += fmt.Sprint(r.IntN(5)) + fmt.Sprint(1+r.IntN(3))
		}
		number := fmt.Sprintf("%s%05d%d", kind, i, n)
		if r.IntN(10) == 0 {
			number = "12299999"
		}
		if !slices.Contains(list, number) {
			list = append(list, number)
		}
	}
	return list
}

// String tells an ordeal in a few lines.
func (o Ordeal) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "seed %d: %d entries, tries %v, retry_delay %s, dial_timeout %s, redial_unknown %v, max_calls %d/%d, max_cps %d/%d, %d agents, %d engine(s), skew %d s, ill %.2f",
		o.Seed, len(o.Entries), o.MaxRetry, o.RetryDelay, o.DialTimeout, o.RedialUnknown, o.MaxCalls, o.PlanCalls, o.MaxCPS, o.PlanCPS,
		o.Agents, o.Engines, o.Skew, o.Ill)
	if o.Calendar.Mode == 1 {
		fmt.Fprintf(&b, ", closed from %s to %s", o.Calendar.TimeEnd, o.Calendar.TimeStart)
	}
	for _, f := range o.Faults {
		fmt.Fprintf(&b, "\n  %s", f)
	}
	return b.String()
}

// Over is when the last fault has ended.
func (o Ordeal) Over() time.Duration {
	over := time.Duration(0)
	for _, f := range o.Faults {
		over = max(over, f.At+f.For)
	}
	return over + time.Second
}

// Has reports whether a fault of one of the kinds is in the schedule.
func (o Ordeal) Has(kinds ...Kind) bool {
	return slices.ContainsFunc(o.Faults, func(f Fault) bool { return slices.Contains(kinds, f.Kind) })
}
