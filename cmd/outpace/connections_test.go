package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/outpace/outpace/store/storetest"
)

// visitor is a connection as the doorkeeper sees it.
type visitor struct {
	net.Conn
	from   string
	closed bool
}

func (v *visitor) RemoteAddr() net.Addr {
	return net.TCPAddrFromAddrPort(netip.MustParseAddrPort(v.from))
}

func (v *visitor) Close() error { v.closed = true; return nil }

// TestDoorkeeper plays visits at a door for four. Each text is who comes, in
// order, with a star if he is at work; the wanted one is who has to go.
func TestDoorkeeper(t *testing.T) {
	for name, tt := range map[string]struct {
		come []string
		goes int // index in come, the last one is the newcomer
	}{
		"all idle, one each":               {[]string{"10.0.0.1:1*", "10.0.0.2:1", "10.0.0.3:1", "10.0.0.4:1", "10.0.0.5:1"}, 1},
		"all at work, one each":            {[]string{"10.0.0.1:1*", "10.0.0.2:1*", "10.0.0.3:1*", "10.0.0.4:1*", "10.0.0.5:1"}, 4},
		"the busiest's oldest idle":        {[]string{"10.0.0.1:1", "10.0.0.2:1", "10.0.0.2:2", "10.0.0.2:3", "10.0.0.5:1"}, 1},
		"idle before at work":              {[]string{"10.0.0.1:1", "10.0.0.2:1*", "10.0.0.2:2*", "10.0.0.2:3", "10.0.0.5:1"}, 3},
		"all of the busiest at work":       {[]string{"10.0.0.1:1", "10.0.0.2:1*", "10.0.0.2:2*", "10.0.0.2:3*", "10.0.0.5:1"}, 1},
		"the busiest comes, has idle ones": {[]string{"10.0.0.1:1", "10.0.0.2:1*", "10.0.0.2:2", "10.0.0.2:3*", "10.0.0.2:4"}, 2},
		"the busiest comes, all at work":   {[]string{"10.0.0.1:1", "10.0.0.2:1*", "10.0.0.2:2*", "10.0.0.2:3*", "10.0.0.2:4"}, 4},
		"one network of IPv6":              {[]string{"10.0.0.1:1", "[2001:db8::1]:1", "[2001:db8::2]:1", "[2001:db8::3]:1", "10.0.0.5:1"}, 1},
		"mapped IPv4":                      {[]string{"10.0.0.1:1", "[::ffff:10.0.0.1]:2", "10.0.0.2:1", "10.0.0.3:1", "10.0.0.4:1"}, 0},
	} {
		var log bytes.Buffer
		d := newDoorkeeper(4, slog.New(slog.NewTextHandler(&log, nil)))
		clock := time.Unix(1e9, 0)
		d.now = func() time.Time { clock = clock.Add(time.Second); return clock }
		var came []*visitor
		for _, text := range tt.come {
			from, working := strings.CutSuffix(text, "*")
			v := &visitor{from: from}
			came = append(came, v)
			d.watch(v, http.StateNew)
			if working {
				d.watch(v, http.StateActive)
			}
		}
		for i, v := range came {
			if v.closed != (i == tt.goes) {
				t.Errorf("%s: %s is closed: %v", name, tt.come[i], v.closed)
			}
		}
		if d.open() != 4 || strings.Count(log.String(), "too many connections") != 1 {
			t.Errorf("%s: %d are open; the log says %s", name, d.open(), &log)
		}
		for _, v := range came { // the server says so of each, also of the one that had to go
			d.watch(v, http.StateClosed)
		}
		if d.open() != 0 {
			t.Errorf("%s: %d are left", name, d.open())
		}
	}
}

// alone is a server whose limits a test may change before it runs.
func alone(t *testing.T, change func(*http.Server)) *running {
	t.Helper()
	s, err := loadSettings(layer{}, "", env("OUTPACE_LISTEN=127.0.0.1:0", "OUTPACE_DATABASE="+storetest.SQLiteURL(t),
		"OUTPACE_RESULTS="+t.TempDir()+"/outbound_result.json", "OUTPACE_API_TOKEN="+rightful))
	if err != nil {
		t.Fatal(err)
	}
	return place{s}.startChanged(t, testLogger(t), func(a *App) { change(a.server) })
}

const rightful = "outpace_the-rightful-token-of-a-test"

// connect opens a connection to a server from an address of this host.
func connect(t *testing.T, r *running, from string) net.Conn {
	t.Helper()
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}, Timeout: time.Minute}
	conn, err := d.DialContext(t.Context(), "tcp", r.listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	return conn
}

// ended reads until the server closes a connection and returns what it said.
func ended(t *testing.T, conn net.Conn) string {
	t.Helper()
	said, err := io.ReadAll(conn)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatalf("the server keeps the connection open; it said %.200q", said)
	}
	return string(said)
}

