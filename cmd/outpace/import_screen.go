package main

import (
	"cmp"
	"fmt"
	"io"
	"time"
)

// importScreen shows how far an import is: on a terminal a bar that is drawn
// over itself, elsewhere a line now and then.
type importScreen struct {
	screen screen
	size   int64 // of the file in bytes, 0 = not known
	every  time.Duration
}

func newImportScreen(out io.Writer, size int64) *importScreen {
	s := &importScreen{screen: newScreen(out), size: size, every: 10 * time.Second}
	if s.screen.terminal {
		s.every = 200 * time.Millisecond
	}
	return s
}

// watch shows the figures until done is closed.
func (s *importScreen) watch(counts func() importCounts, done <-chan struct{}) {
	began := time.Now()
	tick := time.NewTicker(s.every)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			s.show(time.Since(began), counts())
		case <-done:
			if s.screen.terminal {
				_, _ = fmt.Fprint(s.screen.out, "\r\x1b[2K") // the sum takes its place
			}
			return
		}
	}
}

func (s *importScreen) show(elapsed time.Duration, n importCounts) {
	text := s.text(elapsed, n)
	if !s.screen.terminal {
		sayf(s.screen.out, "%s", text)
		return
	}
	columns := 80
	if s.screen.width != nil {
		columns = cmp.Or(s.screen.width(), columns)
	}
	// A line that the terminal had to break could not be drawn over.
	_, _ = fmt.Fprintf(s.screen.out, "\r\x1b[2K%s", text[:min(len(text), columns-1)])
}

// text is the progress in one line, in ASCII.
func (s *importScreen) text(elapsed time.Duration, n importCounts) string {
	done := n.loaded + n.already + n.refused
	rate := float64(done) / max(elapsed.Seconds(), 0.001)
	text := fmt.Sprintf("%d rows, %.0f/s, %d loaded, %d there already, %d refused", done, rate, n.loaded, n.already, n.refused)
	if s.size <= 0 {
		return text
	}
	share := min(float64(n.offset)/float64(s.size), 1)
	left := "?"
	if share > 0.005 {
		left = time.Duration(float64(elapsed) * (1 - share) / share).Round(time.Second).String()
	}
	return fmt.Sprintf("%s %3.0f %%  %s, %s left", bar(int(1000*share), 1000), 100*share, text, left)
}
