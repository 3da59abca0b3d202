package main

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"github.com/severhq/sever/internal/config"
	"github.com/severhq/sever/internal/desk"
	"github.com/severhq/sever/internal/store"
)

func (a *app) migrateCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "migrate",
		Short: "Bring the database to this version, on your own server",
		Long: `Applies the migrations as the owner (SEVER_OWNER_DATABASE_URL) and gives the role of
SEVER_DATABASE_URL exactly the rights it needs: it can never change the audit trail. It
may be repeated. The database and both roles have to be there; see the README.`,
		Args: cobra.NoArgs,
		RunE: does(func(ctx context.Context, _ []string) error { return a.migrate(ctx) }),
	}
}

// migrated is the JSON of migrate.
type migrated struct {
	Migrated bool `json:"migrated"`
}

func (a *app) migrate(ctx context.Context) error {
	s, err := config.Parse[ownerSettings](a.vars, "")
	if err != nil {
		return desk.Invalidf("%s", strings.ReplaceAll(err.Error(), "\n", "; ")).Then("set them (sever help settings)")
	}
	if err := store.Migrate(ctx, s.Owner, s.URL); err != nil {
		return err
	}
	if a.json {
		a.out.document(migrated{true})
	}
	a.sayf("The database is at the version of this program, and the application's role has its rights.")
	return nil
}
