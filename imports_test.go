package outpace_test

import (
	"encoding/json"
	"errors"
	"io"
	"maps"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/outpace/outpace"

// directions is which of our packages each package may import: the arrows
// point one way. The names are relative to the module; "all" allows all.
var directions = map[string][]string{
	// Leaves. The nouns know nothing of ours but the one rule for variables,
	// which three of them share.
	"plan/variables": nil,
	"campaign":       {"plan/variables"},
	"plan":           {"plan/variables"},
	"dlma":           {"plan/variables"},
	"results":        nil,
	"predictor":      nil,
	// The simulated call centre that pacers are measured in.
	"predictor/study": {"predictor"},

	"dialer":                    {"results"},
	"dialer/ami":                nil, // the protocol alone
	"dialer/asterisk":           {"dialer", "dialer/ami", "results"},
	"dialer/pbxsim":             {"dialer/ami"},
	"dialer/hosted":             {"dialer", "results"},
	"dialer/hosted/hostedsim":   nil,
	"dialer/tel4vn":             {"dialer", "dialer/hosted", "results"},
	"dialer/tel4vn/tel4vnsim":   {"dialer/hosted/hostedsim"},
	"dialer/oapi":               {"dialer", "dialer/hosted", "results"},
	"dialer/oapi/oapisim":       {"dialer/hosted/hostedsim"},
	"dialer/oncall":             {"dialer", "dialer/hosted", "results"},
	"dialer/oncall/oncallsim":   {"dialer/hosted/hostedsim"},
	"dialer/fcm5600":            {"dialer", "dialer/hosted", "results"},
	"dialer/fcm5600/fcm5600sim": {"dialer/hosted/hostedsim"},
	"dialer/dialertest":         {"dialer", "dialer/ami", "dialer/pbxsim", "results"},

	// These three never import each other.
	"scheduler": {"campaign", "plan", "dlma", "results", "predictor", "dialer"},
	"store":     {"campaign", "plan", "dlma", "results"},
	"api":       {"campaign", "plan", "dlma", "results"},

	"store/localpg":   nil, // a Postgres server of our own
	"store/storetest": {"store", "store/localpg"},
	"cmd/outpace":     {"all"},
}

// leaves stay leaves in their tests too: what a noun needs to be tested is not
// in the packages that use it.
var leaves = []string{"plan/variables", "campaign", "plan", "dlma", "results", "predictor", "dialer/ami"}

// testers are packages for tests; only tests and other testers may import them.
var testers = []string{"dialer/dialertest", "dialer/hosted/hostedtest", "dialer/ami/amitest", "store/storetest", "scheduler/sim"}

// owners is which of our packages may import a module from elsewhere in what
// is shipped. The longest prefix that fits an import counts.
var owners = map[string][]string{
	"github.com/google/uuid":        {"all"},
	"gorm.io/":                      {"store"},
	"github.com/glebarez/":          {"store"},
	"github.com/pressly/goose":      {"store"},
	"github.com/jackc/":             {"store", "store/localpg"},
	"modernc.org/":                  {"store"},
	"github.com/labstack/echo":      {"api"},
	"golang.org/x/time":             {"api", "scheduler", "dialer/hosted"},
	"github.com/sony/gobreaker":     {"dialer/hosted"},
	"github.com/cenkalti/backoff":   {"dialer/hosted"},
	"github.com/robfig/cron":        {"scheduler"},
	"github.com/alecthomas/kong":    {"cmd/outpace"},
	"github.com/goccy/go-yaml":      {"cmd/outpace"},
	"github.com/dustin/go-humanize": {"cmd/outpace"},
	"github.com/mattn/go-isatty":    {"cmd/outpace"},
	"golang.org/x/term":             {"cmd/outpace"},
	"golang.org/x/sync":             {"all"},
	"golang.org/x/sys":              {"cmd/outpace"},
	"github.com/gofrs/flock":        {"store", "results"},
}

// listed is what go list says of a package.
type listed struct {
	ImportPath                         string
	Imports, TestImports, XTestImports []string
}

func TestImportsPointOneWay(t *testing.T) {
	for _, p := range listPackages(t) {
		name := relative(p.ImportPath)
		if name == "" {
			continue // this test's own package, which has no code
		}
		may, known := directions[name]
		if !known && !slices.Contains(testers, name) {
			t.Errorf("package %s is not in the table of directions: say there what it may import", name)
			continue
		}
		for _, path := range p.Imports {
			other := relative(path)
			switch {
			case other == "" || slices.Contains(may, "all"):
			case slices.Contains(testers, other) && !slices.Contains(testers, name):
				t.Errorf("%s imports %s, which is for tests only", name, other)
			case known && !slices.Contains(may, other):
				t.Errorf("%s imports %s; it may import %v of ours", name, other, may)
			}
		}
	}
}

func TestLeavesStayLeavesInTests(t *testing.T) {
	for _, p := range listPackages(t) {
		name := relative(p.ImportPath)
		if !slices.Contains(leaves, name) {
			continue
		}
		for _, path := range slices.Concat(p.TestImports, p.XTestImports) {
			other := relative(path)
			if other != "" && other != name && !strings.HasPrefix(other, name+"/") && !slices.Contains(directions[name], other) {
				t.Errorf("a test of %s imports %s", name, other)
			}
		}
	}
}

func TestModulesHaveOwners(t *testing.T) {
	prefixes := slices.SortedFunc(maps.Keys(owners), func(a, b string) int { return len(b) - len(a) })
	for _, p := range listPackages(t) {
		name := relative(p.ImportPath)
		if slices.Contains(testers, name) {
			continue
		}
		for _, path := range p.Imports {
			if !strings.Contains(strings.Split(path, "/")[0], ".") || strings.HasPrefix(path, module) {
				continue // the standard library, or ours
			}
			i := slices.IndexFunc(prefixes, func(prefix string) bool { return strings.HasPrefix(path, prefix) })
			if i < 0 {
				t.Errorf("%s imports %s, which no package owns: add it to the table of owners with a reason to need it", name, path)
				continue
			}
			if may := owners[prefixes[i]]; !slices.Contains(may, name) && !slices.Contains(may, "all") {
				t.Errorf("%s imports %s, which belongs to %v", name, path, may)
			}
		}
	}
}

// relative is a package's name inside the module, "" for any other.
func relative(path string) string {
	name, ours := strings.CutPrefix(path, module+"/")
	if !ours {
		return ""
	}
	return name
}

func listPackages(t *testing.T) []listed {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-json=ImportPath,Imports,TestImports,XTestImports", "./...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var all []listed
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p listed
		err := dec.Decode(&p)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("read what go list says: %v", err)
		}
		all = append(all, p)
	}
	if len(all) < len(directions)/2 {
		t.Fatalf("go list found only %d packages", len(all))
	}
	return all
}
