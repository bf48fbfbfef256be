package results

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"
)

// tutorial is the result of the basic tutorial: a park application, answered.
func tutorial() Result {
	tm := func(s string) time.Time {
		t, err := time.Parse(time.RFC3339Nano, s)
		if err != nil {
			panic(err)
		}
		return t
	}
	return Result{
		Attempt: Attempt{
			UUID: "7ac02fb2-abe9-4882-a023-bbba573fc220", ActionID: "7f2aab69-4d09-4756-ac9a-f522c9e12f47", Gateway: "asterisk",
			Campaign: "30097375-df96-4ca4-829b-b1e3100a2221", Plan: "50fd1e1f-920b-477a-b84c-afe58928dadc",
			Destination: "36a8a632-569d-414a-94e1-f92c8e0d505e", List: "42b72a18-a6c5-43bf-b9aa-6043ff32128d",
			Entry: "7d760dd1-8ba5-48d9-989d-415d610ffe57", Name: "basic tutorial test customer 1",
			DialChannel: "sip/300", DialAddr: "300", DialIndex: 1, DialTry: 1, DialTimeout: 30 * time.Second,
			DialType: 1, DialApplication: "park", TmCreate: tm("2017-03-08T02:02:19.491821216Z"),
		},
		Seq: 1, Status: 7, Channel: "SIP/300-00000001", ResDial: 4, ResDialDetail: "Remote end has answered",
		ResHangup: 16, ResHangupDetail: "Normal Clearing", Disposition: Answered,
		TmDial: tm("2017-03-08T02:02:19.5Z"), TmAnswer: tm("2017-03-08T02:02:21Z"), TmHangup: tm("2017-03-08T02:02:38.22Z"),
		TmUpdate: tm("2017-03-08T02:02:38.225648380Z"), Ring: 1500 * time.Millisecond, Talk: 17220 * time.Millisecond, Billsec: 17,
	}
}

func TestAppendLineGolden(t *testing.T) {
	const want = `{"seq":1,"uuid":"7ac02fb2-abe9-4882-a023-bbba573fc220","name":"basic tutorial test customer 1","ukey":null,` +
		`"disposition":"answered","status":7,"action_id":"7f2aab69-4d09-4756-ac9a-f522c9e12f47","gateway":"asterisk",` +
		`"channel":"SIP/300-00000001","agent":null,"res_dial":4,"res_dial_detail":"Remote end has answered",` +
		`"res_hangup":16,"res_hangup_detail":"Normal Clearing","abandoned":null,` +
		`"uuid_camp":"30097375-df96-4ca4-829b-b1e3100a2221","uuid_plan":"50fd1e1f-920b-477a-b84c-afe58928dadc",` +
		`"uuid_dest":"36a8a632-569d-414a-94e1-f92c8e0d505e","uuid_dlma":"42b72a18-a6c5-43bf-b9aa-6043ff32128d",` +
		`"uuid_dl_list":"7d760dd1-8ba5-48d9-989d-415d610ffe57","dial_channel":"sip/300","dial_addr":"300","dial_index":1,` +
		`"dial_trycnt":1,"dial_timeout":30000,"dial_type":1,"dial_context":null,"dial_exten":null,"dial_priority":null,` +
		`"dial_application":"park","dial_data":"","dial_variables":null,"caller_id":null,` +
		`"tm_create":"2017-03-08T02:02:19.491821216Z","tm_dial":"2017-03-08T02:02:19.500000000Z","tm_ring":null,` +
		`"tm_answer":"2017-03-08T02:02:21.000000000Z","tm_agent":null,"tm_hangup":"2017-03-08T02:02:38.220000000Z",` +
		`"tm_update":"2017-03-08T02:02:38.225648380Z","tm_delete":null,"ring_ms":1500,"wait_ms":0,"talk_ms":17220,` +
		`"billsec":17,"recording":null}` + "\n"
	if got := string(tutorial().AppendLine([]byte("x")))[1:]; got != want {
		t.Errorf("line is\n%s\nwant\n%s", got, want)
	}
}

