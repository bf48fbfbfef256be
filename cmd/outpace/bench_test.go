package main

import (
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/outpace/outpace/store/storetest"
)

// TestBench measures for a moment, so that the command cannot rot: a simulated
// Asterisk in a process of its own, reads by REST, all figures, the picture.
func TestBench(t *testing.T) {
	t.Setenv(asProgram, "1") // for the simulated Asterisk: the test's binary is the program then
	for name, database := range map[string]func() string{
		"sqlite":   func() string { return storetest.SQLiteURL(t) },
		"postgres": func() string { return storetest.PostgresURL(t) },
	} {
		t.Run(name, func(t *testing.T) {
			dir, url := t.TempDir(), database()
			plot, lines := filepath.Join(dir, "plot.svg"), filepath.Join(dir, "samples.jsonl")
			code, out, errs := outpace(t, env(), "bench", "--database="+url, "--for=6s", "--warm-up=1s", "--every=200ms",
				"--rate=50", "--calls=100", "--agents=20", "--entries=500", "--time-scale=50", "--rest=20", "--json", "--dir="+dir,
				"--plot="+plot, "--samples="+lines, "--cpuprofile="+filepath.Join(dir, "cpu"), "--sim-cpuprofile="+filepath.Join(dir, "sim"))
			if code != exitOK {
				t.Fatalf("exit %d: %s", code, errs)
			}
			var r benchReport
			if err := json.Unmarshal([]byte(out), &r); err != nil {
				t.Fatalf("%v in %s", err, out)
			}
			if r.Dials == 0 || r.Rate == 0 || r.Lines < r.Dials || r.Entries != 500 {
				t.Errorf("%d dials at %.1f a second, %d lines, %d entries", r.Dials, r.Rate, r.Lines, r.Entries)
			}
			if r.PerDial.Transactions == 0 || r.PerDial.Statements < r.PerDial.Transactions || r.PerDial.Allocated == 0 {
				t.Errorf("a dial took %+v", r.PerDial)
			}
			if postgres := name == "postgres"; postgres != (r.PerDial.Postgres > 0) || postgres != (r.PerDial.WAL > 0) {
				t.Errorf("Postgres itself has counted %+v", r.PerDial)
			}
			if r.Claim.N == 0 || r.Record.N == 0 || r.Log.N == 0 || r.REST.N == 0 || r.Answer.N == 0 || r.REST.Failed != 0 {
				t.Errorf("timed: %+v", r)
			}
			if text, err := os.ReadFile(lines); err != nil || strings.Count(string(text), "\n") < 5 {
				t.Errorf("samples: %v, %s", err, text)
			}
			checkXML(t, plot)
			for _, profile := range []string{"cpu", "sim"} {
				if info, err := os.Stat(filepath.Join(dir, profile)); err != nil || info.Size() == 0 {
					t.Errorf("profile %s: %v", profile, err)
				}
			}
			// The log of another one would begin with these results.
			if code, _, errs := outpace(t, env(), "bench", "--database="+url, "--for=1s", "--dir="+t.TempDir()); code == exitOK || !strings.Contains(errs, "empty") {
				t.Errorf("a database with results: exit %d, %s", code, errs)
			}
		})
	}
}

func checkXML(t *testing.T, path string) {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	lines := 0
	for d := xml.NewDecoder(file); ; {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("the picture is no XML: %v", err)
		}
		if e, ok := token.(xml.StartElement); ok && e.Name.Local == "polyline" {
			lines++
		}
	}
	if lines < len(benchPanels) {
		t.Errorf("the picture has %d lines", lines)
	}
}

func TestBenchRefuses(t *testing.T) {
	for _, flag := range []string{"--for=0s", "--warm-up=-1s", "--rate=-1", "--calls=0", "--agents=-1", "--time-scale=0", "--rest=-1", "--every=1ms", "--entries=-1",
		"--want-rate=-1", "--want-memory=-1", "--want-transactions=-1", "--want-answer=-1s", "--want-rest=-1s", "--want-rest=50ms"} {
		if code, _, errs := outpace(t, env(), "bench", flag); code != exitUsage || !strings.Contains(errs, strings.Split(flag, "=")[0]) {
			t.Errorf("%s: exit %d, %s", flag, code, errs)
		}
	}
}

