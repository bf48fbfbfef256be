package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
)

// event is one line of go test -json; see go doc test2json.
type event struct {
	Action     string
	Package    string
	ImportPath string // of build-output
	Test       string
	Elapsed    float64 // seconds
	Output     string
}

// slowest is how many of the tests that took longest are named at the end.
const slowest = 12

// slow is how long a test has to take to be named, in seconds.
const slow = 5

// report turns the events of go test into what a person wants to see: a line
// for each package, everything that a failed test said, nothing of the others.
type report struct {
	out            io.Writer
	said           map[string]*strings.Builder // of tests that are still running
	passed, failed int
	failures       []string
	slow           []event // tests at the top level, to name those that took longest
	skipped        []string
}

func newReport(out io.Writer) *report {
	return &report{out: out, said: make(map[string]*strings.Builder)}
}

// line takes one line of go test -json; what is not JSON is shown as it is.
func (r *report) line(line []byte) {
	var e event
	if err := json.Unmarshal(line, &e); err != nil {
		_, _ = r.out.Write(line)
		return
	}
	key := e.Package + " " + e.Test
	switch e.Action {
	case "output":
		r.output(key, e)
	case "build-output":
		fmt.Fprint(r.out, e.Output)
	case "pass", "fail", "skip":
		if e.Test == "" {
			r.endPackage(e)
			return
		}
		r.endTest(key, e)
	}
}

func (r *report) output(key string, e event) {
	if e.Test == "" {
		// The package's own words: a panic, a race outside of tests, TestMain.
		// The closing lines are written by endPackage.
		if !closing(e.Output) {
			fmt.Fprint(r.out, e.Output)
		}
		return
	}
	if r.said[key] == nil {
		r.said[key] = new(strings.Builder)
	}
	r.said[key].WriteString(e.Output)
}

func (r *report) endTest(key string, e event) {
	said := r.said[key]
	delete(r.said, key)
	if !strings.Contains(e.Test, "/") && e.Elapsed >= slow {
		r.slow = append(r.slow, e)
	}
	switch e.Action {
	case "pass":
		r.passed++
	case "fail":
		r.failed++
		r.failures = append(r.failures, key)
		if said != nil {
			fmt.Fprint(r.out, said)
		}
	case "skip":
		r.skipped = append(r.skipped, key+": "+reason(said))
	}
}

func (r *report) endPackage(e event) {
	word := map[string]string{"pass": "ok", "fail": "FAIL", "skip": "-"}[e.Action]
	note := ""
	if e.Action == "skip" {
		note = "  [no tests]"
	}
	fmt.Fprintf(r.out, "%-4s %s  %.1fs%s\n", word, e.Package, e.Elapsed, note)
	if e.Action != "fail" {
		return
	}
	// A package that died left its running tests without an end.
	for key, said := range r.said {
		if strings.HasPrefix(key, e.Package+" ") {
			fmt.Fprintf(r.out, "--- NOT ENDED: %s\n%s", key, said)
			delete(r.said, key)
		}
	}
	// It did not build, or it died outside of its tests: that counts as one.
	inPackage := func(key string) bool { return strings.HasPrefix(key, e.Package+" ") }
	if !slices.ContainsFunc(r.failures, inPackage) {
		r.failed++
		r.failures = append(r.failures, e.Package)
	}
}

// close writes the summary. left is what could not be run beside the skipped
// tests.
func (r *report) close(left []string) {
	slices.SortStableFunc(r.slow, func(a, b event) int { return cmp.Compare(b.Elapsed, a.Elapsed) })
	for _, e := range r.slow[:min(len(r.slow), slowest)] {
		fmt.Fprintf(r.out, "%6.1fs %s %s\n", e.Elapsed, e.Package, e.Test)
	}
	slices.Sort(r.skipped)
	for _, what := range slices.Concat(left, r.skipped) {
		fmt.Fprintln(r.out, "NOT RUN:", what)
	}
	for _, what := range r.failures {
		fmt.Fprintln(r.out, "FAILED:", what)
	}
	fmt.Fprintf(r.out, "%d passed, %d failed, %d skipped\n", r.passed, r.failed, len(r.skipped))
}

// tests is how many tests, subtests included, were run.
func (r *report) tests() int { return r.passed + r.failed }

// closing reports whether a line of a package's output only repeats how the
// package ended.
func closing(line string) bool {
	starts := func(prefix string) bool { return strings.HasPrefix(line, prefix) }
	return slices.ContainsFunc([]string{"ok  \t", "FAIL\t", "?   \t", "PASS\n", "FAIL\n"}, starts)
}

// reason finds in a skipped test's output why it was skipped.
func reason(said *strings.Builder) string {
	if said == nil {
		return "no reason given"
	}
	var words []string
	for line := range strings.Lines(said.String()) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "===") || strings.HasPrefix(line, "---") {
			continue
		}
		words = append(words, line)
	}
	return strings.Join(words, " ")
}
