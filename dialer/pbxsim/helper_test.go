package pbxsim

import (
	"context"
	"errors"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/outpace/outpace/dialer/ami"
)

// bench is a PBX in virtual time; it has to be made in a synctest bubble.
type bench struct {
	*Server
	t  *testing.T
	ln *PipeListener
}

func newBench(t *testing.T, cfg Config) *bench {
	t.Helper()
	ln := NewPipeListener()
	cfg.Listener = ln
	s, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- s.Run(context.Background()) }()
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return &bench{Server: s, t: t, ln: ln}
}

// pass lets virtual time go by, and all that happens in it.
func pass(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}

// got is a message and when it came.
type got struct {
	ami.Message
	at time.Duration
}

// client is an AMI client as simple as can be: it writes what it is told and
// keeps all that comes.
type client struct {
	t     *testing.T
	conn  net.Conn
	began time.Time
	mu    sync.Mutex
	all   []got
	err   error
	ended chan struct{}
}

// dial connects without logging in.
func (b *bench) dial() *client {
	b.t.Helper()
	conn, err := b.ln.Dial(b.t.Context(), "", "")
	if err != nil {
		b.t.Fatal(err)
	}
	c := &client{t: b.t, conn: conn, began: time.Now(), ended: make(chan struct{})}
	d := ami.NewDecoder(conn)
	greeting, err := d.Greeting()
	if err != nil || !strings.HasPrefix(greeting, "Asterisk Call Manager/") {
		b.t.Fatalf("greeting %q, %v", greeting, err)
	}
	go c.read(d)
	b.t.Cleanup(func() {
		conn.Close()
		<-c.ended
	})
	return c
}

func (c *client) read(d *ami.Decoder) {
	defer close(c.ended)
	for {
		m, err := d.Decode()
		c.mu.Lock()
		if err != nil {
			c.err = err
			c.mu.Unlock()
			return
		}
		c.all = append(c.all, got{m, time.Since(c.began)})
		c.mu.Unlock()
	}
}

// login connects and logs in, with all events or those of a mask.
func (b *bench) login(mask ...string) *client {
	b.t.Helper()
	c := b.dial()
	headers := []string{"Username", "dialer", "Secret", "secret"}
	if len(mask) > 0 {
		headers = append(headers, "Events", mask[0])
	}
	if r := c.do("Login", headers...); r.Response() != "Success" {
		b.t.Fatalf("login: %v", r)
	}
	return c
}

func (c *client) write(m ami.Message) {
	c.t.Helper()
	if err := ami.Encode(c.conn, m); err != nil {
		c.t.Fatal(err)
	}
}

// action makes a message of pairs.
func action(name string, pairs ...string) ami.Message {
	m := ami.Message{{Key: "Action", Value: name}}
	for i := 0; i < len(pairs); i += 2 {
		m.Add(pairs[i], pairs[i+1])
	}
	return m
}

// do sends an action and returns its reply, which must come by itself without
// much time going by.
func (c *client) do(name string, pairs ...string) ami.Message {
	c.t.Helper()
	m := action(name, pairs...)
	id := m.ActionID()
	if id == "" {
		id = "do-" + name + "-" + time.Now().Format("150405.000000000")
		m.Add("ActionID", id)
	}
	before := c.count()
	c.write(m)
	synctest.Wait()
	for _, g := range c.messages()[before:] {
		if g.IsResponse() && g.ActionID() == id {
			return g.Message
		}
	}
	c.t.Fatalf("%s: no reply", name)
	return nil
}

// originate places a call into an application, id is its ChannelId.
func (c *client) originate(id, channel, app, data string, more ...string) ami.Message {
	c.t.Helper()
	return c.do("Originate", append([]string{"ActionID", "act-" + id, "Channel", channel, "Async", "true", "ChannelId", id,
		"Timeout", "10000", "CallerID", "Campaign 1 <5550100>", "Application", app, "Data", data}, more...)...)
}

func (c *client) count() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.all)
}

func (c *client) messages() []got {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.all)
}

// events are those of a name that have all the pairs.
func (c *client) events(name string, pairs ...string) []got {
	var found []got
	for _, g := range c.messages() {
		if g.Event() == name && has(g.Message, pairs) {
			found = append(found, g)
		}
	}
	return found
}

func has(m ami.Message, pairs []string) bool {
	for i := 0; i < len(pairs); i += 2 {
		if m.Get(pairs[i]) != pairs[i+1] {
			return false
		}
	}
	return true
}

// one is the only event of a name with these headers.
func (c *client) one(name string, pairs ...string) got {
	c.t.Helper()
	found := c.events(name, pairs...)
	if len(found) != 1 {
		c.t.Fatalf("%d events %s %v, want 1; all:\n%s", len(found), name, pairs, c.dump())
	}
	return found[0]
}

func (c *client) none(name string, pairs ...string) {
	c.t.Helper()
	if found := c.events(name, pairs...); len(found) != 0 {
		c.t.Fatalf("%d events %s %v, want none; all:\n%s", len(found), name, pairs, c.dump())
	}
}

// at is where in the stream the only event of a name stands.
func (c *client) at(name string, pairs ...string) int {
	c.t.Helper()
	c.one(name, pairs...)
	return slices.IndexFunc(c.messages(), func(g got) bool { return g.Event() == name && has(g.Message, pairs) })
}

func (c *client) dump() string {
	var b strings.Builder
	for _, g := range c.messages() {
		raw, err := g.AppendTo(nil)
		if err != nil {
			return err.Error()
		}
		b.WriteString(g.at.String() + " " + short(raw) + "\n")
	}
	return b.String()
}

// closed tells whether the server has ended the connection.
func (c *client) closed() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return errors.Is(c.err, io.EOF) || errors.Is(c.err, io.ErrUnexpectedEOF) || errors.Is(c.err, io.ErrClosedPipe)
}
