package main

import (
	"context"
	"io"

	"github.com/spf13/cobra"

	"github.com/severhq/sever/internal/config"
	"github.com/severhq/sever/internal/desk"
)

// app is one run of the program.
type app struct {
	vars    config.Vars // the environment, over what sever.env supplies
	environ config.Vars // the environment alone
	stdin   io.Reader
	out     *screen
	stderr  *screen
	json    bool
	noColor bool
	running bool // the command line was understood: errors from here on are not about it
	// steps are the connections whose every step is told while a case is followed; of
	// the others only trouble and what became of it. Nil means all.
	steps []string
}

func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "sever",
		Short: "End a person's access to every server, durably, with proof and audit",
		Long: `Sever ends a person's access to databases and servers: it finds the accounts, locks
them, takes away what they hold, deletes them, asks the systems themselves whether
they are gone, and keeps a trail of it that cannot be changed unseen.

Begin with "sever demo" (everything on this machine, nothing to set up) or with
"sever up" (the same to stay). "sever help settings" lists the variables,
"sever help roles" says who may do what, "sever help exit-codes" and "sever help json"
are for scripts.`,
		SilenceErrors: true,
		SilenceUsage:  true,
		PersistentPreRun: func(*cobra.Command, []string) {
			a.running = true
			if a.noColor {
				a.out.color, a.stderr.color = false, false
			}
		},
	}
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		return desk.Invalidf("%v", err).Then("see: %s --help", c.CommandPath())
	})
	root.PersistentFlags().BoolVar(&a.json, "json", false, "print JSON for machines (see: sever help json)")
	root.PersistentFlags().BoolVar(&a.noColor, "no-color", false, "print without colours")
	root.AddGroup(
		&cobra.Group{ID: "cases", Title: "Cases:"},
		&cobra.Group{ID: "decide", Title: "Decisions:"},
		&cobra.Group{ID: "know", Title: "Accounts and systems:"},
		&cobra.Group{ID: "audit", Title: "Audit:"},
		&cobra.Group{ID: "run", Title: "Running Sever:"},
	)
	add := func(group string, commands ...*cobra.Command) {
		for _, c := range commands {
			c.GroupID = group
			root.AddCommand(c)
		}
	}
	add("cases", a.offboardCommand(), a.incidentCommand(), a.statusCommand(), a.casesCommand(), a.tasksCommand())
	add("decide", a.decisionCommands()...)
	add("decide", a.reinstateCommand())
	add("know", a.rosterCommand(), a.identitiesCommand(), a.secretsCommand(), a.sweepsCommand(), a.connectionsCommand(), a.providersCommand(), a.preflightCommand(),
		a.deliveriesCommand(), a.hooksCommand())
	add("audit", a.evidenceCommand(), a.auditCommand())
	add("run", a.upCommand(), a.serveCommand(), a.tokensCommand(), a.demoCommand(), a.simulateCommand(), a.migrateCommand(), a.reconcileCommand(), a.noticesCommand(), a.keysCommand(), a.codecCommand(), a.versionCommand())
	root.AddCommand(topics()...)
	return root
}

// does wraps the work of a command for cobra.
func does(work func(ctx context.Context, args []string) error) func(*cobra.Command, []string) error {
	return func(c *cobra.Command, args []string) error { return work(c.Context(), args) }
}
