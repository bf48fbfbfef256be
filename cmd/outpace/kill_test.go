package main

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/outpace/outpace/dialer/pbxsim"
	"github.com/outpace/outpace/store/storetest"
)

// asProgram, set in the environment, makes the test binary be outpace itself,
// so that a server under test can be a process that is killed.
const asProgram = "OUTPACE_TEST_AS_PROGRAM"

// siege is a server that is harmed again and again while it dials.
type siege struct {
	*running // without an App: it is a process of its own

	t       *testing.T
	dice    *rand.Rand
	sim     *pbxsim.Server
	env     []string
	results string
	process *exec.Cmd
	numbers map[string][2]string // of each entry, by ukey
}

// The calls that the gateway of a siege may have open and place in a second.
const (
	siegeCalls = 60
	siegeCPS   = 60
)

func newSiege(t *testing.T, database string) *siege {
	t.Helper()
	sim, err := pbxsim.New(pbxsim.Config{TimeScale: 20, Seed: 1, Secret: "sim-secret",
		Queues: []pbxsim.QueueConfig{simQueue("sales", 0, 30, 0)}})
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- sim.Run(context.Background()) }()
	t.Cleanup(func() {
		if err := sim.Close(); err != nil {
			t.Error(err)
		}
		<-ended
	})
	seed := rand.Uint64()
	t.Logf("the dice begin with %d", seed)
	s := &siege{t: t, sim: sim, dice: rand.New(rand.NewPCG(seed, 0)), results: filepath.Join(t.TempDir(), "outbound_result.json")}
	s.env = append(os.Environ(), asProgram+"=1", "OUTPACE_LISTEN=127.0.0.1:0", "OUTPACE_DATABASE="+database,
		"OUTPACE_RESULTS="+s.results, "OUTPACE_LOG_LEVEL=warn",
		"OUTPACE_AMI_ADDRESS="+sim.Addr(), "OUTPACE_AMI_USERNAME=dialer", "OUTPACE_AMI_SECRET=sim-secret",
		"OUTPACE_AMI_MAX_CALLS="+strconv.Itoa(siegeCalls), "OUTPACE_AMI_MAX_CPS="+strconv.Itoa(siegeCPS))
	s.begin()
	t.Cleanup(s.kill)
	return s
}

// begin starts the server and waits until it is ready.
func (s *siege) begin() {
	s.t.Helper()
	self, err := os.Executable()
	if err != nil {
		s.t.Fatal(err)
	}
	s.process = exec.Command(self, "serve") //nolint:noctx // it is killed
	s.process.Env = s.env
	s.process.Stderr = &testLog{t: s.t}
	out, err := s.process.StdoutPipe()
	if err != nil {
		s.t.Fatal(err)
	}
	if err := s.process.Start(); err != nil {
		s.t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		s.t.Fatalf("the server said %q and then: %v", line, err)
	}
	url := strings.TrimSuffix(strings.Fields(line)[3], ",")
	s.running = &running{client: newClient(url, ""), t: s.t}
	eventually(s.t, func() string {
		if !s.ready(s.t.Context()) {
			return "the server did not get ready"
		}
		return ""
	})
}

// kill ends the server as nothing but the kernel can.
func (s *siege) kill() {
	if s.process == nil {
		return
	}
	_ = s.process.Process.Kill()
	_ = s.process.Wait() // it says that it was killed
	s.process = nil
	s.client.Close()
}

// entries makes a campaign with n people who have two numbers each.
func (s *siege) entries(n int) (campaign, list string) {
	s.t.Helper()
	campaign = s.campaign(map[string]any{"dial_timeout": 3000, "retry_delay": 1, "max_retry_cnt_1": 2})
	var c struct {
		List string `json:"dlma"`
	}
	s.get("/ob/campaigns/"+campaign, &c)
	s.numbers = map[string][2]string{}
	for i := range n {
		ukey := fmt.Sprint("person ", i)
		var numbers [2]string
		for k := range numbers {
			// Most answer and talk; the others are busy, silent, congested, gone, or hang up at once.
			kind := []string{"129", "119", "129", "111", "200", "300", "400", "600", "500"}[s.dice.IntN(9)]
			numbers[k] = fmt.Sprintf("%s%06d%d", kind, i, k)
		}
		s.numbers[ukey] = numbers
		s.post("/ob/dls", map[string]any{"dlma_uuid": c.List, "ukey": ukey, "number_1": numbers[0], "number_2": numbers[1]})
	}
	return campaign, c.List
}

// soon waits for a random time up to most.
func (s *siege) soon(most time.Duration) {
	t := time.NewTimer(time.Duration(s.dice.Int64N(int64(most))))
	defer t.Stop()
	<-t.C
	if n := len(s.sim.Calls()); n > siegeCalls {
		s.t.Errorf("%d calls are up, at most %d may be", n, siegeCalls)
	}
}

// TestKilledAgainAndAgain: a server that is killed at any moment, or whose PBX
// leaves it, calls nobody twice for one try and nobody after an answer, and
// writes down each call once.
func TestKilledAgainAndAgain(t *testing.T) {
	kills := 4
	if text := os.Getenv("OUTPACE_KILLS"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 {
			t.Fatalf("OUTPACE_KILLS must be a number from 1, not %q", text)
		}
		kills = n
	}
	restart := func(s *siege) { s.kill(); s.begin() }
	for name, c := range map[string]struct {
		database func(testing.TB) string
		harms    int
		harm     func(*siege)
	}{
		"sqlite": {storetest.SQLiteURL, kills, restart},
		// A dead owner's lease has to run out each time.
		"postgres": {storetest.PostgresURL, (kills + 1) / 2, restart},
		"link":     {storetest.SQLiteURL, 2 * kills, (*siege).cut},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSiege(t, c.database(t))
			campaign, list := s.entries(60 * c.harms)
			s.status(campaign, 1)
			for range c.harms {
				s.soon(2 * time.Second)
				t.Logf("harmed after %d calls", len(s.sim.Originates()))
				c.harm(s)
			}
			s.awaitStatus(campaign, 0)
			s.judge(campaign, list)
		})
	}
}

// cut harms the way to the PBX, or the PBX.
func (s *siege) cut() {
	switch s.dice.IntN(5) {
	case 0, 1:
		s.sim.DropLinks()
	case 2:
		s.sim.Restart(true)
	case 3:
		s.sim.Restart(false)
	case 4:
		s.sim.SetDown(true)
		s.sim.DropLinks()
		s.soon(time.Second)
		s.sim.SetDown(false)
	}
}