// The keys of the two results that the outbound tutorial shows.
func TestAppendLineHasTheDocumentedKeys(t *testing.T) {
	documented := strings.Fields(`uuid name res_hangup_detail status action_id res_dial_detail dial_addr res_dial tm_update
		res_hangup uuid_camp uuid_plan uuid_dest dial_data uuid_dlma dial_channel uuid_dl_list tm_create dial_trycnt
		dial_application dial_type dial_index dial_timeout dial_exten tm_delete`)
	added := strings.Fields(`seq disposition gateway channel caller_id dial_context dial_priority dial_variables ukey agent
		tm_dial tm_ring tm_answer tm_agent tm_hangup ring_ms wait_ms talk_ms billsec recording abandoned`)
	var object map[string]any
	if err := json.Unmarshal(Result{}.AppendLine(nil), &object); err != nil {
		t.Fatal(err)
	}
	want := slices.Sorted(slices.Values(append(documented, added...)))
	if got := slices.Sorted(maps.Keys(object)); !slices.Equal(got, want) {
		t.Errorf("keys are %v, want %v", got, want)
	}
}

func TestAppendLineNotSent(t *testing.T) {
	no := false
	r := Result{Seq: 3, Disposition: NotPlaced, Abandoned: &no, Attempt: Attempt{DialVariables: map[string]string{}}}
	r.DialVariables["b"], r.DialVariables["a"] = "2", "1"
	line := string(r.AppendLine(nil))
	for _, want := range []string{`"ring_ms":null`, `"wait_ms":null`, `"talk_ms":null`, `"abandoned":false`,
		`"dial_variables":{"a":"1","b":"2"}`, `"dial_data":null`, `"tm_create":null`} {
		if !strings.Contains(line, want) {
			t.Errorf("%s is not in %s", want, line)
		}
	}
}

// checkLine holds for whatever a result's texts contain.
func checkLine(t *testing.T, name string) {
	t.Helper()
	r := tutorial()
	r.Name, r.ResHangupDetail, r.DialVariables = name, name, map[string]string{name: name}
	line := r.AppendLine(nil)
	if !utf8.Valid(line) {
		t.Fatalf("line of %q is not UTF-8", name)
	}
	if i := bytes.IndexAny(line, "\n\r\x00"); i != len(line)-1 {
		t.Fatalf("line of %q has a line end or NUL at %d of %d", name, i, len(line))
	}
	if i := bytes.IndexFunc(line, func(c rune) bool { return unicode.IsControl(c) || c == 0x2028 || c == 0x2029 }); i != len(line)-1 {
		t.Fatalf("line of %q has at %d what a terminal or a reader obeys", name, i)
	}
	var got struct {
		Name *string           `json:"name"`
		Vars map[string]string `json:"dial_variables"`
	}
	if err := json.Unmarshal(line, &got); err != nil {
		t.Fatalf("line of %q: %v", name, err)
	}
	var want string
	for _, c := range name { // replaces bad bytes one by one
		want += string(c)
	}
	if name == "" {
		if got.Name != nil {
			t.Fatalf("no name is written as %q", *got.Name)
		}
	} else if got.Name == nil || *got.Name != want {
		t.Fatalf("name %q is read back as %v", name, got.Name)
	}
	if got.Vars[want] != want {
		t.Fatalf("variable %q is read back as %q", name, got.Vars)
	}
	if seq, uuid, err := ParseLine(line); err != nil || seq != r.Seq || uuid != r.UUID {
		t.Fatalf("ParseLine gives %d, %q, %v", seq, uuid, err)
	}
}

func FuzzAppendLine(f *testing.F) {
	for _, s := range []string{"", "Anne", "O'Brien \"x\" \\", "a\nb\r\t\x00\x1b\x7f", "\xff\xfe", "Grüße \U0001F600 \u2028\u2029\u0080\u0085\u009b2J\u009f\u00a0", "</script>"} {
		f.Add(s)
	}
	f.Fuzz(checkLine)
}

func FuzzParseLine(f *testing.F) {
	f.Add(tutorial().AppendLine(nil))
	for _, s := range []string{"", "\n", "{}", `{"seq":1}`, `{"seq":0,"uuid":"x"}`, `{"seq":1,"uuid":"x"`, `{"seq":1.5,"uuid":"x"}`,
		`{"seq":1,"uuid":"x"}{`, `[1]`, `{"seq":99999999999999999999,"uuid":"x"}`, `{"seq":1,"uuid":7}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		seq, uuid, err := ParseLine(line)
		if err == nil && (seq < 1 || uuid == "" || !json.Valid(line)) {
			t.Fatalf("%q is taken for line %d, %q", line, seq, uuid)
		}
		if err != nil && (seq != 0 || uuid != "") {
			t.Fatalf("%q gives %d, %q with an error", line, seq, uuid)
		}
	})
}

func TestParseLineCut(t *testing.T) {
	line := tutorial().AppendLine(nil)
	for i := range len(line) - 1 {
		if _, _, err := ParseLine(line[:i]); err == nil {
			t.Fatalf("a line cut at %d of %d is accepted", i, len(line))
		}
	}
}
