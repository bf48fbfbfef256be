// Package api serves the REST API under /ob and /v1/ob: plans, destinations,
// dial lists, entries, dialings, campaigns, their statistics and results. It
// speaks to storage through the interfaces that it declares.
package api
