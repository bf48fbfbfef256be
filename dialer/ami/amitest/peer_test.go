package amitest_test

import (
	"context"
	"errors"
	"io"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/outpace/outpace/dialer/ami"
	"github.com/outpace/outpace/dialer/ami/amitest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// dial returns the client's end of the next script.
func dial(t *testing.T, s *amitest.Server) (*ami.Decoder, io.ReadWriteCloser) {
	t.Helper()
	conn, err := s.Dial(t.Context(), "tcp", "")
	if err != nil {
		t.Fatal(err)
	}
	d := ami.NewDecoder(conn)
	if _, err := d.Greeting(); err != nil {
		t.Fatal(err)
	}
	return d, conn
}

func action(name string, pairs ...string) ami.Message {
	m := ami.Message{{Key: "Action", Value: name}, {Key: "ActionID", Value: "id-" + name}}
	for i := 0; i < len(pairs); i += 2 {
		m.Add(pairs[i], pairs[i+1])
	}
	return m
}

func TestScriptsTakeTurns(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := amitest.NewServer(t, nil, (*amitest.Peer).Refuse, func(p *amitest.Peer) error {
			if err := p.Accept(time.Minute); err != nil {
				return err
			}
			if _, err := p.Expect("Wanted"); err != nil {
				return err
			}
			return p.Split("Event: Cut\r\n\r\n", 3)
		})
		if _, err := s.Dial(t.Context(), "tcp", ""); !errors.Is(err, syscall.ECONNREFUSED) {
			t.Errorf("first: %v", err)
		}
		d, conn := dial(t, s)
		began := time.Now()
		if err := ami.Encode(conn, action("Login", "Secret", "wrong")); err != nil {
			t.Fatal(err)
		}
		if m, err := d.Decode(); err != nil || m.Response() != "Error" || m.ActionID() != "id-Login" || time.Since(began) != time.Second {
			t.Errorf("second: %v, %v", m, err)
		}
		if _, err := d.Decode(); !amitest.HungUp(err) {
			t.Errorf("second, after the refusal: %v", err)
		}
		for range 2 { // the last script plays all that follow
			d, conn = dial(t, s)
			if err := ami.Encode(conn, action("Login", "Secret", amitest.Secret)); err != nil {
				t.Fatal(err)
			}
			reply, err := d.Decode()
			booted, err2 := d.Decode()
			if err := errors.Join(err, err2); err != nil || reply.Response() != "Success" || booted.Get("Uptime") != "60" {
				t.Errorf("third: %v, %v, %v", reply, booted, err)
			}
			// A ping on the way is answered.
			for _, name := range []string{"Ping", "Wanted"} {
				if err := ami.Encode(conn, action(name)); err != nil {
					t.Fatal(err)
				}
				m, err := d.Decode()
				if err != nil || (name == "Ping") != (m.Get("Ping") == "Pong") || (name == "Wanted") != (m.Event() == "Cut") {
					t.Errorf("%s: %v, %v", name, m, err)
				}
			}
		}
		if s.Dials() != 4 {
			t.Errorf("%d dials", s.Dials())
		}
		canceled, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := s.Dial(canceled, "tcp", ""); !errors.Is(err, context.Canceled) {
			t.Errorf("canceled: %v", err)
		}
	})
}

func TestPeerRejectsWrongClients(t *testing.T) {
	t.Parallel()
	for name, first := range map[string]ami.Message{
		"wrong secret": action("Login", "Secret", "wrong"),
		"no login":     action("Ping"),
	} {
		result := make(chan error, 1)
		s := amitest.NewServer(t, func(p *amitest.Peer) error {
			_, err := p.Login()
			result <- err
			return nil
		})
		_, conn := dial(t, s)
		if err := ami.Encode(conn, first); err != nil {
			t.Fatal(err)
		}
		if err := <-result; err == nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
