package ami_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"math/big"
	"net"
	"strconv"
	"testing"
	"time"

	"github.com/outpace/outpace/dialer/ami"
	"github.com/outpace/outpace/dialer/ami/amitest"
)

// serveTCP plays a script on real sockets, for each connection.
func serveTCP(t testing.TB, wrap func(net.Conn) net.Conn, script amitest.Script) (address string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			p := amitest.NewPeer(wrap(conn))
			if err := script(p); err != nil && !amitest.HungUp(err) {
				t.Errorf("script: %v", err)
			}
			_ = p.Close()
		}
	}()
	t.Cleanup(func() {
		_ = listener.Close()
		<-done
	})
	return listener.Addr().String()
}

func plain(conn net.Conn) net.Conn { return conn }

// aCall is about what one event of a call looks like.
func aCall(b *bytes.Buffer, n int) {
	b.WriteString("Event: Newexten\r\nPrivilege: dialplan,all\r\nChannel: PJSIP/trunk-00000064\r\nChannelState: 6\r\n" +
		"ChannelStateDesc: Up\r\nCallerIDNum: 5550100\r\nCallerIDName: Campaign 1\r\nConnectedLineNum: <unknown>\r\n" +
		"ConnectedLineName: <unknown>\r\nLanguage: en\r\nAccountCode: \r\nContext: customers\r\nExten: 100\r\nPriority: 1\r\n" +
		"Uniqueid: 1795294755.8\r\nLinkedid: 1795294755.8\r\nExtension: 100\r\nApplication: Wait\r\nAppData: 1\r\nN: ")
	b.WriteString(strconv.Itoa(n))
	b.WriteString("\r\n\r\n")
}

// pour sends count events at 10,000 a second, catching up when it is late.
func pour(p *amitest.Peer, count int) error {
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	began := time.Now()
	for sent := 0; sent < count; {
		<-tick.C
		var b bytes.Buffer
		for due := min(count, int(time.Since(began)/(100*time.Microsecond))); sent < due; sent++ {
			aCall(&b, sent)
		}
		if err := p.Raw(b.String()); err != nil {
			return err
		}
	}
	return nil
}

// 10,000 events a second reach a subscriber with the usual buffer whole and in
// order, while another one does not read at all, and actions are answered.
func TestTenThousandEventsASecond(t *testing.T) {
	t.Parallel()
	const count = 20_000
	address := serveTCP(t, plain, acceptAnd(func(p *amitest.Peer) error {
		if _, err := p.Expect("Go"); err != nil {
			return err
		}
		if err := pour(p, count); err != nil {
			return err
		}
		return p.Serve(func(a ami.Message) []ami.Message { return []ami.Message{amitest.Reply(a, "Success")} })
	}))
	c := ready(t, ami.Config{Address: address, Username: "dialer", Secret: amitest.Secret})
	events := c.Subscribe(ami.Filter{Names: []string{"Newexten"}})
	defer events.Close()
	idle := c.Subscribe(ami.Filter{Names: []string{"Newexten"}}) // never reads
	answered := make(chan error, 1)
	go func() { answered <- goAndAsk(t, c) }()
	wantKind(t, events, ami.KindSessionOpened)
	wantKind(t, events, ami.KindSessionStarted)
	for i := range count {
		if ev := wantEvent(t, events, "Newexten"); ev.Get("N") != strconv.Itoa(i) {
			t.Fatalf("event %d is %s", i, ev.Get("N"))
		}
	}
	if err := <-answered; err != nil {
		t.Errorf("action in the burst: %v", err)
	}
	for range idle.C() { // up to its end
	}
	wantError(t, idle.Err(), ami.ErrLagged)
}

// goAndAsk starts the burst and asks something behind it.
func goAndAsk(t *testing.T, c *ami.Client) error {
	started := make(chan struct{})
	go func() {
		_, _ = c.Do(canceledIn(t, time.Minute), ami.Action{Name: "Go", Before: func() error { close(started); return nil }})
	}()
	<-started
	_, err := c.Do(canceledIn(t, time.Minute), ami.Action{Name: "Getvar"})
	return err
}

func TestTLS(t *testing.T) {
	t.Parallel()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), DNSNames: []string{"pbx.test"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	settings := &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}
	address := serveTCP(t, func(conn net.Conn) net.Conn { return tls.Server(conn, settings) }, func(p *amitest.Peer) error {
		_ = accept(p) // ends in an alert when the client refuses the certificate; the client's side is what counts
		return nil
	})
	trusted := x509.NewCertPool()
	trusted.AddCert(certificate)
	cfg := ami.Config{Address: address, Username: "dialer", Secret: amitest.Secret, TLS: &tls.Config{RootCAs: trusted}}
	good := ready(t, cfg)
	if _, err := good.Do(t.Context(), ami.Action{Name: "CoreStatus"}); err != nil {
		t.Error(err)
	}
	if err := good.Close(); err != nil {
		t.Error(err)
	}
	cfg.TLS = &tls.Config{} // knows nothing of this authority
	changes, stop := start(t, cfg).States()
	defer stop()
	for change := range changes {
		if err = change.Err; change.State == ami.StateWaiting {
			break
		}
	}
	if _, ok := errors.AsType[x509.UnknownAuthorityError](err); !ok {
		t.Errorf("an unknown certificate: %v", err)
	}
}

// BenchmarkEvents takes events from a socket through the client to a
// subscriber, who reads each.
func BenchmarkEvents(b *testing.B) {
	more := make(chan struct{}, 1)
	address := serveTCP(b, plain, acceptAnd(func(p *amitest.Peer) error {
		var batch bytes.Buffer
		for i := range 100 {
			aCall(&batch, i)
		}
		for range more {
			if err := p.Raw(batch.String()); err != nil {
				return err
			}
		}
		return nil
	}))
	c := ready(b, ami.Config{Address: address, Username: "dialer", Secret: amitest.Secret})
	events := c.Subscribe(ami.Filter{Names: []string{"Newexten"}})
	defer events.Close()
	defer close(more)
	wantKind(b, events, ami.KindSessionOpened)
	wantKind(b, events, ami.KindSessionStarted)
	b.ReportAllocs()
	count := 0
	for b.Loop() {
		more <- struct{}{}
		for range 100 {
			if ev := <-events.C(); ev.Kind != ami.KindEvent {
				b.Fatal(ev.Err)
			}
		}
		count += 100
	}
	b.ReportMetric(float64(count)/b.Elapsed().Seconds(), "events/s")
}
