package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/outpace/outpace/dialer/ami"
	"github.com/outpace/outpace/dialer/ami/amitest"
)

// BenchmarkEventFlood measures the same way as BenchmarkAgentFreeToOriginate,
// with 10,000 further events a second on the connection: those of a recorded
// call to a queue, over and over, as calls of others. The agents' events stand
// behind them in the stream, so what delays those delays the Originate. It
// reports percentiles in ms, and the events a second that were sent.
func BenchmarkEventFlood(b *testing.B) {
	for _, rate := range []int{0, 10_000} {
		b.Run(fmt.Sprint(rate), func(b *testing.B) { benchmarkFlood(b, rate) })
	}
}

func benchmarkFlood(b *testing.B, rate int) {
	pbx := newScriptedPBX(b, 100)
	s, err := loadSettings(layer{}, "", env("OUTPACE_LISTEN=127.0.0.1:0", "OUTPACE_DATABASE=sqlite:"+filepath.Join(b.TempDir(), "outpace.db"),
		"OUTPACE_RESULTS="+filepath.Join(b.TempDir(), "results.json"), "OUTPACE_AMI_MAX_CPS=1000",
		"OUTPACE_AMI_ADDRESS="+pbx.listener.Addr().String(), "OUTPACE_AMI_USERNAME=dialer", "OUTPACE_AMI_SECRET="+amitest.Secret))
	if err != nil {
		b.Fatal(err)
	}
	app, err := New(b.Context(), s, slog.New(slog.DiscardHandler))
	if err != nil {
		b.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	var parts sync.WaitGroup
	parts.Go(func() {
		if err := app.Run(ctx); err != nil {
			b.Error(err)
		}
	})
	flooding, stopFlood := context.WithCancel(ctx)
	defer func() {
		stopFlood()
		stop()
		parts.Wait()
		if err := app.Close(); err != nil {
			b.Error(err)
		}
	}()
	startCampaign(b, app, b.N+1000)
	<-pbx.ready

	call := recordedCall(b)
	sent, start := 0, time.Now()
	var flood sync.WaitGroup
	if rate > 0 {
		flood.Go(func() { sent = pbx.flood(flooding, call, rate) })
	}
	var took []float64
	for i := 0; b.Loop(); i++ {
		agent := i % 100
		begin := time.Now()
		pbx.member(agent, 1)
		originate := <-pbx.originates
		took = append(took, float64(time.Since(begin).Microseconds())/1000)
		pbx.member(agent, 2)
		pbx.fail(originate)
	}
	stopFlood()
	flood.Wait()
	b.ReportMetric(float64(sent)/time.Since(start).Seconds(), "events/s")
	slices.Sort(took)
	b.ReportMetric(took[len(took)/2], "ms/median")
	b.ReportMetric(took[len(took)*9/10], "ms/p90")
	b.ReportMetric(took[len(took)*99/100], "ms/p99")
}

// flood sends the messages of a call at a rate until ctx ends, and returns how
// many.
func (p *scriptedPBX) flood(ctx context.Context, call []ami.Message, rate int) int {
	const period = 5 * time.Millisecond
	tick := time.NewTicker(period)
	defer tick.Stop()
	start, sent := time.Now(), 0
	for {
		select {
		case <-ctx.Done():
			return sent
		case now := <-tick.C:
			var batch []ami.Message
			for due := int(now.Sub(start).Seconds() * float64(rate)); sent < due; sent++ {
				batch = append(batch, call[sent%len(call)])
			}
			p.send(batch...)
		}
	}
}

// recordedCall are the events of a call to a queue as a real Asterisk sent them.
func recordedCall(b *testing.B) []ami.Message {
	b.Helper()
	text, err := os.ReadFile(filepath.FromSlash("../../dialer/ami/testdata/traces/queue-rrmemory-caller-ends.ami"))
	if err != nil {
		b.Fatal(err)
	}
	_, text, _ = bytes.Cut(text, []byte("\r\n"))
	decoder := ami.NewDecoder(bytes.NewReader(text))
	var call []ami.Message
	for {
		m, err := decoder.Decode()
		if errors.Is(err, io.EOF) {
			return call
		}
		if err != nil {
			b.Fatal(err)
		}
		if name := m.Get("Event"); name != "" && name != "FullyBooted" && m.ActionID() == "" {
			call = append(call, m)
		}
	}
}
