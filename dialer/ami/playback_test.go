package ami_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/outpace/outpace/dialer/ami"
	"github.com/outpace/outpace/dialer/ami/amitest"
)

// step is one message of a recorded exchange.
type step struct {
	server bool
	bytes  []byte
	action ami.Message // of the client; nil if no client of ours would send it
}

// recording reads an exchange. The first step is the greeting.
func recording(t *testing.T, path string) []step {
	t.Helper()
	read := func(ext string) []byte {
		b, err := os.ReadFile(path + ext)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	server, client := read(".ami"), read(".sent")
	var steps []step
	for line := range strings.Lines(string(read(".times"))) {
		fields := strings.Fields(line)
		size, err := strconv.Atoi(fields[2])
		if err != nil {
			t.Fatal(err)
		}
		if fields[1] == "S" {
			steps = append(steps, step{server: true, bytes: server[:size]})
			server = server[size:]
			continue
		}
		steps = append(steps, step{bytes: client[:size], action: sendable(client[:size])})
		client = client[size:]
	}
	if len(server) > 0 || len(client) > 0 {
		t.Fatalf("%d and %d bytes beyond the times", len(server), len(client))
	}
	return steps
}

// sendable returns the action if it is one that our client can send as it is.
func sendable(wire []byte) ami.Message {
	m, err := ami.NewDecoder(bytes.NewReader(wire)).Decode()
	if err != nil {
		return nil
	}
	id := m.ActionID()
	if m.Get("Action") == "" || id == "" || len(id) > ami.MaxActionID || len(m) > ami.MaxActionHeaders {
		return nil
	}
	for _, h := range m {
		if h.Key == "" || len(h.Value) > 1000 {
			return nil
		}
	}
	return m
}

// loginSteps returns how many steps belong to the login, whose ActionIDs are
// the client's own.
func loginSteps(steps []step) int {
	login := ""
	for i, s := range steps {
		if !s.server && s.action.Get("Action") == "Login" {
			login = s.action.ActionID()
		}
		if s.server && login != "" && strings.Contains(string(s.bytes), "\r\nActionID: "+login+"\r\n") {
			return i + 1
		}
	}
	return len(steps)
}

// play is the script of a recording.
func play(steps []step) amitest.Script {
	return func(p *amitest.Peer) error {
		login := loginSteps(steps)
		ids := strings.NewReplacer()
		for i, s := range steps {
			switch {
			case s.server:
				if err := p.Raw(ids.Replace(string(s.bytes))); err != nil {
					return err
				}
			case s.action != nil:
				got, err := p.Read()
				if err != nil {
					return err
				}
				if got.Get("Action") != s.action.Get("Action") {
					return fmt.Errorf("action %v, want %v", got, s.action)
				}
				ids = strings.NewReplacer()
				if i < login {
					ids = strings.NewReplacer("ActionID: "+s.action.ActionID()+"\r\n", "ActionID: "+got.ActionID()+"\r\n")
				}
			}
		}
		return nil
	}
}

// TestTracesThroughClient serves every recording to a client that sends what
// was sent then. Each reply must reach its caller and each event the stream,
// in the order of the wire.
func TestTracesThroughClient(t *testing.T) {
	t.Parallel()
	for _, pattern := range []string{"testdata/traces/*.ami", "testdata/traces/asterisk-16/*.ami"} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) < 70 {
			t.Fatalf("%d recordings, %v", len(files), err)
		}
		for _, file := range files {
			path := strings.TrimSuffix(file, ".ami")
			name := strings.TrimPrefix(path, "testdata/traces/")
			switch filepath.Base(path) {
			case "login-bad-secret", "login-bad-user", "login-bad-address":
				t.Run(name, func(t *testing.T) { bubble(t, func(t *testing.T) { playRefusal(t, path) }) })
			case "action-before-login":
				continue // nothing that this client could do
			default:
				t.Run(name, func(t *testing.T) { bubble(t, func(t *testing.T) { playback(t, path) }) })
			}
		}
	}
}

func playRefusal(t *testing.T, path string) {
	server := amitest.NewServer(t, play(recording(t, path)), nil)
	c := start(t, server.Config())
	changes, stop := c.States()
	defer stop()
	for change := range changes {
		if change.State == ami.StateWaiting {
			if _, ok := errors.AsType[*ami.AuthError](change.Err); !ok {
				t.Errorf("error %v", change.Err)
			}
			return
		}
	}
}

func playback(t *testing.T, path string) {
	steps := recording(t, path)
	server := amitest.NewServer(t, play(steps), nil)
	cfg := server.Config()
	cfg.MD5 = strings.HasSuffix(path, "login-md5")
	c := client(t, cfg)
	events := c.Subscribe(ami.Filter{Lists: true, Buffer: 10_000})
	defer events.Close()
	run(t, c)
	wantKind(t, events, ami.KindSessionOpened)

	var callers sync.WaitGroup
	used := map[string]bool{}
	for _, s := range steps[loginSteps(steps):] {
		if s.action == nil {
			continue
		}
		if id := s.action.ActionID(); used[id] {
			callers.Wait() // the recording used the id again, after the reply
		} else {
			used[id] = true
		}
		// One after the other on the wire, without waiting for replies.
		written := make(chan struct{})
		callers.Go(func() { send(t, c, s.action, written) })
		<-written
	}
	callers.Wait()
	var got []ami.Message
	for ev := range events.C() {
		if ev.Kind == ami.KindSessionEnded {
			break
		}
		if ev.Kind == ami.KindEvent {
			got = append(got, ev.Message)
		}
	}
	var want []ami.Message
	for _, s := range steps[1:] {
		if !s.server {
			continue
		}
		m, err := ami.NewDecoder(bytes.NewReader(s.bytes)).Decode()
		if err != nil {
			t.Fatal(err)
		}
		if !m.IsResponse() {
			want = append(want, m)
		}
	}
	if !slices.EqualFunc(got, want, slices.Equal[ami.Message]) {
		t.Errorf("%d events, want %d, or not the same", len(got), len(want))
	}
	if n := c.Stats().Epoch; n != 1 {
		t.Errorf("epoch %d", n)
	}
}

// send does a recorded action. Written is closed when it is on its way.
func send(t *testing.T, c *ami.Client, m ami.Message, written chan struct{}) {
	var once sync.Once
	gone := func() { once.Do(func() { close(written) }) }
	defer gone() // also if it is never sent
	action := ami.Action{Name: m.Get("Action"), Before: func() error { gone(); return nil }}
	for _, h := range m {
		if !strings.EqualFold(h.Key, "Action") {
			action.Headers = append(action.Headers, h)
		}
	}
	reply, err := c.Do(context.Background(), action)
	if refused, ok := errors.AsType[*ami.ResponseError](err); ok {
		reply, err = refused.Message, nil
	}
	if errors.Is(err, ami.ErrNotSent) {
		t.Errorf("%v", err)
		return
	}
	// A recording may end before the reply, as when the server was killed.
	if err == nil && reply.ActionID() != m.ActionID() {
		t.Errorf("%v got the reply %v", m, reply)
	}
	if err != nil && !errors.Is(err, ami.ErrOutcomeUnknown) {
		t.Errorf("%v: %v", m, err)
	}
}
