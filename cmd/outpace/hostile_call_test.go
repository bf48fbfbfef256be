package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"unicode"

	"github.com/outpace/outpace/dialer/pbxsim"
)

// logLines keeps each write of a logger.
type logLines struct {
	mu    sync.Mutex
	lines []string
}

func (l *logLines) Write(text []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines = append(l.lines, string(text))
	return len(text), nil
}

// check fails if a line is not one line, or shows what it must not.
func (l *logLines) check(t *testing.T, asJSON bool, secrets ...string) {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.lines) < 20 {
		t.Errorf("the log has %d lines only", len(l.lines))
	}
	for _, line := range l.lines {
		text, whole := strings.CutSuffix(line, "\n")
		switch {
		case !whole || strings.ContainsFunc(text, unicode.IsControl) || strings.ContainsAny(text, "\u2028\u2029"):
			t.Errorf("no line of a log: %q", line)
		case asJSON && !json.Valid([]byte(text)):
			t.Errorf("no JSON: %q", line)
		}
		for _, secret := range secrets {
			if strings.Contains(text, secret) {
				t.Errorf("the log shows %q: %q", secret, line)
			}
		}
	}
}

// send makes an object of the fields, without those that are refused, which it
// takes out of the map. Where many tests run at once the disk may be slow.
func (r *running) send(method, path string, fields map[string]any) (uuid string) {
	r.t.Helper()
	var made struct {
		UUID string `json:"uuid"`
	}
	eventually(r.t, func() string {
		err := r.do(r.t.Context(), method, path, fields, &made)
		answer, _ := errors.AsType[refused](err)
		name, _, _ := strings.Cut(answer.Message, " ")
		switch _, given := fields[name]; {
		case err == nil:
			return ""
		case answer.Status == http.StatusBadRequest && given:
			delete(fields, name)
		case answer.Status != http.StatusServiceUnavailable:
			r.t.Fatal(err)
		}
		return err.Error()
	})
	return made.UUID
}

// hostileCall is a campaign with one text wherever it may stand.
type hostileCall struct {
	index      int
	uuid, text string
	want       map[string]any // of the result
	variables  map[string]string
	exten      bool // goes to an extension that there is not
}

// dress makes a campaign whose every text is the given one, if it is let in.
func (r *running) dress(i int, text string, exten bool) hostileCall {
	r.t.Helper()
	c := hostileCall{index: i, text: text, exten: exten, want: map[string]any{}, variables: map[string]string{}}
	// object makes an object with the text in a variable and in the fields
	// named, which are given with what they are called in a result.
	object := func(kind, variable string, fixed map[string]any, fields map[string]string) string {
		body := maps.Clone(fixed)
		body["variables"] = map[string]string{variable: text}
		for field := range fields {
			body[field] = text
		}
		uuid := r.send(http.MethodPost, "/ob/"+kind, body)
		if _, kept := body["variables"]; kept {
			c.variables[variable] = text
		}
		for field, key := range fields {
			if body[field] == text && key != "" {
				c.want[key] = text
			}
		}
		return uuid
	}
	list := object("dlmas", "LIST", map[string]any{}, map[string]string{"name": ""})
	object("dls", "_DL", map[string]any{"dlma_uuid": list, "number_1": fmt.Sprintf("6000000%04d", i)}, map[string]string{
		"name": "name", "ukey": "ukey", "detail": "", "email": "", "resv_target": "", "res_dial_detail": "", "number_2": "",
	})
	plan := map[string]any{"dial_mode": 1, "tech_name": "PJSIP", "trunk_name": "trunk", "max_retry_cnt_1": 1, "max_retry_cnt_2": 0, "retry_delay": 1}
	dest, destFields := map[string]any{"type": 1, "application": "Playback"}, map[string]string{"data": "dial_data"}
	if exten {
		plan["retry_delay"] = 5
		dest, destFields = map[string]any{"type": 0, "context": "nowhere", "exten": "x"}, map[string]string{"detail": ""}
		for field, key := range map[string]string{"context": "dial_context", "exten": "dial_exten"} {
			if !strings.HasPrefix(text, " ") && len([]rune(text)) <= 80 && !strings.ContainsFunc(text, unicode.IsControl) {
				destFields[field] = key
			}
		}
	}
	c.uuid = object("campaigns", "CAMP A", map[string]any{
		"plan": object("plans", "PJSIP_HEADER(add,X-Plan)", plan, map[string]string{"caller_id": "caller_id"}),
		"dest": object("destinations", "__DEST", dest, destFields),
		"dlma": list,
	}, map[string]string{"detail": ""})
	return c
}

