package main

import (
	"fmt"

	"github.com/outpace/outpace/api"
)

type tokenCmd struct {
	Name string `default:"admin" help:"What the token is called in the settings."`
	Role string `default:"admin" enum:"viewer,operator,admin" help:"viewer reads; operator also starts and stops campaigns and feeds lists; admin does all."`
}

// Run prints a new token and, on the second line, what to write under
// api: tokens: in the settings file. What is for people to read goes to
// standard error, so that scripts can take the lines.
func (c tokenCmd) Run(w world) error {
	secret, hash, err := api.NewToken()
	if err != nil {
		return fmt.Errorf("make a token: %w", err)
	}
	sayf(w.err, "The token, which is not kept anywhere, and its line for api: tokens: in the settings file:")
	sayf(w.out, "%s", secret)
	sayf(w.out, "- {name: %q, role: %s, hash: %q}", c.Name, c.Role, hash)
	return nil
}
