package plan

// Next is the retry strategy: it chooses which of an entry's numbers is called
// next. maxTries and tries are total tries, not repeats after the first; ""
// is no number. The lowest number with tries left is called, so all tries of
// number 1 come before the first of number 2. index is 1 to 8; ok is false
// when no number has tries left.
func Next(maxTries, tries [Numbers]int, numbers [Numbers]string) (index int, ok bool) {
	for i, number := range numbers {
		if number != "" && tries[i] < maxTries[i] {
			return i + 1, true
		}
	}
	return 0, false
}

// Next is the retry strategy under the plan's limits: see the function Next.
func (p Plan) Next(tries [Numbers]int, numbers [Numbers]string) (index int, ok bool) {
	return Next(p.MaxRetry, tries, numbers)
}