// TestThousandsOfIdleConnections: a stranger fills the house, and the rightful
// are served as before; connections stay bounded.
func TestThousandsOfIdleConnections(t *testing.T) {
	const limit = 200
	strangers := min(3000, openFiles()-600) // as many as this process may have open
	door := newDoorkeeper(limit, slog.New(slog.DiscardHandler))
	r := alone(t, func(s *http.Server) { s.ConnState = door.watch })
	before := connect(t, r, "127.0.0.3")
	ask := func(conn net.Conn) string {
		t.Helper()
		if _, err := io.WriteString(conn, "GET /ob/plans HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer "+rightful+"\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		answer := make([]byte, 12)
		if _, err := io.ReadFull(conn, answer); err != nil {
			t.Fatal(err)
		}
		return string(answer)
	}
	if got := ask(before); got != "HTTP/1.1 200" {
		t.Fatalf("the rightful got %s", got)
	}
	var last net.Conn
	for i := range strangers {
		conn := connect(t, r, "127.0.0.2")
		if i == 0 || i == strangers-limit-1 { // some say nothing, others begin and do not end
			_, _ = io.WriteString(conn, "GET / HT")
		}
		if i%10 > 0 && i < strangers-limit {
			last = conn
		}
		if open := door.open(); open > limit {
			t.Fatalf("%d connections are open, the limit is %d", open, limit)
		}
	}
	if said := ended(t, last); said != "" {
		t.Errorf("a stranger that had to go was told %q", said)
	}
	if got := ask(connect(t, r, "127.0.0.3")); got != "HTTP/1.1 200" {
		t.Errorf("the rightful got %s from a full house", got)
	}
	if _, err := io.WriteString(before, "GET /ob/plans HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	if said := ended(t, before); !strings.Contains(said, "401") {
		t.Errorf("the connection of the rightful from before is gone: %.100q", said)
	}
}

// TestSlowAndEndlessRequests: whoever does not come to an end is ended (for the
// body of a request see the tests of api), and
// what was sent costs no memory.
func TestSlowAndEndlessRequests(t *testing.T) {
	door := newDoorkeeper(1000, slog.New(slog.DiscardHandler))
	r := alone(t, func(s *http.Server) {
		s.ReadHeaderTimeout, s.ReadTimeout, s.ConnState = 500*time.Millisecond, 2*time.Second, door.watch
	})
	auth := "Authorization: Bearer " + rightful + "\r\n"
	drip := func(conn net.Conn, part string) { // a bit, again and again, until the server has enough
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		for range tick.C {
			if _, err := io.WriteString(conn, part); err != nil {
				return
			}
		}
	}
	flood := func(conn net.Conn, part string) {
		for range 1 << 30 / len(part) {
			if _, err := io.WriteString(conn, part); err != nil {
				return
			}
		}
		t.Error("a gigabyte was taken")
	}
	big := strings.Repeat("x", 1<<16)
	parts := map[string]func(*testing.T){}
	for name, tt := range map[string]struct {
		open string
		then func(net.Conn, string)
		part string
		want string
	}{
		"silent":          {"", nil, "", ""},
		"half a line":     {"GET /ob/pl", nil, "", ""},
		"dripping header": {"GET /ob/plans HTTP/1.1\r\nHost: x\r\nX-Slow: ", drip, "x", ""},
		"endless header":  {"GET /ob/plans HTTP/1.1\r\nHost: x\r\nX-Long: ", flood, big, "431"},
		"endless line":    {"GET /", flood, big, "431"},
		"endless body": {"POST /ob/plans HTTP/1.1\r\nHost: x\r\n" + auth + "Transfer-Encoding: chunked\r\n\r\n", flood,
			fmt.Sprintf("%x\r\n%s\r\n", len(big), big), "413"},
		"oversized body": {"POST /ob/plans HTTP/1.1\r\nHost: x\r\n" + auth + "Content-Length: 99999999999\r\n\r\n", nil, "", "413"},
		"endless body of a stranger": {"POST /ob/plans HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n", flood,
			fmt.Sprintf("%x\r\n%s\r\n", len(big), big), "401"},
		"two lengths":        {"POST /ob/plans HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}", nil, "", "400"},
		"two hosts":          {"GET /ob/plans HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", nil, "", "400"},
		"a header of two":    {"GET /ob/plans HTTP/1.1\r\nHost: x\r\nX: a\rb\r\n\r\n", nil, "", "400"},
		"no HTTP":            {"\x16\x03\x01\x00\xa5\x01\r\n\r\n", nil, "", "400"},
		"an unknown version": {"GET / HTTP/9.9\r\n\r\n", nil, "", "505"},
	} {
		parts[name] = func(t *testing.T) {
			t.Parallel()
			conn := connect(t, r, "127.0.0.1")
			if _, err := io.WriteString(conn, tt.open); err != nil {
				t.Fatal(err)
			}
			sent := make(chan struct{})
			go func() {
				defer close(sent)
				if tt.then != nil {
					tt.then(conn, tt.part)
				}
			}()
			said := ended(t, conn)
			_ = conn.Close()
			<-sent
			// Where more was on its way the answer may be lost with the connection.
			if tt.want != "" && said != "" && !strings.HasPrefix(said, "HTTP/1.1 "+tt.want) {
				t.Errorf("the answer is %.200q, want %s", said, tt.want)
			}
		}
	}
	t.Run("all", func(t *testing.T) { // ends when all have
		for name, part := range parts {
			t.Run(name, part)
		}
	})
	r.client.Close()
	eventually(t, func() string { // it lingers for a moment where it refused to listen
		if n := door.open(); n > 0 {
			return fmt.Sprintf("%d connections are left", n)
		}
		return ""
	})
}
