package predictor

import "fmt"

// reason says in a sentence what the budget says.
func (l look) reason() string {
	switch {
	case l.spent:
		return "The abandonment budget is spent: " + abandonedIn(l.window) + "."
	case l.broke:
		return fmt.Sprintf("Of the calls on their way %.2g are expected to find no agent free; with one more it would be more than the %.2g that the limit bears.",
			l.atRisk, l.risk)
	}
	return fmt.Sprintf("The answer of one more call would find no agent free with a chance of %.1f %%, and the budget allows %.1f %%.",
		100*l.loss, 100*l.lambda)
}

// explain is decideFor with the figures of the look ahead.
func (p *Predictive) explain(s Snapshot, want int, l look) Decision {
	d := decideFor(s, want, CodeBudget, l.reason())
	d.Facts = append(d.Facts,
		Figure{"answer_chance", l.chance},
		Figure{"loss_chance", l.loss},
		Figure{"loss_allowed", l.lambda},
		Figure{"losses_left", l.left},
		Figure{"losses_at_risk", l.atRisk},
		Figure{"losses_at_risk_allowed", l.risk},
		Figure{"loss_bias", p.budget.bias()},
	)
	return d
}
