package ami

import (
	"context"
	"crypto/md5"
	"crypto/tls"
	"encoding/hex"
	"fmt"
	"net"
	"strings"
	"time"
)

// maxEarly is how many events may come before the answer to the login.
const maxEarly = 1000

// open dials, logs in and returns the session, not yet running, and the
// server's greeting. When ctx ends the attempt is cut at once.
func (c *Client) open(ctx context.Context) (s *session, greeting string, err error) {
	c.states.set(StateChange{State: StateConnecting, Epoch: c.epoch, At: time.Now()})
	conn, err := c.dial(ctx)
	if err != nil {
		return nil, "", err
	}
	defer func() {
		if err != nil {
			err = closeAfter(err, conn)
		}
	}()
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() }) // ends the call that waits
	s, greeting, err = c.login(conn)
	if !stop() {
		return nil, "", context.Cause(ctx)
	}
	if err != nil {
		return nil, "", err
	}
	if err := conn.SetDeadline(time.Time{}); err != nil {
		return nil, "", fmt.Errorf("ami: clear deadline: %w", err)
	}
	return s, greeting, nil
}

// closeAfter closes a connection that was of no use, and returns err. What Close says adds
// nothing to the error that is already there.
func closeAfter(err error, conn net.Conn) error {
	_ = conn.Close()
	return err
}

func (c *Client) dial(ctx context.Context) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, c.cfg.DialTimeout)
	defer cancel()
	conn, err := c.cfg.Dial(ctx, "tcp", c.cfg.Address)
	if err != nil {
		return nil, fmt.Errorf("ami: dial: %w", err)
	}
	if c.cfg.TLS == nil {
		return conn, nil
	}
	settings := c.cfg.TLS.Clone()
	if settings.ServerName == "" {
		settings.ServerName, _, _ = net.SplitHostPort(c.cfg.Address) // New has checked it
	}
	secure := tls.Client(conn, settings)
	if err := secure.HandshakeContext(ctx); err != nil {
		return nil, closeAfter(fmt.Errorf("ami: TLS: %w", err), conn)
	}
	return secure, nil
}

// login reads the greeting and authenticates, each within its timeout.
func (c *Client) login(conn net.Conn) (*session, string, error) {
	idle := &idleConn{Conn: conn}
	s := newSession(&c.cfg, &c.hub, idle, NewDecoderLimits(idle, c.cfg.Limits))
	if err := conn.SetDeadline(time.Now().Add(c.cfg.GreetingTimeout)); err != nil {
		return nil, "", fmt.Errorf("ami: set deadline: %w", err)
	}
	greeting, err := s.decoder.Greeting()
	if err != nil {
		return nil, "", fmt.Errorf("ami: read greeting: %w", err)
	}
	if !strings.Contains(greeting, "Call Manager/") {
		return nil, "", fmt.Errorf("ami: the server's first line %.40q is not that of a manager interface", greeting)
	}
	c.states.set(StateChange{State: StateLogin, Epoch: c.epoch, At: time.Now()})
	if err := conn.SetDeadline(time.Now().Add(c.cfg.LoginTimeout)); err != nil {
		return nil, "", fmt.Errorf("ami: set deadline: %w", err)
	}
	login := Message{{"Action", "Login"}, {"ActionID", c.ids.next()}, {"Username", c.cfg.Username}}
	if c.cfg.MD5 {
		reply, err := s.ask(Message{{"Action", "Challenge"}, {"ActionID", c.ids.next()}, {"AuthType", "MD5"}})
		if err != nil {
			return nil, "", fmt.Errorf("ami: challenge: %w", err)
		}
		// The protocol knows no other digest.
		key := md5.Sum([]byte(reply.Get("Challenge") + c.cfg.Secret))
		login = append(login, Header{"AuthType", "MD5"}, Header{"Key", hex.EncodeToString(key[:])})
	} else {
		login = append(login, Header{"Secret", c.cfg.Secret})
	}
	if c.cfg.EventMask != "" {
		login.Add("Events", c.cfg.EventMask)
	}
	if _, err := s.ask(login); err != nil {
		return nil, "", fmt.Errorf("ami: login: %w", err)
	}
	return s, greeting, nil
}

// ask sends an action and reads up to its reply, before the session runs.
// Events that come meanwhile are kept for its start.
func (s *session) ask(action Message) (Message, error) {
	if err := Encode(s.conn, action); err != nil {
		return nil, err
	}
	for {
		m, err := s.decoder.Decode()
		if err != nil {
			return nil, err
		}
		r := route(m)
		switch {
		case r.isResponse && r.id != "" && r.id != action.ActionID():
			continue // not ours
		case r.isResponse && isError(r):
			return nil, &AuthError{Text: strings.TrimSpace(m.Get("Message"))}
		case r.isResponse:
			return m, nil
		case len(s.early) >= maxEarly:
			return nil, &LimitError{What: "events before the login", Limit: maxEarly}
		default:
			s.early = append(s.early, m)
		}
	}
}
