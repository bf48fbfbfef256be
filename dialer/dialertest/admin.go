package dialertest

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/outpace/outpace/dialer/ami"
)

// NewAdmin starts a manager connection for a lab, which ends with the test,
// and waits until it is ready.
func NewAdmin(t *testing.T, cfg ami.Config) *ami.Client {
	t.Helper()
	cfg.EventMask = "system"
	client, err := ami.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() { _ = client.Run(ctx) })
	t.Cleanup(func() {
		cancel()
		wg.Wait()
	})
	ready, stop := context.WithTimeout(ctx, 20*time.Second)
	defer stop()
	if err := client.Ready(ready); err != nil {
		t.Fatal(err)
	}
	return client
}
