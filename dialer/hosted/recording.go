package hosted

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/outpace/outpace/dialer"
)

const (
	// recordingHops is how many redirects between hosts that are allowed are
	// followed.
	recordingHops = 3
	// recordingWait is how long a PBX may take to begin with a recording.
	recordingWait = 20 * time.Second
)

// ErrNoRecording says that a result has no recording that can be fetched.
var ErrNoRecording = errors.New("there is no recording")

// ErrForeignHost says that a recording lies on a host that the settings do not
// name. It is not contacted.
var ErrForeignHost = errors.New("the recording is on a host that is not among recording_hosts")

// Recording fetches the recording that a result names. The caller closes the
// answer's body; its status is 200 or 206. header is what of the user's
// request is handed on: Range, or nothing. Only the gateway's own host and the
// recording_hosts are contacted, whatever the name says.
func (g *Gateway) Recording(ctx context.Context, name string, header http.Header) (*http.Response, error) {
	recorder, ok := g.kind.PBX.(Recorder)
	if !ok {
		return nil, dialer.ErrNotOffered
	}
	if name == "" {
		return nil, ErrNoRecording
	}
	req, err := recorder.Recording(ctx, name)
	if err != nil {
		return nil, fmt.Errorf("ask for the recording: %w", err)
	}
	req = req.WithContext(ctx)
	if ranges := header.Get("Range"); ranges != "" {
		req.Header.Set("Range", ranges)
	}
	if err := g.mayFetch(req.URL); err != nil {
		return nil, err
	}
	resp, err := g.fetcher().Do(req)
	if err != nil {
		return nil, fmt.Errorf("fetch the recording: %w", plain(err))
	}
	if resp.StatusCode == http.StatusOK || resp.StatusCode == http.StatusPartialContent {
		return resp, nil
	}
	_ = resp.Body.Close() // nothing of it is used
	if resp.StatusCode == http.StatusNotFound || resp.StatusCode == http.StatusGone {
		return nil, ErrNoRecording
	}
	return nil, fmt.Errorf("fetch the recording: %w", &StatusError{Status: resp.StatusCode})
}

// fetcher is a client that follows redirects between allowed hosts only, and
// takes no secret from one host to another.
func (g *Gateway) fetcher() *http.Client {
	return &http.Client{
		Transport: &http.Transport{
			TLSClientConfig: g.set.TLS, DisableKeepAlives: true, ResponseHeaderTimeout: recordingWait,
			TLSHandshakeTimeout: g.set.Timeout,
		},
		CheckRedirect: func(req *http.Request, via []*http.Request) error {
			if len(via) > recordingHops {
				return errors.New("too many redirects")
			}
			if err := g.mayFetch(req.URL); err != nil {
				return err
			}
			if !sameHost(req.URL, via[0].URL) {
				req.Header = http.Header{} //nolint:gosec // it takes the headers away, secrets and all
			}
			return nil
		},
	}
}

// mayFetch reports whether a URL lies on the gateway's own host or on one of
// the recording_hosts.
func (g *Gateway) mayFetch(u *url.URL) error {
	base, err := url.Parse(g.set.BaseURL)
	if err != nil {
		return fmt.Errorf("read base_url: %w", plain(err))
	}
	switch {
	case u.Scheme != "http" && u.Scheme != "https", u.User != nil, u.Opaque != "", u.Hostname() == "":
		return ErrForeignHost
	case u.Scheme == base.Scheme && sameHost(u, base):
		return nil
	case slices.ContainsFunc(g.set.RecordingHosts, func(entry string) bool { return isHost(u, entry) }):
		return nil
	}
	return ErrForeignHost
}

// sameHost reports whether two URLs have the same host and port.
func sameHost(a, b *url.URL) bool { return hostPort(a) == hostPort(b) }

// hostPort is a URL's host in small letters, without the dot that may end a
// DNS name, and its port.
func hostPort(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	return strings.TrimSuffix(strings.ToLower(u.Hostname()), ".") + ":" + port
}

// isHost reports whether a URL is on the host of an entry of recording_hosts:
// a host, for the usual port of the URL's scheme, or host:port.
func isHost(u *url.URL, entry string) bool {
	return sameHost(u, &url.URL{Scheme: u.Scheme, Host: entry})
}

// CheckHost checks an entry of recording_hosts.
func CheckHost(entry string) error {
	u, err := url.Parse("http://" + entry)
	if err != nil || u.Host != entry || u.Hostname() == "" || u.User != nil || strings.ContainsAny(entry, "/?#@ ") {
		return errors.New("must be a host, or host:port")
	}
	return nil
}
