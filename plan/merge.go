package plan

import (
	"fmt"
	"maps"

	"github.com/outpace/outpace/plan/variables"
)

// MergeVariables merges the variables of one call's objects, given in the order
// campaign, plan, destination, list, entry: the later one wins. The answer is
// nil when there are none, and a map of its own otherwise. More than 100
// together are an Invalid.
func MergeVariables(objects ...map[string]string) (map[string]string, error) {
	var merged map[string]string
	for _, vars := range objects {
		if len(vars) == 0 {
			continue
		}
		if merged == nil {
			merged = make(map[string]string, len(vars))
		}
		maps.Copy(merged, vars)
	}
	if len(merged) > variables.MaxMerged {
		return nil, Invalid{"variables", fmt.Sprintf("of campaign, plan, destination, list and entry together must not be more than %d, but are %d",
			variables.MaxMerged, len(merged))}
	}
	return merged, nil
}
