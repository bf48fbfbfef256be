// Package api serves the REST API under /ob and /v1/ob: plans, destinations,
// dial lists, entries, dialings, campaigns, their statistics and results, and
// beside it the health checks /healthz and /readyz.
//
// It speaks to storage through the interfaces that it declares and knows
// nothing of telephony. New makes a handler; listening, TLS and the limits of
// headers belong to the program that serves it.
//
// A request passes, from the outside in: log, recovery from panics, time
// limit, guard (who asks, and what for), handler. Each route is named in one
// table together with the least role that may use it; a route without a role
// is refused when the handler is made. Every answer has the same envelope, and
// one place turns errors into it: see problemOf.
package api
