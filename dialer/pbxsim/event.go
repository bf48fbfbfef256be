package pbxsim

import (
	"slices"
	"strconv"
	"strings"
)

// message builds the bytes of an event or a reply. One that nobody wants costs
// nothing: its methods do nothing then.
type message struct {
	buf  []byte
	off  bool
	name string // of the event, "" for a reply
	of   class
}

func (m *message) add(key, value string) *message {
	if !m.off {
		m.buf = append(m.buf, key...)
		m.buf = append(m.buf, ": "...)
		m.buf = append(m.buf, value...)
		m.buf = append(m.buf, '\r', '\n')
	}
	return m
}

func (m *message) num(key string, value int) *message {
	if !m.off {
		m.buf = append(m.buf, key...)
		m.buf = append(m.buf, ": "...)
		m.buf = strconv.AppendInt(m.buf, int64(value), 10)
		m.buf = append(m.buf, '\r', '\n')
	}
	return m
}

// end puts the empty line behind a message.
func (m *message) end() { m.buf = append(m.buf, '\r', '\n') }

// opt adds a header unless its value is empty.
func (m *message) opt(key, value string) *message {
	if value != "" {
		m.add(key, value)
	}
	return m
}

func (m *message) prefixed(prefix, key, value string) {
	m.buf = append(m.buf, prefix...)
	m.add(key, value)
}

// channel adds the fifteen headers that describe a channel, each with the
// prefix: "" or Dest, Parkee, LocalOne, LocalTwo.
func (m *message) channel(prefix string, ch *channel) *message {
	if m.off {
		return m
	}
	m.prefixed(prefix, "Channel", ch.name)
	m.prefixed(prefix, "ChannelState", strconv.Itoa(int(ch.state)))
	m.prefixed(prefix, "ChannelStateDesc", ch.state.String())
	m.prefixed(prefix, "CallerIDNum", orUnknown(ch.num))
	m.prefixed(prefix, "CallerIDName", orUnknown(ch.cname))
	m.prefixed(prefix, "ConnectedLineNum", orUnknown(ch.connNum))
	m.prefixed(prefix, "ConnectedLineName", orUnknown(ch.connName))
	m.prefixed(prefix, "Language", "en")
	m.prefixed(prefix, "AccountCode", ch.account)
	m.prefixed(prefix, "Context", ch.context)
	m.prefixed(prefix, "Exten", ch.exten)
	m.prefixed(prefix, "Priority", strconv.Itoa(ch.priority))
	m.prefixed(prefix, "Uniqueid", ch.id)
	m.prefixed(prefix, "Linkedid", ch.linked)
	return m
}

func orUnknown(s string) string {
	if s == "" {
		return "<unknown>"
	}
	return s
}

// event starts an event. It is sent with emit, before the next one starts.
func (p *pbx) event(of class, name string) *message {
	m := &p.msg
	*m = message{buf: m.buf[:0], name: name, of: of}
	if p.wanted&of == 0 {
		m.off = true
		return m
	}
	m.add("Event", name)
	return m.add("Privilege", of.privilege())
}

// emit sends the event to all who want it.
func (p *pbx) emit(m *message) {
	if m.off {
		return
	}
	m.end()
	p.faultyStream()
	for _, c := range p.conns {
		if c.mask&m.of != 0 {
			c.event(m.buf)
		}
	}
	p.line(m.buf)
}

// on sends an event about one channel, with what more there is to say in pairs.
func (p *pbx) on(of class, name string, ch *channel, pairs ...string) {
	m := p.event(of, name).channel("", ch)
	for pair := range slices.Chunk(pairs, 2) {
		m.add(pair[0], pair[1])
	}
	p.emit(m)
}

// short is a message in one line, for a person who watches.
func short(msg []byte) string {
	var b strings.Builder
	for line := range strings.SplitSeq(string(msg), "\r\n") {
		key, value, _ := strings.Cut(line, ": ")
		switch key {
		case "Event", "Response":
			if b.Len() == 0 {
				b.WriteString(line)
				continue
			}
		case "ActionID", "Message", "Channel", "DestChannel", "ChannelStateDesc", "Uniqueid", "DestUniqueid",
			"DialStatus", "Reason", "Cause", "Queue", "Interface", "Status", "InCall", "Paused", "ListItems":
		default:
			continue
		}
		b.WriteString("  " + key + "=" + value)
	}
	return b.String()
}
