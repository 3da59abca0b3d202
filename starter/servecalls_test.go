package main

import (
	"log/slog"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/api"
	"github.com/severhq/sever/internal/config"
	"github.com/severhq/sever/internal/desk"
)

// onlyHere are the commands without a call over HTTP, and why they have none.
var onlyHere = map[string]string{
	"sever up":            "starts servers on this machine",
	"sever serve":         "is the HTTP interface itself",
	"sever demo":          "starts servers on this machine, and breaks what it made there",
	"sever simulate":      "starts simulators on this machine",
	"sever migrate":       "needs the owner of the database, whom no server should know",
	"sever keys new":      "prints a new key, which should not travel",
	"sever codec":         "is a server of its own, for Temporal's interface",
	"sever version":       "is about the program in one's hands; the description has the server's",
	"sever tokens create": "a token that could make tokens would outlive its own end",
	"sever tokens list":   "belongs to whoever makes them",
	"sever tokens revoke": "belongs to whoever makes them",

	"sever hooks list":     "is about the settings of this machine",
	"sever hooks check":    "is about the settings of this machine",
	"sever notices test":   "sends with the settings of this machine, to see whether they are right",
	"sever notices secret": "prints a new secret, which should not travel",
}

// TestEveryCommandHasItsCall: what the command line can do, a program can ask for.
func TestEveryCommandHasItsCall(t *testing.T) {
	t.Parallel()
	a := &app{vars: config.Vars{}, out: newScreen(nil, nil), stderr: newScreen(nil, nil)}
	d := &desk.Desk{}
	s := api.New(api.Options{Desk: d, Log: slog.New(slog.DiscardHandler)})
	calls(s, d, config.Vars{})
	have := s.Commands()
	known := map[string]bool{}
	var walk func(*cobra.Command)
	walk = func(c *cobra.Command) {
		for _, below := range c.Commands() {
			walk(below)
		}
		if !c.Runnable() || groups[c.CommandPath()] {
			return
		}
		known[c.CommandPath()] = true
	}
	walk(a.root())
	for path := range known {
		_, called := have[path]
		_, excused := onlyHere[path]
		assert.NotEqual(t, called, excused, "%s: has a call: %t, stands among the exceptions: %t", path, called, excused)
	}
	for path, ids := range have {
		require.True(t, known[path], "%v: there is no command %q", ids, path)
		require.True(t, strings.HasPrefix(path, "sever "), path)
	}
	for path, why := range onlyHere {
		assert.True(t, known[path], "there is no command %q", path)
		require.NotEmpty(t, why)
	}
}

// groups are commands that only print what is below them.
var groups = map[string]bool{"sever audit": true, "sever identities": true, "sever roster": true, "sever secrets": true, "sever sweeps": true,
	"sever tokens": true, "sever notices": true, "sever deliveries": true, "sever hooks": true, "sever keys": true}
