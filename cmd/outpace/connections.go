package main

import (
	"crypto/tls"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"time"
)

// mostConnections bounds the open connections to the API. A few dozen are
// plenty for people and programs at work; the rest is room for bursts.
const mostConnections = 1024

// doorkeeper bounds the connections of an HTTP server. When one too many
// comes, one has to go, so that neither many strangers nor one stranger with
// many connections can keep others out: of the addresses with the most, the
// connection that has waited longest without a request; if all of theirs are
// at work, the new one if it is one of theirs, else the oldest.
type doorkeeper struct {
	limit  int
	logger *slog.Logger
	now    func() time.Time

	mu     sync.Mutex
	guests map[net.Conn]*guest
	turned int       // connections ended since the last line in the log
	said   time.Time // when that was
}

// guest is one connection.
type guest struct {
	from   netip.Prefix
	active bool // a request is under way
	since  time.Time
}

// complaintEvery is how often the log tells of connections that had to go.
const complaintEvery = time.Minute

func newDoorkeeper(limit int, logger *slog.Logger) *doorkeeper {
	return &doorkeeper{limit: limit, logger: logger, now: time.Now, guests: map[net.Conn]*guest{}}
}

// connectionLimit is how many connections the process can afford: a third of
// the files that it may open, since each dialing side needs some too.
func connectionLimit() int { return max(16, min(mostConnections, openFiles()/3)) }

// watch is the server's ConnState.
func (d *doorkeeper) watch(conn net.Conn, state http.ConnState) {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch state {
	case http.StateNew:
		g := &guest{from: networkOf(conn.RemoteAddr()), since: d.now()}
		d.guests[conn] = g
		if len(d.guests) > d.limit {
			d.turnAway(conn)
		}
	case http.StateActive, http.StateIdle:
		if g := d.guests[conn]; g != nil {
			g.active, g.since = state == http.StateActive, d.now()
		}
	case http.StateClosed, http.StateHijacked:
		delete(d.guests, conn)
	}
}

// turnAway ends one connection, now that newcomer is one too many.
func (d *doorkeeper) turnAway(newcomer net.Conn) {
	counts, most := map[netip.Prefix]int{}, 0
	for _, g := range d.guests {
		counts[g.from]++
		most = max(most, counts[g.from])
	}
	victim := newcomer
	ownsMost := counts[d.guests[newcomer].from] == most
	for conn, g := range d.guests {
		if conn == newcomer || counts[g.from] < most || g.active && ownsMost {
			continue // of two at work the one that was there first stays
		}
		if v := d.guests[victim]; victim == newcomer || v.active && !g.active || v.active == g.active && g.since.Before(v.since) {
			victim = conn
		}
	}
	busiest := d.guests[victim].from
	delete(d.guests, victim)
	if secured, ok := victim.(*tls.Conn); ok {
		victim = secured.NetConn() // without a farewell, which could block
	}
	_ = victim.Close() // it is as good as gone
	d.turned++
	if now := d.now(); now.Sub(d.said) >= complaintEvery {
		d.logger.Warn("too many connections to the API: the idle ones of the busiest address are ended",
			slog.Int("limit", d.limit), slog.Int("ended", d.turned), slog.String("busiest", busiest.String()), slog.Int("has", most))
		d.said, d.turned = now, 0
	}
}

// open is how many connections there are.
func (d *doorkeeper) open() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.guests)
}

// networkOf is what one client can be told by: its address, or for IPv6 its
// /64, since a client has all the addresses in it.
func networkOf(address net.Addr) netip.Prefix {
	tcp, ok := address.(*net.TCPAddr)
	if !ok {
		return netip.Prefix{}
	}
	ip := tcp.AddrPort().Addr().Unmap().WithZone("")
	bits := ip.BitLen()
	if ip.Is6() {
		bits = 64
	}
	network, err := ip.Prefix(bits)
	if err != nil {
		return netip.Prefix{}
	}
	return network
}
