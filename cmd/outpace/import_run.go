package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/outpace/outpace/dlma"
)

// importPatience is how long an import waits for a server that does not answer.
const importPatience = time.Minute

// errImportStopped ends an import that somebody has stopped.
var errImportStopped = errors.New("stopped")

// importer loads the rows of one file.
type importer struct {
	rows     *dlma.Reader
	client   *client // nil: rows are only checked
	list     string  // uuid
	report   *refusals
	screen   *importScreen
	patience time.Duration
	stopping chan struct{} // closed when somebody asks to stop

	mu    sync.Mutex
	tally importCounts
}

// importCounts are the figures of an import.
type importCounts struct {
	read, loaded, already, refused int
	offset                         int64 // bytes of the file that have been read
	line                           int   // where the last row that was read begins
}

func (i *importer) counts() importCounts {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.tally
}

func (i *importer) count(change func(*importCounts)) {
	i.mu.Lock()
	defer i.mu.Unlock()
	change(&i.tally)
}

// run reads the rows and sends them, several at once, until the file ends or
// something is wrong that is not the row's fault. The first signal ends it
// after what is under way, the second at once.
func (i *importer) run(ctx context.Context, connections int, signals <-chan os.Signal) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var around sync.WaitGroup // goroutines beside the work
	done := make(chan struct{})
	around.Go(func() { i.listen(cancel, signals, done) })
	around.Go(func() { i.screen.watch(i.counts, done) })
	defer around.Wait()
	defer close(done)

	work, ctx := errgroup.WithContext(ctx)
	jobs := make(chan dlma.Row)
	work.Go(func() error {
		defer close(jobs)
		return i.read(ctx, jobs)
	})
	for range connections {
		work.Go(func() error {
			for row := range jobs {
				if err := i.load(ctx, row); err != nil {
					return err
				}
			}
			return nil
		})
	}
	err := work.Wait()
	if err == nil {
		if n := i.counts().refused; n > 0 {
			return fmt.Errorf("import: %d rows were refused; the others are loaded", n)
		}
		return nil
	}
	if errors.Is(err, context.Canceled) {
		err = errImportStopped
	}
	return fmt.Errorf("import: ended near line %d: %w. Run it again to go on: what is loaded is not loaded twice", i.counts().line, err)
}

// listen turns signals into a stop, and then into an end.
func (i *importer) listen(cancel context.CancelFunc, signals <-chan os.Signal, done <-chan struct{}) {
	select {
	case <-signals:
		close(i.stopping)
	case <-done:
		return
	}
	select {
	case <-signals:
		cancel()
	case <-done:
	}
}

// read hands rows to those who send them.
func (i *importer) read(ctx context.Context, jobs chan<- dlma.Row) error {
	for {
		row, err := i.rows.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		select {
		case jobs <- row:
		case <-i.stopping:
			return errImportStopped
		case <-ctx.Done():
			return ctx.Err()
		}
		i.count(func(n *importCounts) { n.read, n.offset, n.line = row.Number, i.rows.Offset(), row.Line })
	}
}

// load brings one row to its end: loaded, there already, or refused.
func (i *importer) load(ctx context.Context, row dlma.Row) error {
	made := fateLoaded
	err := row.Err
	if err == nil && i.client != nil {
		made, err = i.send(ctx, row)
	}
	if bad, ok := errors.AsType[dlma.Invalid](err); ok {
		i.count(func(n *importCounts) { n.refused++ })
		return i.report.add(row, bad)
	}
	if err != nil {
		return err
	}
	i.count(func(n *importCounts) {
		if made == fateLoaded {
			n.loaded++
		} else {
			n.already++
		}
	})
	return nil
}
