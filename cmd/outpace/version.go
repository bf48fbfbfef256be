package main

import (
	"runtime"
	"runtime/debug"
)

// version is the release's, set at link time with -X main.version=...; without
// it the build facts speak.
var version string

type versionCmd struct{}

// Run prints the build facts, one a line.
func (versionCmd) Run(w world) error { //nolint:unparam // the parser wants an error from every command
	facts := buildFacts(debug.ReadBuildInfo())
	sayf(w.out, "outpace %s", facts.version)
	if facts.revision != "" {
		sayf(w.out, "revision %s%s", facts.revision, facts.modified)
	}
	if facts.time != "" {
		sayf(w.out, "revision time %s", facts.time)
	}
	sayf(w.out, "%s %s/%s", runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return nil
}

type facts struct {
	version  string
	revision string
	modified string // " (modified)" if the tree had changes
	time     string
}

func buildFacts(info *debug.BuildInfo, ok bool) facts {
	f := facts{version: version}
	if !ok {
		info = &debug.BuildInfo{}
	}
	if f.version == "" {
		f.version = info.Main.Version
	}
	if f.version == "" || f.version == "(devel)" {
		f.version = "development"
	}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			f.revision = s.Value
		case "vcs.time":
			f.time = s.Value
		case "vcs.modified":
			if s.Value == "true" {
				f.modified = " (modified)"
			}
		}
	}
	return f
}