// TestHostileTextsOnTheirWay: calls with hostile texts wherever users may write.
// Each is one originate, and brings every text to the PBX, into the log of
// results and into the table byte for byte; the program's own log stays one
// line a line and shows no number.
func TestHostileTextsOnTheirWay(t *testing.T) {
	bothDatabases(t, func(t *testing.T, database string) {
		asJSON := strings.HasPrefix(database, "postgres")
		sim := simulate(t)
		p := newPlace(t, sim, database)
		var log logLines
		r := p.startChanged(t, LogSettings{Level: slog.LevelDebug, JSON: asJSON}.logger(&log), func(*App) {})
		var calls []hostileCall
		for _, text := range hostile {
			calls = append(calls, r.dress(len(calls), text, false))
			if len(calls)%4 == 0 { // few enough not to be taken for a broken trunk
				calls = append(calls, r.dress(len(calls), text, true))
			}
		}
		for few := range slices.Chunk(calls, 8) { // all at once would be a test of load
			r.playHostile(sim, few)
		}
		r.judgeHostile(p, sim, calls)
		r.kill()
		log.check(t, asJSON, "60000000", "sim-secret")
	})
}

// playHostile runs campaigns until each has had its call.
func (r *running) playHostile(sim *pbxsim.Server, calls []hostileCall) {
	r.t.Helper()
	for _, c := range calls {
		r.send(http.MethodPut, "/ob/campaigns/"+c.uuid, map[string]any{"status": 1})
	}
	eventually(r.t, func() string {
		asked := map[int]bool{}
		for _, o := range sim.Originates() {
			if i, err := callOf(o); err == nil {
				asked[i] = true
			}
		}
		ended := map[any]bool{}
		for _, result := range r.results() {
			ended[result["uuid_camp"]] = true
		}
		for _, c := range calls {
			if !asked[c.index] || !ended[c.uuid] {
				return fmt.Sprintf("%q: asked for: %v, ended: %v", c.text, asked[c.index], ended[c.uuid])
			}
		}
		return ""
	})
	for _, c := range calls {
		r.send(http.MethodPut, "/ob/campaigns/"+c.uuid, map[string]any{"status": 0})
		r.awaitStatus(c.uuid, 0)
	}
}

// callOf is which of the calls an originate is, by the number.
func callOf(o pbxsim.OriginateRecord) (int, error) {
	number, _, _ := strings.Cut(strings.TrimPrefix(o.Channel, "PJSIP/6000000"), "@")
	return strconv.Atoi(number)
}

// results are those that the API shows.
func (r *running) results() (list []map[string]any) {
	r.t.Helper()
	var page struct {
		List []map[string]any `json:"list"`
	}
	r.get("/ob/results?count=10000", &page)
	return page.List
}

func (r *running) judgeHostile(p place, sim *pbxsim.Server, calls []hostileCall) {
	t := r.t
	t.Helper()
	var table struct {
		List []json.RawMessage `json:"list"`
	}
	r.get("/ob/results?count=10000", &table)
	byCampaign := map[any]int{}
	for i, c := range calls {
		byCampaign[c.uuid] = i
	}
	var lines []string
	eventually(t, func() string { // the log comes after the table
		if lines = p.lines(t); len(lines) < len(table.List) {
			return fmt.Sprintf("%d lines of %d results", len(lines), len(table.List))
		}
		return ""
	})
	for i, line := range lines {
		var result map[string]any
		if err := json.Unmarshal([]byte(line), &result); err != nil || strings.ContainsFunc(line, unicode.IsControl) || string(table.List[i]) != line {
			t.Fatalf("line %d is %q, %v; the table has %s", i+1, line, err, table.List[i])
		}
		c := calls[byCampaign[result["uuid_camp"]]]
		logged, _ := result["dial_variables"].(map[string]any)
		for name, value := range c.variables {
			if logged[name] != value || len(logged) != len(c.variables) {
				t.Errorf("%q: the log has the variables %q, want %q", c.text, logged, c.variables)
			}
		}
		for key, want := range c.want {
			if result[key] != want {
				t.Errorf("%q: %s is %q in the log", c.text, key, result[key])
			}
		}
	}
	times := make([]int, len(calls))
	for _, o := range sim.Originates() {
		i, err := callOf(o)
		if err != nil || i < 0 || i >= len(calls) {
			t.Fatalf("an originate that nobody asked for: %+v", o)
		}
		times[i]++
		c, got := calls[i], map[string]string{}
		for _, v := range o.Variables {
			got[v.Name] = v.Value
		}
		if !maps.Equal(got, c.variables) {
			t.Errorf("%q: the PBX got the variables %q, want %q", c.text, got, c.variables)
		}
		// Asterisk drops blanks before a value, so they are not sent.
		for key, arrived := range map[string]string{"caller_id": o.CallerID, "dial_data": o.Data, "dial_context": o.Context, "dial_exten": o.Exten} {
			want, given := c.want[key].(string)
			if c.exten && !given && strings.HasPrefix(key, "dial_") && key != "dial_data" {
				continue // the one that it was made with
			}
			if arrived != strings.TrimLeft(want, " ") {
				t.Errorf("%q: the PBX got %s %q", c.text, key, arrived)
			}
		}
		if app := o.Application; c.exten && app != "" || !c.exten && app != "Playback" {
			t.Errorf("%q: the PBX was asked for %q", c.text, app)
		}
	}
	for i, c := range calls {
		if !c.exten && times[i] != 1 || times[i] == 0 {
			t.Errorf("%q: %d originates", c.text, times[i])
		}
	}
}
