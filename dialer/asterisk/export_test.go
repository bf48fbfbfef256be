package asterisk

// SetBuffer makes the stream of events shorter.
func (g *Gateway) SetBuffer(n int) { g.buffer = n }
