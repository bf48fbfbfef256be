// Package hosted is what gateways to hosted PBXs have in common: PBXs that are
// reached by HTTP, ring the agent first (click to call) and tell afterwards,
// by hooks or in their call log, what became of a call. A Gateway implements
// dialer.Gateway over a PBX, which is the small part that is a kind's own.
//
// # Who does what
//
// The Gateway has the agents' book (free = the PBX says so and none of our
// calls is his), picks the agent of each call, polls agents and call log,
// matches rows and hooks to calls, decides when a call is unknown, follows
// calls of an earlier process, and reports all of it as events. The Client has
// time-outs, limits, retries of safe requests, the circuit breaker and the
// clock skew; a Session keeps a login. The PBX only translates: it writes the
// requests and reads the answers as the kind's page says.
//
// # How a call goes
//
//	Place ──► agent picked ──► PBX.Place ──► id ──► hooks, rows ──► CallEnded
//	             │                │                     ▲
//	             │                ├─ Refusal ─► not placed, or agent_no_answer
//	             │                └─ no answer ─► looked up ─┘
//	             └─ none free ─► not sent
//
// A row of the call log ends a call; nothing else does, but for a refusal and
// the two limits: no row Grace after the agent was seen free, and MaxCall. An
// "answered" hook may be the agent's own pick-up, so it answers nothing: a
// live answer is a row that says answered, with talk time.
//
// A row belongs to a call by the PBX's own id, or else by agent, the last nine
// digits of the number and the time. Each row has one call and each call one
// row. News of a call that is not known yet are kept for Grace, since they may
// overtake the answer to our request.
//
// # What a kind provides
//
// A package of its own beneath dialer (tel4vn is the pattern):
//
//	doc.go        what the page says and what it leaves open
//	config.go     Config (embeds Settings) and New(Config) (*hosted.Gateway, error)
//	client.go     logging in: a Session, or signing
//	agents.go     PBX.Agents
//	place.go      PBX.Place and the meaning of each documented refusal
//	log.go        PBX.Rows
//	words.go      Words, a hosted.Table: the kind's words and what they mean
//	hook.go       Hooked, where the page has hooks
//	recording.go  Recorder
//	page_test.go  golden tests that quote each example body of the page
//	sim_test.go   hostedtest.Run over the kind's simulator
//	KINDsim/      its simulator: a facade over hostedsim.World
//
// New ends with
//
//	client, err := hosted.NewClient(cfg.Settings)
//	...
//	return hosted.New(cfg.Settings, hosted.Kind{Name: "tel4vn", PBX: p, Client: client})
//
// Beyond PBX a kind may implement Hanger (then the gateway has the capability
// Hangup), Detailer (what a row leaves out is asked for once it is known whose it
// is), Hooked, Recorder and Checker.
//
// # Rules for a kind
//
//   - Requests go through Client.Do (safe to repeat) and Client.Send (places a
//     call), or the Session's methods of the same names. Nothing else speaks HTTP.
//   - Place returns the error of Send as it is, but for a *StatusError, which it
//     turns into a *Refusal, and for a refusal inside a 2xx answer. A 2xx answer
//     that cannot be understood is dialer.ErrOutcomeUnknown.
//   - Local times are read by Local and written by Wall, in Settings.Zone.
//   - Words of the PBX become outcomes by Words.Outcome; the table stands in
//     docs/gateways.md, as Words.Markdown writes it, and a test compares.
//   - Rows of calls that cannot be ours (inbound, internal) are left out.
//   - Secrets and numbers stand in no error and no log line.
//
// # Simulators
//
// Package hostedsim has the world behind all simulators: agents, customers by
// number, calls that run by themselves, the call log, and the faults. A kind's
// simulator is an http.Handler that speaks the page's requests over a
// hostedsim.World, wrapped by World.Handler, which adds the faults, and sends
// hooks by World.Hook. It is shipped code: `outpace demo --gateway KIND` runs it.
//
// # Tests
//
// hostedtest.Run runs the conformance suite. It gets a function that makes a
// Lab: the kind's simulator on loopback over the given World, and a Gateway to
// it with the given Settings. See tel4vn/sim_test.go.
package hosted
