package plan

import (
	"errors"
	"fmt"
	"maps"
	"strings"
	"testing"
)

func TestChannel(t *testing.T) {
	tests := []struct{ tech, number, trunk, want string }{
		{"sip", "300", "", "sip/300"},
		{"SIP", "300", "trunk-1", "SIP/300@trunk-1"},
		{"PJSIP", "+49555", "trunk", "PJSIP/+49555@trunk"},
		{"Local", "300", "customers", "Local/300@customers/n"},
		{"LOCAL", "300", "", "LOCAL/300/n"},
		{"IAX2", "300", "peer", "IAX2/peer/300"},
		{"DAHDI", "*31#300", "g1", "DAHDI/g1/*31#300"},
		{"dahdi", "300", "", "dahdi/300"},
	}
	for _, tt := range tests {
		got, err := Channel(tt.tech, tt.number, tt.trunk)
		if err != nil || got != tt.want {
			t.Errorf("Channel(%q, %q, %q) = %q, %v; want %q", tt.tech, tt.number, tt.trunk, got, err, tt.want)
		}
	}
}

func TestChannelRefuses(t *testing.T) {
	tests := []struct{ tech, number, trunk, field string }{
		{"", "300", "", "tech_name"},
		{"Console", "300", "", "tech_name"},
		{"SIP", "", "", "number"},
		{"SIP", "300@evil", "", "number"},
		{"SIP", "300/n", "", "number"},
		{"SIP", "300&SIP/900", "", "number"},
		{"SIP", "300\r\nAction: Logoff", "", "number"},
		{"SIP", "300\n", "", "number"},
		{"SIP", "30 0", "", "number"},
		{"SIP", "٣٠٠", "", "number"},
		{"SIP", strings.Repeat("1", 65), "", "number"},
		{"SIP", "300", "a b", "trunk_name"},
		{"Local", "300", "ctx/n", "trunk_name"},
	}
	for _, tt := range tests {
		got, err := Channel(tt.tech, tt.number, tt.trunk)
		var invalid Invalid
		if got != "" || !errors.As(err, &invalid) || invalid.Field != tt.field {
			t.Errorf("Channel(%q, %q, %q) = %q, %v; want an error about %s", tt.tech, tt.number, tt.trunk, got, err, tt.field)
		}
	}
}

func TestNext(t *testing.T) {
	limits := [Numbers]int{2, 1, 0, 3}
	tests := []struct {
		name    string
		tries   [Numbers]int
		numbers [Numbers]string
		index   int
		ok      bool
	}{
		{"first", [Numbers]int{}, [Numbers]string{"1", "2"}, 1, true},
		{"first again", [Numbers]int{1}, [Numbers]string{"1", "2"}, 1, true},
		{"second", [Numbers]int{2}, [Numbers]string{"1", "2"}, 2, true},
		{"a number without tries is passed over", [Numbers]int{2, 1}, [Numbers]string{"1", "2", "3", "4"}, 4, true},
		{"a gap is passed over", [Numbers]int{}, [Numbers]string{"", "", "", "4"}, 4, true},
		{"used up", [Numbers]int{2, 1, 0, 3}, [Numbers]string{"1", "2", "3", "4", "5"}, 0, false},
		{"beyond the limit", [Numbers]int{9, 9}, [Numbers]string{"1", "2"}, 0, false},
		{"no numbers", [Numbers]int{}, [Numbers]string{}, 0, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			index, ok := Next(limits, tt.tries, tt.numbers)
			if index != tt.index || ok != tt.ok {
				t.Errorf("got %d, %v; want %d, %v", index, ok, tt.index, tt.ok)
			}
			if i, k := (Plan{MaxRetry: limits}).Next(tt.tries, tt.numbers); i != index || k != ok {
				t.Errorf("the method differs: %d, %v", i, k)
			}
		})
	}
}

func TestMergeVariables(t *testing.T) {
	camp, entry := map[string]string{"A": "camp", "B": "camp"}, map[string]string{"B": "entry", "C": ""}
	got, err := MergeVariables(camp, nil, map[string]string{}, nil, entry)
	if want := map[string]string{"A": "camp", "B": "entry", "C": ""}; err != nil || !maps.Equal(got, want) {
		t.Errorf("merged %v, %v; want %v", got, err, want)
	}
	got["A"] = "changed"
	if camp["A"] != "camp" {
		t.Error("the merged map is an object's own")
	}
	if got, err := MergeVariables(nil, map[string]string{}); got != nil || err != nil {
		t.Errorf("merging nothing gives %v, %v; want nil", got, err)
	}
	full := make([]map[string]string, 2)
	for i := range full {
		full[i] = map[string]string{}
		for j := range 50 {
			full[i][fmt.Sprintf("V%d_%d", i, j)] = "x"
		}
	}
	if got, err := MergeVariables(full...); err != nil || len(got) != 100 {
		t.Errorf("100 variables: %d, %v", len(got), err)
	}
	var invalid Invalid
	if _, err := MergeVariables(full[0], full[1], camp); !errors.As(err, &invalid) || invalid.Field != "variables" {
		t.Errorf("102 variables: %v", err)
	}
}
