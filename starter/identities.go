package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/audit"
	"github.com/severhq/sever/internal/desk"
	"github.com/severhq/sever/internal/roles"
	"github.com/severhq/sever/internal/store"
)

func (a *app) identitiesCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "identities",
		Short: "Who has which account: import, list, and answer what is not certain",
		Args:  cobra.NoArgs,
		RunE:  func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(a.importCommand(), a.listIdentitiesCommand(), a.questionsCommand(), a.confirmCommand(), a.rejectCommand())
	return c
}

func (a *app) importCommand() *cobra.Command {
	var w importWish
	c := &cobra.Command{
		Use:   "import <file.csv | file.json | ->",
		Short: "Import who has which account from a CSV or JSON file",
		Long: `A CSV file has a header line: principal,connection,account and, if you like, host, login,
name, email. A JSON file has a list of objects with the same fields, or an object with
the lists "principals" (principal, login, name, email) and "identities". The name of the
file decides which it is, else how it begins.

A principal is the immutable id of your roster; an account is the exact name at the
connection, letter for letter. Where accounts have hosts (MySQL, MariaDB, Trove) a link
means the account of that host alone; the host * says that every account of the name is
meant. A link without a host is a question there.

Nothing is written when any line is wrong. Importing again changes nothing; nothing is
ever removed by an import.`,
		Example: "  sever identities import links.csv --dry-run\n  ./export-links | sever identities import -",
		Args:    cobra.ExactArgs(1),
		RunE:    does(func(ctx context.Context, args []string) error { return a.importIdentities(ctx, args[0], w) }),
	}
	c.Flags().BoolVar(&w.dryRun, "dry-run", false, "show what would change, and write nothing")
	c.Flags().BoolVar(&w.unchecked, "unchecked", false, "accept any name of a connection: for machines on which none are configured")
	c.Flags().StringVar(&w.as, "as", "", "who imports (default $SEVER_ACTOR, or who is logged in)")
	return c
}

type importWish struct {
	dryRun, unchecked bool
	as                string
}

// imported is the JSON of an import.
type imported struct {
	DryRun    bool              `json:"dry_run"`
	Added     []access.Identity `json:"added"`
	Changed   []access.Identity `json:"changed"`
	Unchanged int               `json:"unchanged"`
	People    int               `json:"people"`
}

func (a *app) importIdentities(ctx context.Context, path string, w importWish) error {
	by, err := a.allowed(w.as, roles.Import)
	if err != nil {
		return err
	}
	text, source, err := a.readInput(path)
	if err != nil {
		return err
	}
	known, err := a.connectionRule(w.unchecked)
	if err != nil {
		return err
	}
	in, problems := readIdentities(text, source, known)
	if len(problems) > 0 {
		return badFile(path, problems)
	}
	clients, err := a.records(ctx)
	if err != nil {
		return err
	}
	defer clients.Close()
	out, err := takeIdentities(ctx, clients.store, in, intake{by, source, text.sum(), w.dryRun})
	if err != nil {
		return err
	}
	a.showImport(out)
	return nil
}

// intake is how an import came.
type intake struct {
	by, source, sum string
	dryRun          bool
}

// takeIdentities records what was read, or says what that would change.
func takeIdentities(ctx context.Context, s *store.Store, in identityFile, how intake) (imported, error) {
	out := imported{DryRun: how.dryRun, Added: []access.Identity{}, Changed: []access.Identity{}, People: len(in.People)}
	err := s.Do(ctx, func(tx *store.Tx) error {
		if err := out.compare(ctx, tx, in); err != nil || how.dryRun {
			return err
		}
		if err := tx.UpsertPrincipals(ctx, in.People); err != nil {
			return err
		}
		diff, err := tx.ImportIdentities(ctx, in.Identities, how.by)
		if err != nil || diff.Added+diff.Changed == 0 {
			return err
		}
		return tx.Append(ctx, audit.Event{Chain: audit.House, Key: "identities/" + how.sum + "/" + desk.Random(12), At: time.Now(),
			Kind: audit.IdentitiesImported, Actor: how.by, Object: how.source, Words: fmt.Sprintf("%d added, %d changed", diff.Added, diff.Changed),
			Data: map[string]any{"sha256": how.sum, "added": diff.Added, "changed": diff.Changed, "unchanged": diff.Unchanged, "people": len(in.People)}})
	})
	return out, err
}

// compare finds what the import will change.
func (d *imported) compare(ctx context.Context, tx *store.Tx, in identityFile) error {
	all, err := tx.ListIdentities(ctx, store.IdentityFilter{}, store.Page{})
	if err != nil {
		return err
	}
	type link struct {
		who                 access.PrincipalID
		conn, account, host string
	}
	have := map[link]access.Identity{}
	for _, id := range all {
		have[link{id.Principal, id.Connection, id.Account, id.Host}] = id
	}
	for _, id := range in.Identities {
		old, ok := have[link{id.Principal, id.Connection, id.Account, id.Host}]
		switch {
		case !ok:
			d.Added = append(d.Added, id)
		case old.Evidence == access.ByRule || old.Evidence == id.Evidence && old.Source != id.Source:
			d.Changed = append(d.Changed, id)
		default:
			d.Unchanged++
		}
	}
	return nil
}

func (a *app) showImport(d imported) {
	if a.json {
		a.out.document(d)
		return
	}
	out := importChanges{dryRun: d.DryRun, unchanged: d.Unchanged, people: d.People}
	for _, id := range d.Added {
		out.added = append(out.added, identityWords(id))
	}
	for _, id := range d.Changed {
		out.changed = append(out.changed, identityWords(id)+" (now from "+id.Source+")")
	}
	a.showChanges(out)
}

func identityWords(id access.Identity) string {
	words := fmt.Sprintf("%s has %s at %s", id.Principal, id.Account, id.Connection)
	if id.Host != "" {
		words += " from host " + id.Host
	}
	return words
}
