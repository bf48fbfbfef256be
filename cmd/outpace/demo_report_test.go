package main

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"
)

// resultLine is one line of a log, at second s, with a talk of talk.
func resultLine(seq, s int, disposition, abandoned, agent string, talk time.Duration) string {
	dial := time.Date(2026, 3, 1, 12, 0, s, 0, time.UTC)
	return fmt.Sprintf(`{"seq":%d,"uuid":"call-%d","disposition":%q,"abandoned":%s,"agent":%s,"tm_dial":%q,"tm_hangup":%q,"talk_ms":%d}`,
		seq, seq, disposition, abandoned, agent, dial.Format(time.RFC3339Nano), dial.Add(talk+2*time.Second).Format(time.RFC3339Nano), talk.Milliseconds())
}

func TestReportSumsUp(t *testing.T) {
	log := strings.Join([]string{
		resultLine(1, 0, "answered", "false", `"PJSIP/agent-01"`, 6*time.Second),
		resultLine(2, 1, "abandoned", "true", "null", 0),
		resultLine(3, 2, "busy", "null", "null", 0),
		resultLine(4, 6, "answered", "false", `"PJSIP/agent-02"`, 2*time.Second),
	}, "\n") + "\n"
	sum, lines, err := sumUp(strings.NewReader(log))
	if err != nil {
		t.Fatal(err)
	}
	if sum.calls != 4 || len(lines) != 4 || sum.live != 3 || sum.abandoned != 1 || sum.by["answered"] != 2 {
		t.Errorf("summed up to %+v", sum)
	}
	if got := sum.abandonmentRate(); math.Abs(got-1.0/3) > 1e-9 {
		t.Errorf("abandonment rate is %v, want a third", got)
	}
	// 8 s of talk and 2 s of wrap-up in 10 s of 2 agents.
	if got := sum.utilisation(2, time.Second); math.Abs(got-0.5) > 1e-9 {
		t.Errorf("utilisation is %v, want a half", got)
	}
	if got := (report{}).utilisation(2, time.Second); got != 0 {
		t.Errorf("utilisation without calls is %v", got)
	}
}

func TestReportRefusesABrokenLog(t *testing.T) {
	for name, c := range map[string]struct{ log, want string }{
		"a gap":       {resultLine(2, 0, "busy", "null", "null", 0), "has the number 2"},
		"a torn line": {resultLine(1, 0, "busy", "null", "null", 0) + "\n{\"seq\":2", "line 2"},
		"a call twice": {resultLine(1, 0, "busy", "null", "null", 0) + "\n" +
			strings.Replace(resultLine(2, 0, "busy", "null", "null", 0), "call-2", "call-1", 1), "twice"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, _, err := sumUp(strings.NewReader(c.log)); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error is %v, want one that says %q", err, c.want)
			}
		})
	}
}

func TestCompare(t *testing.T) {
	call := func(seq int64, disposition string) logged {
		return logged{Seq: seq, UUID: fmt.Sprint("call-", seq), Disposition: disposition}
	}
	both := []logged{call(1, "busy"), call(2, "not_placed")}
	for name, c := range map[string]struct {
		table []logged
		asked map[string]int
		want  string // "" = all is well
	}{
		"all well":            {both, map[string]int{"call-1": 1}, ""},
		"refused by the PBX":  {both, map[string]int{"call-1": 1, "call-2": 1}, ""},
		"one missing":         {both[:1], map[string]int{"call-1": 1}, "2 lines"},
		"another disposition": {[]logged{call(1, "answered"), both[1]}, map[string]int{"call-1": 1}, "line 1"},
		"called twice":        {both, map[string]int{"call-1": 2}, "2 times"},
		"never asked":         {both, map[string]int{}, "never asked"},
		"a call without end":  {both, map[string]int{"call-1": 1, "call-2": 1, "call-3": 1}, "3 calls"},
	} {
		t.Run(name, func(t *testing.T) {
			err := compare(both, c.table, c.asked)
			if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("error is %v, want %q", err, c.want)
			}
		})
	}
}

func TestScreenRedrawsOnATerminalOnly(t *testing.T) {
	var now stats
	now.Entries.Total, now.Entries.Answered = 400, 100
	now.Agents.LoggedIn, now.Agents.Busy = 20, 10
	now.Results = map[string]int{"answered": 100, "busy": 20}

	var plain strings.Builder
	s := screen{out: &plain}
	s.show(time.Second, now)
	s.show(2*time.Second, now)
	if got := plain.String(); strings.Count(got, "\n") != 2 || strings.Contains(got, "\x1b") || !strings.Contains(got, "calls 120 done") {
		t.Errorf("elsewhere it prints %q", got)
	}

	var drawn strings.Builder
	now.Why = new(strings.Repeat("long ", 40))
	s = screen{out: &drawn, terminal: true, width: func() int { return 60 }}
	s.show(time.Second, now)
	lines := strings.Count(drawn.String(), "\n")
	if strings.Contains(drawn.String(), "A\x1b") || strings.Contains(drawn.String(), fmt.Sprintf("\x1b[%dA", lines)) {
		t.Errorf("the first block goes up: %q", drawn.String())
	}
	s.show(2*time.Second, now)
	if !strings.Contains(drawn.String(), fmt.Sprintf("\x1b[%dA", lines)) {
		t.Errorf("the second block is not drawn over the first: %q", drawn.String())
	}
	for text := range strings.Lines(drawn.String()) {
		if shown := strings.TrimSpace(text[strings.LastIndex(text, "\x1b[2K")+4:]); len(shown) > 60 {
			t.Errorf("a line is wider than the terminal: %q", shown)
		}
	}
	if !strings.Contains(drawn.String(), strings.Repeat("#", barWidth/2)+".") {
		t.Errorf("no bar is half full: %q", drawn.String())
	}
}