func TestBenchVerdict(t *testing.T) {
	seen := benchReport{Rate: 599.9, Memory: 201 << 20}
	seen.PerDial.Transactions, seen.PerDial.Postgres = 0.19, 0.201
	seen.REST.N, seen.REST.P99 = 1000, 50.1
	seen.Answer.N, seen.Answer.P99 = 1000, 48.1
	failing := benchReport{}
	failing.REST.Failed = 3
	for _, c := range []struct {
		seen benchReport
		want benchWanted
		says string // "" = all is well
	}{
		{seen, benchWanted{}, ""},
		{seen, benchWanted{Rate: 599, Memory: 202, Transactions: 0.21, Answer: 49 * time.Millisecond, REST: 51 * time.Millisecond}, ""},
		{seen, benchWanted{Rate: 600}, "599.9 finished dials"},
		{seen, benchWanted{Memory: 200}, "201 MB"},
		{seen, benchWanted{Transactions: 0.2}, "0.190 transactions a dial (Postgres itself counted 0.201)"},
		{seen, benchWanted{REST: 50 * time.Millisecond}, "50.1 ms for the read by REST"},
		{seen, benchWanted{Answer: 48 * time.Millisecond}, "48.1 ms for the commit of an answer"},
		{failing, benchWanted{}, "3 reads"},
		{benchReport{}, benchWanted{Memory: 200}, "cannot be read"},
		{benchReport{}, benchWanted{REST: time.Second}, "no read"},
		{benchReport{}, benchWanted{Answer: time.Second}, "no commit of an answer"},
	} {
		switch err := c.seen.verdict(c.want); {
		case c.says == "" && err != nil:
			t.Errorf("%+v: %v", c.want, err)
		case c.says != "" && (err == nil || !strings.Contains(err.Error(), c.says)):
			t.Errorf("%+v: %v, want it to say %q", c.want, err, c.says)
		}
	}
}

func TestHistogram(t *testing.T) {
	var h, other histogram
	for i := 1; i <= 1000; i++ {
		if i%2 == 0 {
			h.add(time.Duration(i) * time.Millisecond)
		} else {
			other.add(time.Duration(i) * time.Millisecond)
		}
	}
	h.merge(&other)
	for share, want := range map[float64]time.Duration{0.5: 500 * time.Millisecond, 0.99: 990 * time.Millisecond, 1: time.Second} {
		if got := h.quantile(share); got < want || float64(got) > float64(want)*benchGrowth*1.001 {
			t.Errorf("quantile %v is %v, want %v or a little more", share, got, want)
		}
	}
	if h.n != 1000 || h.highest != time.Second {
		t.Errorf("%d durations up to %v", h.n, h.highest)
	}
	if got := new(histogram).quantile(0.5); got != 0 {
		t.Errorf("of nothing the median is %v", got)
	}
}

func TestSlowest(t *testing.T) {
	var list []sample
	for i := range 40 {
		p := sample{At: float64(i + 1), Dials: 10}
		if i >= 12 && i < 17 {
			p.Dials = 0
		}
		list = append(list, p)
	}
	if got := slowest(list, 10); got != 5 {
		t.Errorf("the slowest ten seconds have %v a second, want 5", got)
	}
	if got := slowest(list[:5], 10); got != 0 {
		t.Errorf("of five seconds the slowest ten have %v a second", got)
	}
}

func TestTailSeesGaps(t *testing.T) {
	for text, want := range map[string]string{
		`{"seq":1}` + "\n" + `{"seq":2}` + "\n": "",
		`{"seq":1}` + "\n" + `{"seq":3}` + "\n": "line 2 of the result log has the number 3",
		`{"seq":1}` + "\n" + `{"seq":1}` + "\n": "line 2 of the result log has the number 1",
		`{"seq":1`:                              "",
		"x\n":                                   "line 1",
	} {
		path := filepath.Join(t.TempDir(), "log")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel() // it reads what is there
		err := (&tail{path: path, meter: newBenchMeter()}).run(ctx)
		if (want == "") != (err == nil) || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}
