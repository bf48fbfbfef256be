package main

import (
	"bytes"
	"fmt"
	"math"
)

// benchLine is one figure over time.
type benchLine struct {
	name   string
	figure func(sample) float64
}

// benchPanel is figures that share an axis from 0.
type benchPanel struct {
	title, unit string
	lines       []benchLine
}

var benchPanels = []benchPanel{
	{"finished dials a second", "", []benchLine{{"dials/s", func(p sample) float64 { return p.Rate }}}},
	{"memory", "MB", []benchLine{
		{"resident", func(p sample) float64 { return float64(p.Memory) / (1 << 20) }},
		{"heap", func(p sample) float64 { return float64(p.Heap) / (1 << 20) }},
	}},
	{"goroutines, open calls", "", []benchLine{
		{"goroutines", func(p sample) float64 { return float64(p.Goroutines) }},
		{"open calls", func(p sample) float64 { return float64(p.Open) }},
	}},
	{"file handles", "", []benchLine{{"open files", func(p sample) float64 { return float64(p.Files) }}}},
	{"answer until its commit", "ms", []benchLine{
		{"median", func(p sample) float64 { return p.Answer.P50 }}, {"p99", func(p sample) float64 { return p.Answer.P99 }},
	}},
	{"hang-up until its line in the log", "ms", []benchLine{
		{"median", func(p sample) float64 { return p.Log.P50 }}, {"p99", func(p sample) float64 { return p.Log.P99 }},
	}},
	{"claim", "ms", []benchLine{
		{"median", func(p sample) float64 { return p.Claim.P50 }}, {"p99", func(p sample) float64 { return p.Claim.P99 }},
	}},
}

const benchPlotPoints = 600 // of a line at most

// benchPlot draws the figures of a measurement, a panel below the other.
func benchPlot(r benchReport) []byte {
	const head, each = 30, 40 + panelHigh
	var b bytes.Buffer
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" font-family="sans-serif" font-size="11">`+"\n",
		plotWidth, head+each*len(benchPanels)+20)
	fmt.Fprintf(&b, `<rect width="100%%" height="100%%" fill="white"/>`+"\n")
	fmt.Fprintf(&b, `<text x="%d" y="20" font-size="14" font-weight="bold">%.0f s, %d dials, %.1f a second; %s</text>`+"\n",
		plotMargin, r.Seconds, r.Dials, r.Rate, r.Machine)
	for i, panel := range benchPanels {
		panel.draw(&b, head+i*each, r)
	}
	bottom := head + each*len(benchPanels) + 8
	fmt.Fprintf(&b, `<text x="%d" y="%d">0</text><text x="%d" y="%d" text-anchor="end">%.0f s</text>`+"\n",
		plotMargin, bottom, plotWidth-12, bottom, r.Seconds)
	b.WriteString("</svg>\n")
	return b.Bytes()
}

func (p benchPanel) draw(b *bytes.Buffer, top int, r benchReport) {
	highest := 0.0
	for _, l := range p.lines {
		for _, s := range r.samples {
			highest = max(highest, l.figure(s))
		}
	}
	highest = roundUp(highest)
	fmt.Fprintf(b, `<text x="%d" y="%d" font-weight="bold">%s</text>`+"\n", plotMargin, top+16, p.title)
	for i, l := range p.lines {
		x := plotMargin + 260 + 120*i
		fmt.Fprintf(b, `<rect x="%d" y="%d" width="12" height="4" fill="%s"/><text x="%d" y="%d">%s</text>`+"\n",
			x, top+10, plotColours[i], x+16, top+16, l.name)
	}
	top += 22
	wide := float64(plotWidth - plotMargin - 12)
	fmt.Fprintf(b, `<rect x="%d" y="%d" width="%.0f" height="%d" fill="none" stroke="#999"/>`+"\n", plotMargin, top, wide, panelHigh)
	fmt.Fprintf(b, `<text x="%d" y="%d" text-anchor="end">%.4g %s</text><text x="%d" y="%d" text-anchor="end">0</text>`+"\n",
		plotMargin-4, top+9, highest, p.unit, plotMargin-4, top+panelHigh)
	step := max(1, int(math.Ceil(float64(len(r.samples))/benchPlotPoints)))
	for i, l := range p.lines {
		fmt.Fprintf(b, `<polyline fill="none" stroke="%s" stroke-width="1.2" points="`, plotColours[i])
		for k := 0; k < len(r.samples); k += step {
			part := r.samples[k:min(k+step, len(r.samples))]
			most := 0.0 // of each stretch the highest: a peak must not vanish
			for _, s := range part {
				most = max(most, l.figure(s))
			}
			at := part[len(part)-1].At
			fmt.Fprintf(b, "%.1f,%.1f ", float64(plotMargin)+wide*at/r.Seconds, float64(top)+panelHigh*(1-most/highest))
		}
		b.WriteString(`"/>` + "\n")
	}
}

// roundUp is the next of 1, 2, 5, 10, 20, ... from v on.
func roundUp(v float64) float64 {
	if v <= 0 {
		return 1
	}
	unit := math.Pow(10, math.Floor(math.Log10(v)))
	for _, f := range []float64{1, 2, 5} {
		if v <= f*unit {
			return f * unit
		}
	}
	return 10 * unit
}
