package main

import (
	"strings"
	"testing"
)

// feed gives lines of go test -json to a fresh report and returns it with what it wrote.
func feed(lines ...string) (*report, func(left ...string) string) {
	var out strings.Builder
	rep := newReport(&out)
	for _, line := range lines {
		rep.line([]byte(line + "\n"))
	}
	return rep, func(left ...string) string {
		rep.close(left)
		return out.String()
	}
}

func TestReportShowsOnlyWhatFailed(t *testing.T) {
	_, text := feed(
		`{"Action":"output","Package":"m/a","Test":"TestGood","Output":"    quiet words\n"}`,
		`{"Action":"pass","Package":"m/a","Test":"TestGood"}`,
		`{"Action":"output","Package":"m/a","Test":"TestBad","Output":"    loud words\n"}`,
		`{"Action":"fail","Package":"m/a","Test":"TestBad"}`,
		`{"Action":"output","Package":"m/a","Output":"FAIL\tm/a\t1.2s\n"}`,
		`{"Action":"fail","Package":"m/a","Elapsed":1.2}`,
	)
	want := "    loud words\nFAIL m/a  1.2s\nFAILED: m/a TestBad\n1 passed, 1 failed, 0 skipped\n"
	if got := text(); got != want {
		t.Errorf("report is\n%s\nwant\n%s", got, want)
	}
}

func TestReportNamesWhatWasNotRun(t *testing.T) {
	rep, text := feed(
		`{"Action":"output","Package":"m/s","Test":"TestPostgres","Output":"=== RUN   TestPostgres\n"}`,
		`{"Action":"output","Package":"m/s","Test":"TestPostgres","Output":"    s_test.go:9: no Postgres here\n"}`,
		`{"Action":"output","Package":"m/s","Test":"TestPostgres","Output":"--- SKIP: TestPostgres (0.00s)\n"}`,
		`{"Action":"skip","Package":"m/s","Test":"TestPostgres"}`,
		`{"Action":"pass","Package":"m/s","Elapsed":0.1}`,
	)
	got := text("the race detector")
	for _, want := range []string{
		"NOT RUN: the race detector\n",
		"NOT RUN: m/s TestPostgres: s_test.go:9: no Postgres here\n",
		"0 passed, 0 failed, 1 skipped\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("report lacks %q:\n%s", want, got)
		}
	}
	if rep.tests() != 0 {
		t.Errorf("a skipped test counts as one that was run")
	}
}

func TestReportCountsWhatNeverEnded(t *testing.T) {
	for name, lines := range map[string][]string{
		"does not build": {
			`{"ImportPath":"m/b","Action":"build-output","Output":"b.go:3: undefined: x\n"}`,
			`{"Action":"fail","Package":"m/b","Elapsed":0}`,
		},
		"dies": {
			`{"Action":"output","Package":"m/b","Test":"TestDies","Output":"b.go:3: undefined: x\n"}`,
			`{"Action":"fail","Package":"m/b","Elapsed":0.5}`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			_, text := feed(lines...)
			got := text()
			if !strings.Contains(got, "b.go:3: undefined: x\n") || !strings.Contains(got, "0 passed, 1 failed, 0 skipped\n") {
				t.Errorf("report is\n%s", got)
			}
		})
	}
}
