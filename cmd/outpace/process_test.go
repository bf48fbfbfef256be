package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
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
	words    *words // all that it has logged
	command  *exec.Cmd
}

func newProcess(t *testing.T, database string, env ...string) *process {
	t.Helper()
	folder := filepath.Join(t.TempDir(), "results")
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	return newProcessIn(t, folder, database, env...)
}

// newProcessIn is newProcess with its log of results in a folder.
func newProcessIn(t *testing.T, folder, database string, env ...string) *process {
	t.Helper()
	p := &process{t: t, results: filepath.Join(folder, "outbound_result.json"), words: &words{}}
	p.env = append(os.Environ(), asProgram+"=1", "OUTPACE_LISTEN=127.0.0.1:0", "OUTPACE_DATABASE="+database,
		"OUTPACE_RESULTS="+p.results, "OUTPACE_LOG_LEVEL=warn")
	p.env = append(p.env, env...)
	p.begin()
	t.Cleanup(p.kill)
	return p
}

// reachPBX are the settings of the gateway whose calls a siege counts.
func reachPBX(address string) []string {
	return []string{"OUTPACE_AMI_ADDRESS=" + address, "OUTPACE_AMI_USERNAME=dialer", "OUTPACE_AMI_SECRET=sim-secret",
		fmt.Sprint("OUTPACE_AMI_MAX_CALLS=", siegeCalls), fmt.Sprint("OUTPACE_AMI_MAX_CPS=", siegeCPS)}
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
	p.command.Stderr = io.MultiWriter(&testLog{t: p.t}, p.words)
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

// restart kills the server and starts it again.
func (p *process) restart() {
	p.kill()
	p.begin()
	p.awaitReady()
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
