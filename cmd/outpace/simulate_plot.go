package main

import (
	"bytes"
	"fmt"
	"html"
	"math"

	"github.com/outpace/outpace/predictor/study"
)

// The picture's measures, in pixels, and its colours, which the colour-blind
// can tell apart.
const (
	plotWidth  = 900
	panelHigh  = 130
	plotMargin = 56
	plotTitle  = 34
	plotLegend = 22
	plotPoints = 450 // of a line at most
)

var plotColours = [...]string{"#0072b2", "#d55e00", "#009e73", "#cc79a7"}

// plot draws for each scenario the utilisation, and below it the abandonment
// rate of the shift so far with the target, a line for each pacer.
func plot(runs []simulation) []byte {
	var b bytes.Buffer
	var groups [][]simulation
	for _, r := range runs {
		last := len(groups) - 1
		if last >= 0 && groups[last][0].scenario.Name == r.scenario.Name {
			groups[last] = append(groups[last], r)
			continue
		}
		groups = append(groups, []simulation{r})
	}
	const each = plotTitle + plotLegend + 2*panelHigh + 2*24
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" font-family="sans-serif" font-size="11">`+"\n", plotWidth, each*len(groups))
	fmt.Fprintf(&b, `<rect width="100%%" height="100%%" fill="white"/>`+"\n")
	for i, group := range groups {
		plotScenario(&b, i*each, group)
	}
	b.WriteString("</svg>\n")
	return b.Bytes()
}

func plotScenario(b *bytes.Buffer, top int, group []simulation) {
	s := group[0].scenario
	fmt.Fprintf(b, `<text x="%d" y="%d" font-size="15" font-weight="bold">%s</text>`+"\n", plotMargin, top+22, html.EscapeString(s.Name))
	for i, r := range group {
		x, colour := plotMargin+i*200, plotColours[i%len(plotColours)]
		fmt.Fprintf(b, `<rect x="%d" y="%d" width="12" height="4" fill="%s"/><text x="%d" y="%d">%s: %.1f %%, worst shift %.2f %%</text>`+"\n",
			x, top+plotTitle+5, colour, x+16, top+plotTitle+11, html.EscapeString(r.pacer), 100*r.result.Utilisation, 100*r.result.WorstShift)
	}
	highest := 2 * s.Target
	for _, r := range group {
		for _, p := range r.result.Minutes {
			if p.Minute >= 30 { // the first minutes of a shift say little
				highest = max(highest, p.Abandonment)
			}
		}
	}
	highest = max(highest, 0.001)
	y := top + plotTitle + plotLegend
	plotPanel(b, y, "utilisation", 1, -1, group, func(p study.Point) float64 { return p.Utilisation })
	plotPanel(b, y+panelHigh+24, "abandoned", highest, s.Target, group, func(p study.Point) float64 { return min(p.Abandonment, highest) })
}

// plotPanel draws one figure of a group over time; a target below 0 is not drawn.
func plotPanel(b *bytes.Buffer, top int, name string, highest, target float64, group []simulation, figure func(study.Point) float64) {
	wide := float64(plotWidth - plotMargin - 12)
	at := func(v float64) float64 { return float64(top) + panelHigh*(1-v/highest) }
	fmt.Fprintf(b, `<rect x="%d" y="%d" width="%.0f" height="%d" fill="none" stroke="#999"/>`+"\n", plotMargin, top, wide, panelHigh)
	fmt.Fprintf(b, `<text x="%d" y="%d" text-anchor="end">%.4g %%</text><text x="%d" y="%d" text-anchor="end">0</text>`+"\n",
		plotMargin-4, top+9, 100*highest, plotMargin-4, top+panelHigh)
	fmt.Fprintf(b, `<text transform="translate(%d,%d) rotate(-90)" text-anchor="middle">%s</text>`+"\n", 12, top+panelHigh/2, name)
	if target >= 0 && target <= highest {
		fmt.Fprintf(b, `<line x1="%d" x2="%.0f" y1="%.1f" y2="%.1f" stroke="#444" stroke-dasharray="5 4"/>`+"\n", plotMargin, plotMargin+wide, at(target), at(target))
	}
	for i, r := range group {
		points := r.result.Minutes
		step := int(math.Ceil(float64(len(points)) / plotPoints))
		if step == 0 {
			continue
		}
		fmt.Fprintf(b, `<polyline fill="none" stroke="%s" stroke-width="1.2" points="`, plotColours[i%len(plotColours)])
		for k := 0; k < len(points); k += step {
			part := points[k:min(k+step, len(points))]
			sum := 0.0
			for _, p := range part {
				sum += figure(p)
			}
			x := plotMargin + wide*(float64(k)+float64(len(part))/2)/float64(len(points))
			fmt.Fprintf(b, "%.1f,%.1f ", x, at(min(sum/float64(len(part)), highest)))
		}
		b.WriteString(`"/>` + "\n")
	}
	shifts := group[0].scenario.Shifts
	for i := 1; i < shifts; i++ {
		x := plotMargin + wide*float64(i)/float64(shifts)
		fmt.Fprintf(b, `<line x1="%.1f" x2="%.1f" y1="%d" y2="%d" stroke="#ddd"/>`+"\n", x, x, top, top+panelHigh)
	}
}
