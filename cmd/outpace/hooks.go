package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/outpace/outpace/api"
	"github.com/outpace/outpace/dialer"
	"github.com/outpace/outpace/dialer/hosted"
	"github.com/outpace/outpace/scheduler"
)

// hooker is a gateway that may have hooks.
type hooker interface {
	Hook(w http.ResponseWriter, r *http.Request, try api.Try)
}

// recorder is a gateway whose PBX may have recordings.
type recorder interface {
	Recording(ctx context.Context, name string, header http.Header) (*http.Response, error)
}

// gatewayHooks finds the gateways that have hooks.
type gatewayHooks []scheduler.Gateway

// Hook is what serves a gateway's hooks.
func (list gatewayHooks) Hook(name string) (api.Hook, bool) {
	for _, g := range list {
		if h, ok := g.Gateway.(hooker); ok && g.Name() == name {
			return h.Hook, true
		}
	}
	return nil, false
}

// gatewayRecordings finds the gateways whose PBXs record.
type gatewayRecordings []scheduler.Gateway

// Recording fetches a recording from the gateway's PBX.
func (list gatewayRecordings) Recording(ctx context.Context, gateway, name string, header http.Header) (*http.Response, error) {
	for _, g := range list {
		r, ok := g.Gateway.(recorder)
		if !ok || g.Name() != gateway {
			continue
		}
		resp, err := r.Recording(ctx, name, header)
		for _, none := range []error{hosted.ErrNoRecording, hosted.ErrForeignHost, dialer.ErrNotOffered} {
			if errors.Is(err, none) {
				return nil, fmt.Errorf("%w: %w", api.ErrNoRecording, err)
			}
		}
		return resp, err
	}
	return nil, fmt.Errorf("%w: its gateway %s is not configured any more, or has no recordings", api.ErrNoRecording, gateway)
}
