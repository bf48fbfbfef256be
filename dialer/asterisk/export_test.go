package asterisk

// SetBuffer makes the stream of events shorter.
func (g *Gateway) SetBuffer(n int) { g.buffer = n }

// Traces, Messages and Pick give the recordings to the tests from outside.
const Traces = traces

var (
	Messages = messages
	Pick     = pick
)
