package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
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

// process is a server that is a process of its own.
type process struct {
	*running // without an App
	t        *testing.T
	env      []string
	results  string
	command  *exec.Cmd
}

// The calls that the gateway of a siege may have open and place in a second.
const (
	siegeCalls = 60
	siegeCPS   = 60
)

func newProcess(t *testing.T, sim *pbxsim.Server, database string) *process {
	t.Helper()
	p := &process{t: t, results: filepath.Join(t.TempDir(), "outbound_result.json")}
	p.env = append(os.Environ(), asProgram+"=1", "OUTPACE_LISTEN=127.0.0.1:0", "OUTPACE_DATABASE="+database,
		"OUTPACE_RESULTS="+p.results, "OUTPACE_LOG_LEVEL=warn",
		"OUTPACE_AMI_ADDRESS="+sim.Addr(), "OUTPACE_AMI_USERNAME=dialer", "OUTPACE_AMI_SECRET=sim-secret",
		"OUTPACE_AMI_MAX_CALLS="+strconv.Itoa(siegeCalls), "OUTPACE_AMI_MAX_CPS="+strconv.Itoa(siegeCPS))
	p.begin()
	t.Cleanup(p.kill)
	return p
}

// begin starts the server.
func (p *process) begin() {
	p.t.Helper()
	self, err := os.Executable()
	if err != nil {
		p.t.Fatal(err)
	}
	p.command = exec.Command(self, "serve") //nolint:noctx // it is killed
	p.command.Env = p.env
	p.command.Stderr = &testLog{t: p.t}
	out, err := p.command.StdoutPipe()
	if err != nil {
		p.t.Fatal(err)
	}
	if err := p.command.Start(); err != nil {
		p.t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		p.t.Fatalf("the server said %q and then: %v", line, err)
	}
	url := strings.TrimSuffix(strings.Fields(line)[3], ",")
	p.running = &running{client: newClient(url, ""), t: p.t}
}

// kill ends the server as nothing but the kernel can.
func (p *process) kill() {
	if p.command == nil {
		return
	}
	_ = p.command.Process.Kill()
	_ = p.command.Wait() // it says that it was killed
	p.command = nil
	p.client.Close()
}

func (p *process) awaitReady() {
	p.t.Helper()
	eventually(p.t, func() string {
		if !p.ready(p.t.Context()) {
			return "the server did not get ready"
		}
		return ""
	})
}

// siege is a server that is harmed again and again while it dials.
type siege struct {
	*process

	t       *testing.T
	dice    *rand.Rand
	sim     *pbxsim.Server
	numbers map[string][2]string // of each entry, by ukey
}

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
	s := &siege{t: t, sim: sim, dice: rand.New(rand.NewPCG(seed, 0)), process: newProcess(t, sim, database)}
	s.awaitReady()
	return s
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

// wait waits for d.
func (s *siege) wait(d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	<-t.C
	if n := len(s.sim.Calls()); n > siegeCalls {
		s.t.Errorf("%d calls are up, at most %d may be", n, siegeCalls)
	}
}

// soon waits for a random time up to most.
func (s *siege) soon(most time.Duration) { s.wait(time.Duration(s.dice.Int64N(int64(most)))) }

// endure has a campaign dialed while the server is harmed n times, waits for
// the campaign's end and judges.
func (s *siege) endure(people, n int, harm func()) {
	s.t.Helper()
	campaign, list := s.entries(people)
	s.status(campaign, 1)
	for range n {
		s.soon(2 * time.Second)
		s.t.Logf("harmed after %d calls", len(s.sim.Originates()))
		harm()
	}
	s.awaitEnd(campaign)
	s.judge(campaign, list)
}

// awaitEnd waits until the campaign has ended, as long as there is progress.
func (s *siege) awaitEnd(campaign string) {
	s.t.Helper()
	const patience = 50 * time.Second // a lost call is given up after 13 s
	done, since := 0, time.Now()
	for {
		var now struct {
			Status int `json:"status"`
		}
		var counts stats
		err := errors.Join(s.do(s.t.Context(), http.MethodGet, "/ob/campaigns/"+campaign, nil, &now),
			s.do(s.t.Context(), http.MethodGet, "/ob/campaigns/"+campaign+"/stats", nil, &counts))
		switch {
		case err == nil && now.Status == 0:
			return
		case err == nil && counts.dialed() > done:
			done, since = counts.dialed(), time.Now()
		case time.Since(since) > patience:
			s.t.Fatalf("the campaign is at %d and does not go on; why: %s; %+v, %v", now.Status, either(counts.Why, "null"), counts, err)
		}
		s.wait(100 * time.Millisecond)
	}
}

// kills is how often a server is killed.
func kills(t *testing.T) int {
	t.Helper()
	text := os.Getenv("OUTPACE_KILLS")
	if text == "" {
		return 3
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		t.Fatalf("OUTPACE_KILLS must be a number from 1, not %q", text)
	}
	return n
}

// A server that is killed at any moment, or whose PBX leaves it, calls nobody
// twice for one try and nobody after an answer, and writes down each call once.

func TestKilledOnSQLite(t *testing.T) {
	t.Parallel()
	s := newSiege(t, storetest.SQLiteURL(t))
	s.endure(60*kills(t), kills(t), s.restart)
}

func TestKilledOnPostgres(t *testing.T) {
	t.Parallel()
	s := newSiege(t, storetest.PostgresURL(t))
	s.endure(60*kills(t), (kills(t)+1)/2, s.restart) // each time a lease has to run out
}

func (s *siege) restart() {
	s.kill()
	s.begin()
	s.awaitReady()
}

func TestPBXLostAgainAndAgain(t *testing.T) {
	t.Parallel()
	s := newSiege(t, storetest.SQLiteURL(t))
	s.endure(50*kills(t), 1+kills(t), s.cut)
}

// cut harms the way to the PBX, or the PBX.
func (s *siege) cut() {
	switch s.dice.IntN(6) {
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
	case 5:
		s.sim.Freeze()
		s.soon(2 * time.Second)
		s.sim.Thaw()
	}
}
