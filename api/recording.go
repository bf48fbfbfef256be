package api

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v5"

	"github.com/outpace/outpace/results"
)

// Recordings fetches what PBXs have recorded.
type Recordings interface {
	// Recording fetches the recording that a result of the gateway names. The
	// answer's status is 200 or 206, and the caller closes its body. Of header
	// only Range is handed on. An error that wraps ErrNoRecording says that
	// there is none to be had.
	Recording(ctx context.Context, gateway, name string, header http.Header) (*http.Response, error)
}

// ErrNoRecording says that a result has no recording that can be fetched.
var ErrNoRecording = errors.New("no recording")

// recordingTime bounds how long a recording may take to be handed on.
const recordingTime = 10 * time.Minute

// pathRecording is the end of the route of recordings.
const pathRecording = "/results/:seq/recording"

func isRecording(path string) bool {
	return strings.HasSuffix(strings.TrimSuffix(path, "/"), pathRecording)
}

// getRecording streams the recording of a call from the PBX that has it.
func (s *server) getRecording(c *echo.Context) error {
	r, err := s.resultOf(c)
	if err != nil {
		return err
	}
	if r.Recording == "" || s.cfg.Recordings == nil {
		return refuse(http.StatusNotFound, "This call has no recording")
	}
	ctx := c.Request().Context()
	resp, err := s.cfg.Recordings.Recording(ctx, r.Gateway, r.Recording, c.Request().Header)
	switch {
	case errors.Is(err, ErrNoRecording):
		s.cfg.Logger.LogAttrs(ctx, slog.LevelInfo, "recording not fetched",
			slog.Int64("seq", r.Seq), slog.String("error", maskNumbers(err.Error())))
		return refuse(http.StatusNotFound, "The recording of this call cannot be had; the log says why")
	case err != nil:
		s.cfg.Logger.LogAttrs(ctx, slog.LevelWarn, "recording not fetched",
			slog.Int64("seq", r.Seq), slog.String("error", maskNumbers(err.Error())))
		return refuse(http.StatusBadGateway, "The PBX did not give out the recording")
	}
	defer resp.Body.Close() //nolint:errcheck // what was read has been written
	return stream(c, r, resp)
}

// resultOf finds the result that a route names.
func (s *server) resultOf(c *echo.Context) (results.Result, error) {
	seq, err := strconv.ParseInt(c.Param("seq"), 10, 64)
	if err != nil || seq < 1 || seq == math.MaxInt64 {
		return results.Result{}, refuse(http.StatusNotFound, "There is no such result")
	}
	list, _, err := s.cfg.Store.Results(c.Request().Context(), results.Query{After: seq - 1, Count: 1})
	if err != nil {
		return results.Result{}, err
	}
	if len(list) == 0 || list[0].Seq != seq {
		return results.Result{}, refuse(http.StatusNotFound, "There is no such result")
	}
	return list[0], nil
}

// stream hands an answer of a PBX on. Whatever it says it is, a browser is to
// keep it as a file.
func stream(c *echo.Context, r results.Result, resp *http.Response) error {
	kind, _, err := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	if err != nil || !strings.HasPrefix(kind, "audio/") {
		kind = "application/octet-stream"
	}
	h := c.Response().Header()
	h.Set("Content-Type", kind)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "private, no-store")
	h.Set("Content-Disposition", fmt.Sprintf(`attachment; filename="recording-%d%s"`, r.Seq, endOf(r.Recording)))
	for _, name := range []string{"Accept-Ranges", "Content-Range"} {
		if value := resp.Header.Get(name); value != "" {
			h.Set(name, value)
		}
	}
	if resp.ContentLength >= 0 {
		h.Set("Content-Length", strconv.FormatInt(resp.ContentLength, 10))
	}
	// A long recording takes longer than other answers may.
	_ = http.NewResponseController(c.Response()).SetWriteDeadline(time.Now().Add(recordingTime))
	c.Response().WriteHeader(resp.StatusCode)
	if c.Request().Method == http.MethodHead {
		return nil
	}
	_, _ = io.Copy(c.Response(), resp.Body) // it has begun: nothing can be said any more
	return nil
}

// endOf is the end of a recording's name, such as .wav.
func endOf(name string) string {
	name, _, _ = strings.Cut(name, "?")
	i := strings.LastIndexByte(name, '.')
	if i < 0 || len(name)-i > 5 || strings.ContainsAny(name[i:], `/"\`) {
		return ""
	}
	for _, letter := range name[i+1:] {
		if (letter < 'a' || letter > 'z') && (letter < '0' || letter > '9') {
			return ""
		}
	}
	return name[i:]
}
