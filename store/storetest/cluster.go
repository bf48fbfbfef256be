package storetest

import (
	"context"
	"fmt"
	"os"
	"sync"
	"testing"

	"github.com/outpace/outpace/store/localpg"
)

// shared is the server of this process.
var shared cluster

// cluster is a throw-away Postgres server, started when it is first asked for.
type cluster struct {
	once   sync.Once
	server *localpg.Server
	err    error
}

// Main runs the tests, stops the server if one was started, and returns the
// code to exit with.
func Main(m *testing.M) int {
	code := m.Run()
	if shared.server == nil {
		return code
	}
	if err := shared.server.Stop(); err != nil {
		fmt.Fprintln(os.Stderr, "stop Postgres:", err)

		return max(code, 1)
	}

	return code
}

func (c *cluster) start() (string, error) {
	c.once.Do(func() { c.server, c.err = localpg.Start(context.Background(), localpg.Options{}) })
	if c.err != nil {
		return "", c.err
	}

	return c.server.URL(), nil
}
