package amitest

import (
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"net"
	"strconv"
	"time"

	"github.com/outpace/outpace/dialer/ami"
)

// Greeting is the first line of a Peer, with its line end.
const Greeting = "Asterisk Call Manager/11.0.0\r\n"

// Secret is what Server.Config logs in with.
const Secret = "secret"

// Peer is the PBX's end of one connection. Its methods wait for the client,
// without a limit of their own. It is for one goroutine, but for Close.
type Peer struct {
	conn    net.Conn
	decoder *ami.Decoder
}

// NewPeer returns a peer on a connection that is open.
func NewPeer(conn net.Conn) *Peer {
	return &Peer{conn: conn, decoder: ami.NewDecoder(conn)}
}

// Conn returns the connection.
func (p *Peer) Conn() net.Conn { return p.conn }

// Close closes the connection.
func (p *Peer) Close() error { return p.conn.Close() }

// Raw writes text as it is.
func (p *Peer) Raw(text string) error {
	if _, err := p.conn.Write([]byte(text)); err != nil {
		return fmt.Errorf("amitest: write: %w", err)
	}
	return nil
}

// Split writes text in pieces of size bytes, each a Write of its own.
func (p *Peer) Split(text string, size int) error {
	for len(text) > 0 {
		n := min(size, len(text))
		if err := p.Raw(text[:n]); err != nil {
			return err
		}
		text = text[n:]
	}
	return nil
}

// Send writes messages with a single Write.
func (p *Peer) Send(messages ...ami.Message) error {
	var b []byte
	for _, m := range messages {
		var err error
		if b, err = m.AppendTo(b); err != nil {
			return err
		}
	}
	return p.Raw(string(b))
}

// Event makes an event of pairs of key and value.
func Event(name string, pairs ...string) ami.Message {
	return with(ami.Message{{Key: "Event", Value: name}}, pairs)
}

// Reply makes the reply to an action, with its ActionID, of pairs of key and
// value.
func Reply(action ami.Message, response string, pairs ...string) ami.Message {
	m := ami.Message{{Key: "Response", Value: response}}
	if id, given := action.Lookup("ActionID"); given {
		m.Add("ActionID", id)
	}
	return with(m, pairs)
}

func with(m ami.Message, pairs []string) ami.Message {
	for i := 0; i+1 < len(pairs); i += 2 {
		m.Add(pairs[i], pairs[i+1])
	}
	return m
}

// Read returns the client's next action, whatever it is.
func (p *Peer) Read() (ami.Message, error) {
	m, err := p.decoder.Decode()
	if err != nil {
		return nil, fmt.Errorf("amitest: read action: %w", err)
	}
	return m, nil
}

// Expect returns the client's next action, which must be the named one. Pings
// that come before it are answered.
func (p *Peer) Expect(name string) (ami.Message, error) {
	for {
		m, err := p.Read()
		if err != nil {
			return nil, err
		}
		got := m.Get("Action")
		switch {
		case got == name:
			return m, nil
		case got == "Ping":
			if err := p.Send(Pong(m)); err != nil {
				return nil, err
			}
		default:
			return nil, fmt.Errorf("amitest: action %q came, want %q", got, name)
		}
	}
}

// Pong makes the reply to a Ping.
func Pong(action ami.Message) ami.Message {
	return Reply(action, "Success", "Ping", "Pong", "Timestamp", strconv.FormatInt(time.Now().Unix(), 10)+".000000")
}

// FullyBooted makes the event that tells that the PBX is ready.
func FullyBooted(uptime time.Duration) ami.Message {
	seconds := strconv.Itoa(int(uptime.Seconds()))
	return Event("FullyBooted", "Privilege", "system,all", "Uptime", seconds, "LastReload", seconds, "Status", "Fully Booted")
}

// Greet sends the greeting.
func (p *Peer) Greet() error { return p.Raw(Greeting) }

// Login greets and reads up to a correct login, plain or by challenge, which
// it returns without an answer.
func (p *Peer) Login() (ami.Message, error) {
	if err := p.Greet(); err != nil {
		return nil, err
	}
	const challenge = "126305695"
	m, err := p.Read()
	if err != nil {
		return nil, err
	}
	if m.Get("Action") == "Challenge" {
		if err := p.Send(Reply(m, "Success", "Challenge", challenge)); err != nil {
			return nil, err
		}
		if m, err = p.Expect("Login"); err != nil {
			return nil, err
		}
		if sum := md5.Sum([]byte(challenge + Secret)); m.Get("Key") != hex.EncodeToString(sum[:]) {
			return nil, fmt.Errorf("amitest: wrong key in the login")
		}
		return m, nil
	}
	if m.Get("Action") != "Login" || m.Get("Secret") != Secret {
		return nil, fmt.Errorf("amitest: no correct login but action %q", m.Get("Action"))
	}
	return m, nil
}

// Accept logs the client in and tells, in the same segment, that the PBX has
// been up so long.
func (p *Peer) Accept(uptime time.Duration) error {
	login, err := p.Login()
	if err != nil {
		return err
	}
	return p.Send(Reply(login, "Success", "Message", "Authentication accepted"), FullyBooted(uptime))
}

// Refuse answers the client's login as Asterisk does for every fault in it:
// after one second, then it hangs up.
func (p *Peer) Refuse() error {
	if err := p.Greet(); err != nil {
		return err
	}
	login, err := p.Read()
	if err != nil {
		return err
	}
	<-time.After(time.Second)
	if err := p.Send(Reply(login, "Error", "Message", "Authentication failed")); err != nil {
		return err
	}
	return p.Close()
}

// Serve answers actions until the client hangs up or logs off: Pings by
// itself, the others with what answer returns.
func (p *Peer) Serve(answer func(action ami.Message) []ami.Message) error {
	for {
		m, err := p.Read()
		if err != nil {
			return err
		}
		switch m.Get("Action") {
		case "Ping":
			err = p.Send(Pong(m))
		case "Logoff":
			return nil
		default:
			if messages := answer(m); len(messages) > 0 {
				err = p.Send(messages...)
			}
		}
		if err != nil {
			return err
		}
	}
}

// Drain reads and throws away actions until the client hangs up: a PBX that
// takes everything and answers nothing.
func (p *Peer) Drain() error {
	for {
		if _, err := p.Read(); err != nil {
			return err
		}
	}
}
