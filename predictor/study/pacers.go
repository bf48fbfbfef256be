package study

import (
	"fmt"
	"strings"

	"github.com/outpace/outpace/predictor"
)

// fixedLines is the ratio that is studied: lines for each free agent.
const fixedLines = 2

// pacers are the pacers by name, in the order in which they are offered.
var pacers = []struct {
	name string
	make func() (predictor.Pacer, error)
}{
	{"predictive", func() (predictor.Pacer, error) { return predictor.NewPredictive(), nil }},
	{"formula", func() (predictor.Pacer, error) { return predictor.NewFormula(), nil }},
	{"ratio", func() (predictor.Pacer, error) { return predictor.NewRatio(fixedLines) }},
	{"adaptive", func() (predictor.Pacer, error) { return newAdaptive(), nil }},
}

// Pacers are the names that NewPacer knows.
func Pacers() []string {
	names := make([]string, len(pacers))
	for i, p := range pacers {
		names[i] = p.name
	}
	return names
}

// NewPacer returns a new pacer by its name: predictive; formula, the slot
// formula; ratio, two lines for each free agent; adaptive, the level rule of
// VICIdial with the settings it ships with. The error names the ones there are.
func NewPacer(name string) (predictor.Pacer, error) {
	for _, p := range pacers {
		if p.name == name {
			return p.make()
		}
	}
	return nil, fmt.Errorf("there is no pacer %q; there are %s", name, strings.Join(Pacers(), ", "))
}
