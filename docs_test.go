package outpace_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
)

var (
	mdLink   = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	heading  = regexp.MustCompile(`(?m)^#+ (.+)$`)
	makeVerb = regexp.MustCompile("(?m)(?:^ {4}|`)make ([a-z0-9]+)")
)

// pages are the Markdown files of the repository.
func pages(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, pattern := range []string{"*.md", "docs/*.md", "deploy/*/*.md"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			all[file] = string(text)
		}
	}
	if all["README.md"] == "" {
		t.Fatal("there is no README.md")
	}
	return all
}

// anchors are the names that GitHub gives to the headings of a page.
func anchors(text string) map[string]bool {
	names := map[string]bool{}
	for _, m := range heading.FindAllStringSubmatch(text, -1) {
		name := strings.Map(func(r rune) rune {
			switch {
			case r >= 'a' && r <= 'z', r >= '0' && r <= '9', r == '-', r == '_':
				return r
			case r == ' ':
				return '-'
			}
			return -1
		}, strings.ToLower(m[1]))
		names[name] = true
	}
	return names
}

func TestLinksInDocsLeadSomewhere(t *testing.T) {
	all := pages(t)
	for file, text := range all {
		for _, m := range mdLink.FindAllStringSubmatch(text, -1) {
			path, anchor, _ := strings.Cut(m[1], "#")
			if strings.Contains(path, "://") {
				continue
			}
			target := file
			if path != "" {
				target = filepath.Join(filepath.Dir(file), path)
			}
			if _, err := os.Stat(target); err != nil {
				t.Errorf("%s links to %s, which is not there", file, m[1])
				continue
			}
			if anchor != "" && !anchors(all[target])[anchor] {
				t.Errorf("%s links to %s; that page has no such heading", file, m[1])
			}
		}
	}
}

func TestVerbsInDocsAreInTheMakefile(t *testing.T) {
	makefile, err := os.ReadFile("Makefile")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for file, text := range pages(t) {
		for _, m := range makeVerb.FindAllStringSubmatch(text, -1) {
			n++
			if !strings.Contains(string(makefile), "\n"+m[1]+": ") {
				t.Errorf("%s says `make %s`, which the Makefile does not have", file, m[1])
			}
		}
	}
	if n == 0 {
		t.Error("no page names a verb of the Makefile")
	}
}

// compose is what of a compose file points to other files.
type compose struct {
	Services map[string]struct {
		Image string
		Build struct{ Context, Dockerfile string }
	}
}

func TestComposeFindsItsFiles(t *testing.T) {
	text, err := os.ReadFile("deploy/compose.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var c compose
	if err := yaml.Unmarshal(text, &c); err != nil {
		t.Fatalf("read compose.yaml: %v", err)
	}
	for _, name := range []string{"postgres", "asterisk", "outpace"} {
		s, ok := c.Services[name]
		switch {
		case !ok:
			t.Errorf("there is no service %s", name)
		case s.Image == "" && s.Build.Context == "":
			t.Errorf("service %s has neither an image nor a build", name)
		case s.Build.Context != "":
			if _, err := os.Stat(filepath.Join("deploy", s.Build.Context, s.Build.Dockerfile)); err != nil {
				t.Errorf("service %s: %v", name, err)
			}
		}
	}
}
