package predictor

import "fmt"

// reason says in a sentence what the budget says.
func (l look) reason() string {
	w := l.window
	if l.lambda == 0 {
		return fmt.Sprintf("The abandonment budget allows no call ahead now: %d of %s abandoned in this %s, and %.4g %% may be.",
			w.Abandoned, count(w.Live, "live answer was", "live answers were"), w.Name, 100*w.Target)
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
			Figure{"loss_bias", p.budget.bias()},
		)
	}
	return d
}
