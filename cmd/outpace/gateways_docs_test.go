package main

import (
	"maps"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// keysOf are the keys of a kind's own in the settings file.
func keysOf(t reflect.Type) []string {
	var keys []string
	for i := range t.NumField() {
		f := t.Field(i)
		key, options, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		switch {
		case f.Type == reflect.TypeFor[gatewayCommon]():
		case options == "inline":
			keys = append(keys, keysOf(f.Type)...)
		default:
			keys = append(keys, key)
		}
	}
	return keys
}

// TestSettingsOfGatewaysInDocs finds each key of each hosted kind in
// docs/gateways.md: the common ones in the section of settings, the others in
// the kind's own.
func TestSettingsOfGatewaysInDocs(t *testing.T) {
	page, err := os.ReadFile("../../docs/gateways.md")
	if err != nil {
		t.Fatal(err)
	}
	section := func(heading string) string {
		_, rest, _ := strings.Cut(string(page), "\n"+heading+"\n")
		text, _, _ := strings.Cut(rest, "\n## ")
		return text
	}
	common := append(keysOf(reflect.TypeFor[hostedFile]()), "queues")
	if len(common) != 6 {
		t.Fatalf("the common keys are %v", common)
	}
	for _, key := range common {
		if !strings.Contains(section("## Hosted PBXs"), "| `"+key+"` |") {
			t.Errorf("docs/gateways.md lacks the common key %s", key)
		}
	}
	for _, kind := range slices.Sorted(maps.Keys(demoKinds)) {
		for _, key := range keysOf(reflect.TypeOf(kinds[kind]()).Elem()) {
			if !slices.Contains(common, key) && !strings.Contains(section("## "+kind), "`"+key+"`") {
				t.Errorf("the section %s of docs/gateways.md lacks the key %s", kind, key)
			}
		}
	}
}
