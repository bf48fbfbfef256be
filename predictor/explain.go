package predictor

import "fmt"

// reason says in a sentence what the budget says.
func (l look) reason() string {
	w := l.window
	switch {
	case l.spent:
		return fmt.Sprintf("The abandonment budget is spent: %d of %s abandoned in this %s, and %.4g %% may be.",
			w.Abandoned, count(w.Live, "live answer was", "live answers were"), w.Name, 100*w.Target)
	case l.broke:
		return fmt.Sprintf("Of the calls on their way %.2g are expected to find no agent free; with one more it would be more than the %.2g that the limit bears.",
			l.atRisk, l.risk)
	}
	return fmt.Sprintf("The answer of one more call would find no agent free with a chance of %.1f %%, and the budget allows %.1f %%.",
		100*l.loss, 100*l.lambda)
}

// explain bounds what is wanted and says what held it back: the list or a hard
// limit if it was one of those, else the code and the sentence given, unless
// there is nobody to call for.
func (p *Predictive) explain(s Snapshot, want int, code, why string, l look) Decision {
	d := decide(s, want)
	if d.Code == CodeAgents && s.LoggedIn > 0 {
		d.Code, d.Reason = code, why
	}
	if l.known {
		d.Facts = append(d.Facts,
			Figure{"answer_chance", l.chance},
			Figure{"loss_chance", l.loss},
			Figure{"loss_allowed", l.lambda},
			Figure{"losses_left", l.left},
			Figure{"losses_at_risk", l.atRisk},
			Figure{"losses_at_risk_allowed", l.risk},
			Figure{"loss_bias", p.budget.bias()},
		)
	}
	return d
}
