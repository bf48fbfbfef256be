package results

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"
)

// AppendLine appends the result as one line of the NDJSON log to dst: a JSON
// object with its keys in a fixed order, beginning with seq and uuid, and a
// line feed. The names are those of the wire; what is not set is null. The
// line is valid UTF-8 whatever the texts hold: bad bytes become U+FFFD.
func (r Result) AppendLine(dst []byte) []byte {
	w := lineWriter{dst: append(dst, `{"seq":`...)}
	w.dst = strconv.AppendInt(w.dst, r.Seq, 10)
	w.string("uuid", r.UUID)
	r.appendOutcome(&w)
	r.appendAttempt(&w)
	r.appendTimes(&w)
	return append(w.dst, '}', '\n')
}

func (r Result) appendOutcome(w *lineWriter) {
	w.text("name", r.Name)
	w.text("ukey", r.Ukey)
	w.string("disposition", string(r.Disposition))
	w.int("status", r.Status)
	w.text("action_id", r.ActionID)
	w.text("gateway", r.Gateway)
	w.text("channel", r.Channel)
	w.text("agent", r.Agent)
	w.int("res_dial", r.ResDial)
	w.text("res_dial_detail", r.ResDialDetail)
	w.int("res_hangup", r.ResHangup)
	w.text("res_hangup_detail", r.ResHangupDetail)
	w.bool("abandoned", r.Abandoned)
	w.text("uuid_camp", r.Campaign)
	w.text("uuid_plan", r.Plan)
	w.text("uuid_dest", r.Destination)
	w.text("uuid_dlma", r.List)
	w.text("uuid_dl_list", r.Entry)
}

// application is the destination type whose application and data are strings
// even when they are empty.
const application = 1

func (r Result) appendAttempt(w *lineWriter) {
	w.text("dial_channel", r.DialChannel)
	w.text("dial_addr", r.DialAddr)
	w.int("dial_index", r.DialIndex)
	w.int("dial_trycnt", r.DialTry)
	w.millis("dial_timeout", r.DialTimeout)
	w.int("dial_type", r.DialType)
	w.text("dial_context", r.DialContext)
	w.text("dial_exten", r.DialExten)
	w.text("dial_priority", r.DialPriority)
	if r.DialType == application {
		w.string("dial_application", r.DialApplication)
		w.string("dial_data", r.DialData)
	} else {
		w.text("dial_application", r.DialApplication)
		w.text("dial_data", r.DialData)
	}
	w.object("dial_variables", r.DialVariables)
	w.text("caller_id", r.CallerID)
}

func (r Result) appendTimes(w *lineWriter) {
	w.time("tm_create", r.TmCreate)
	w.time("tm_dial", r.TmDial)
	w.time("tm_ring", r.TmRing)
	w.time("tm_answer", r.TmAnswer)
	w.time("tm_agent", r.TmAgent)
	w.time("tm_hangup", r.TmHangup)
	w.time("tm_update", r.TmUpdate)
	w.null("tm_delete")
	w.millisIf("ring_ms", r.Ring, !r.TmDial.IsZero())
	w.millisIf("wait_ms", r.Wait, !r.TmAnswer.IsZero())
	w.millisIf("talk_ms", r.Talk, !r.TmAnswer.IsZero())
	w.int("billsec", r.Billsec)
	w.text("recording", r.Recording)
}

// ParseLine reads what names a line of the log: its number and its uuid. The
// line may end in a line feed. Anything but a whole JSON object with both is
// an error.
func ParseLine(line []byte) (seq int64, uuid string, err error) {
	var head struct {
		Seq  int64  `json:"seq"`
		UUID string `json:"uuid"`
	}
	if err := json.Unmarshal(line, &head); err != nil {
		return 0, "", fmt.Errorf("parse result line: %w", err)
	}
	if head.Seq < 1 || head.UUID == "" {
		return 0, "", errors.New("parse result line: seq or uuid is missing")
	}
	return head.Seq, head.UUID, nil
}

// TimeFormat is how times are written everywhere outside: RFC 3339 in UTC with
// exactly nine decimals, so that texts sort as times do.
const TimeFormat = "2006-01-02T15:04:05.000000000Z"

// lineWriter appends members to an object that has one already.
type lineWriter struct{ dst []byte }

func (w *lineWriter) key(key string) {
	w.dst = append(w.dst, ',', '"')
	w.dst = append(w.dst, key...)
	w.dst = append(w.dst, '"', ':')
}

func (w *lineWriter) null(key string) {
	w.key(key)
	w.dst = append(w.dst, "null"...)
}

func (w *lineWriter) int(key string, n int) {
	w.key(key)
	w.dst = strconv.AppendInt(w.dst, int64(n), 10)
}

func (w *lineWriter) millis(key string, d time.Duration) {
	w.key(key)
	w.dst = strconv.AppendInt(w.dst, d.Milliseconds(), 10)
}

func (w *lineWriter) millisIf(key string, d time.Duration, set bool) {
	if !set {
		w.null(key)
		return
	}
	w.millis(key, d)
}

func (w *lineWriter) bool(key string, b *bool) {
	if b == nil {
		w.null(key)
		return
	}
	w.key(key)
	w.dst = strconv.AppendBool(w.dst, *b)
}

func (w *lineWriter) time(key string, t time.Time) {
	if t.IsZero() {
		w.null(key)
		return
	}
	w.key(key)
	w.dst = append(w.dst, '"')
	w.dst = t.UTC().AppendFormat(w.dst, TimeFormat)
	w.dst = append(w.dst, '"')
}

func (w *lineWriter) string(key, s string) {
	w.key(key)
	w.dst = appendQuoted(w.dst, s)
}

// text writes "" as null.
func (w *lineWriter) text(key, s string) {
	if s == "" {
		w.null(key)
		return
	}
	w.string(key, s)
}

func (w *lineWriter) object(key string, m map[string]string) {
	if m == nil {
		w.null(key)
		return
	}
	w.key(key)
	w.dst = append(w.dst, '{')
	for i, name := range slices.Sorted(maps.Keys(m)) {
		if i > 0 {
			w.dst = append(w.dst, ',')
		}
		w.dst = append(appendQuoted(w.dst, name), ':')
		w.dst = appendQuoted(w.dst, m[name])
	}
	w.dst = append(w.dst, '}')
}

// appendQuoted appends s as a JSON string, with few escapes, so that people can
// read and grep the log: those that JSON asks for, and what a terminal would
// obey (the control characters of both kinds) or a reader take for the end of
// a line.
func appendQuoted(dst []byte, s string) []byte {
	const hex = "0123456789abcdef"
	dst = append(dst, '"')
	for _, c := range s {
		switch {
		case c == '"' || c == '\\':
			dst = append(dst, '\\', byte(c))
		case c == '\n':
			dst = append(dst, '\\', 'n')
		case c == '\r':
			dst = append(dst, '\\', 'r')
		case c == '\t':
			dst = append(dst, '\\', 't')
		case c == 0x2028 || c == 0x2029:
			dst = append(dst, '\\', 'u', '2', '0', '2', hex[c&15])
		case c < 0x20 || c >= 0x7f && c <= 0x9f:
			dst = append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		default: // ranging over a string gives U+FFFD for bad bytes
			dst = utf8.AppendRune(dst, c)
		}
	}
	return append(dst, '"')
}
