package ami

import (
	"bytes"
	"testing"
	"time"
)

// BenchmarkDecode decodes a whole queue call of the recordings over and over,
// so it has the mix of events that a dialer sees. An op is one message.
func BenchmarkDecode(b *testing.B) {
	tr := loadTrace(b, "testdata/traces/queue-rrmemory-caller-ends")
	_, messages, _ := bytes.Cut(tr.ami, []byte("\r\n"))
	count := len(tr.messages(true)) - 1
	d := NewDecoder(&endlessReader{text: messages})
	b.SetBytes(int64(len(messages) / count))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := d.Decode(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
}

// endlessReader gives the same text for ever, as a socket would give it.
type endlessReader struct {
	text []byte
	at   int
}

func (r *endlessReader) Read(p []byte) (int, error) {
	if r.at == len(r.text) {
		r.at = 0
	}
	n := copy(p[:min(len(p), 4096)], r.text[r.at:])
	r.at += n
	return n, nil
}

// BenchmarkEncode writes an Originate with ten variables.
func BenchmarkEncode(b *testing.B) {
	call := Originate{Channel: "PJSIP/5550100@trunk", Application: "Queue", Data: "sales", Timeout: 30 * time.Second, ChannelID: "x"}
	for range 10 {
		call.Variables = append(call.Variables, Variable{"NAME", `Smith, "Bob"`})
	}
	b.ReportAllocs()
	for b.Loop() {
		action, err := call.Action()
		if err != nil {
			b.Fatal(err)
		}
		if _, err := action.encode("id"); err != nil {
			b.Fatal(err)
		}
	}
}
