package plan

import "time"

// MinRing is how long an unanswered call has to ring at least before it is
// given up: 15 s or four rings by the rules of the US (16 CFR 310.4(b)(4)(ii),
// 47 CFR 64.1200(a)(6)), 15 s by Ofcom's in the UK.
const MinRing = 15 * time.Second

// Warnings says, a sentence each, what is allowed in the plan but likely to be
// against rules that hold for its calls; nil if there is nothing.
func (p Plan) Warnings() []string {
	var warnings []string
	if p.DialTimeout < MinRing {
		warnings = append(warnings, "dial_timeout is below 15000 ms: a call that is not answered rings for a shorter time than the 15 s, "+
			"or four rings, that rules in the US (FTC, FCC) and the UK (Ofcom) ask for before it is given up.")
	}
	return warnings
}
