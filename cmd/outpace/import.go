package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"strings"

	"github.com/google/uuid"

	"github.com/outpace/outpace/dlma"
)

type importCmd struct {
	File        string  `arg:"" help:"CSV file in UTF-8. Its first row names the columns as the API does: name, number_1, ukey, ..., variables.NAME."`
	Dlma        string  `required:"" placeholder:"UUID" help:"The dial list that the rows go into."`
	URL         string  `name:"url" placeholder:"URL" help:"Address of the server (OUTPACE_URL, default http://127.0.0.1:8081)."`
	Token       *Secret `placeholder:"TOKEN" help:"A token of the role operator or admin; better set as OUTPACE_API_TOKEN."`
	Refused     string  `placeholder:"FILE" help:"Where rows that are refused are written to, with the reason; it must not exist. Default: beside FILE, as NAME.refused.csv."`
	Connections int     `default:"8" help:"How many requests at once, 1 to 64."`
	Check       bool    `help:"Only check the file; nothing is sent."`
}

const defaultURL = "http://127.0.0.1:8081"

// Run loads the file. What was loaded before, by a run that was cut say, is
// recognised by its ukey and not loaded again.
func (c importCmd) Run(ctx context.Context, w world) (err error) {
	target, err := c.target(w)
	if err != nil {
		return err
	}
	file, err := os.Open(c.File)
	if err != nil {
		return fmt.Errorf("import: %w", err)
	}
	defer func() { _ = file.Close() }() // it was only read
	rows, err := dlma.NewReader(file, c.Dlma)
	if err != nil {
		return fmt.Errorf("import %s: %w", c.File, err)
	}
	report := newRefusals(c.File, c.Refused, rows.Columns())
	defer func() { err = errors.Join(err, report.close()) }()
	i := &importer{
		rows: rows, report: report, list: c.Dlma, patience: importPatience,
		screen: newImportScreen(w.err, sizeOf(file)), stopping: make(chan struct{}),
	}
	if !c.Check {
		i.client = newClient(target, c.token(w.env).Reveal())
		i.client.pool(c.Connections)
		defer i.client.Close()
		if err := i.findList(ctx); err != nil {
			return err
		}
	}
	err = i.run(ctx, c.Connections, w.signals)
	i.sum(w.out)
	return err
}

// target checks the flags and returns the server's address.
func (c importCmd) target(w world) (string, error) {
	if id, err := uuid.Parse(c.Dlma); err != nil || id.String() != c.Dlma {
		return "", wrong("--dlma", "must be the lower-case uuid of a dial list")
	}
	if c.Connections < 1 || c.Connections > 64 {
		return "", wrong("--connections", "must be 1 to 64, not %d", c.Connections)
	}
	given := c.URL
	if given == "" {
		given, _ = w.env("OUTPACE_URL")
	}
	u, err := url.Parse(cmp.Or(given, defaultURL))
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return "", wrong("--url", "must be http:// or https:// with a host, and no user, query or fragment")
	}
	if ip := net.ParseIP(u.Hostname()); u.Scheme == "http" && u.Hostname() != "localhost" && (ip == nil || !ip.IsLoopback()) && c.token(w.env).IsSet() {
		sayf(w.err, "outpace: the token and the numbers cross the network in the clear; use https:// if you can")
	}
	return strings.TrimSuffix(u.String(), "/"), nil
}

// token is that of the flag, else of the environment.
func (c importCmd) token(env lookup) Secret {
	if c.Token != nil {
		return *c.Token
	}
	text, _ := env("OUTPACE_API_TOKEN")
	return NewSecret(text)
}

// sizeOf is a file's size in bytes, 0 if it has none that is known: a pipe.
func sizeOf(file *os.File) int64 {
	info, err := file.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return 0
	}
	return info.Size()
}

// sum says how the import went.
func (i *importer) sum(out io.Writer) {
	n := i.counts()
	text := fmt.Sprintf("%d rows read: %d loaded, %d there already, %d refused", n.read, n.loaded, n.already, n.refused)
	if i.client == nil {
		text = fmt.Sprintf("%d rows checked: %d are good, %d refused; nothing was sent", n.read, n.loaded, n.refused)
	}
	if path := i.report.path; path != "" {
		text += "; why stands in " + path
	}
	sayf(out, "%s", text)
}
