package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/audit"
	"github.com/severhq/sever/internal/desk"
	"github.com/severhq/sever/internal/desk/paper"
	"github.com/severhq/sever/internal/roles"
	"github.com/severhq/sever/internal/sheet"
	"github.com/severhq/sever/internal/store"
)

func (a *app) secretsCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "secrets",
		Short: "Shared secrets that people could know: import and list",
		Args:  cobra.NoArgs,
		RunE:  func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(a.importSecretsCommand(), a.listSecretsCommand())
	return c
}

func (a *app) importSecretsCommand() *cobra.Command {
	var w importWish
	c := &cobra.Command{
		Use:   "import <file.csv | file.json | ->",
		Short: "Import who could know which shared secret",
		Long: `A CSV file has a header line: principal,secret,owner and, if you like, how. A JSON file has
a list of objects with the same fields, or an object with the list "secrets".

The secret is its name ("deploy key of shop"), never its value. The owner is who rotates
it; how is in words, or a URL. When the principal leaves, each becomes a task of the case:
she could know it, so somebody rotates it and says so (sever tasks done). A case that is
open already takes up what is imported later.

Nothing is written when any line is wrong. Importing again changes nothing; nothing is
ever removed by an import.`,
		Example: "  sever secrets import secrets.csv --dry-run",
		Args:    cobra.ExactArgs(1),
		RunE:    does(func(ctx context.Context, args []string) error { return a.importSecrets(ctx, args[0], w) }),
	}
	c.Flags().BoolVar(&w.dryRun, "dry-run", false, "show what would change, and write nothing")
	c.Flags().StringVar(&w.as, "as", "", "who imports (default $SEVER_ACTOR, or who is logged in)")
	return c
}

func secretOf(e sheet.Entry) store.SharedSecret {
	return store.SharedSecret{Principal: access.PrincipalID(e.Text("principal")), Name: e.Text("secret"), Owner: e.Text("owner"), How: e.Text("how")}
}

// importedSecrets is the JSON of an import.
type importedSecrets struct {
	DryRun     bool           `json:"dry_run"`
	Added      []paper.Secret `json:"added"`
	Changed    []paper.Secret `json:"changed"`
	Unchanged  int            `json:"unchanged"`
	Principals int            `json:"principals"`
}

func (a *app) importSecrets(ctx context.Context, path string, w importWish) error {
	by, err := a.allowed(w.as, roles.Import)
	if err != nil {
		return err
	}
	text, source, err := a.readInput(path)
	if err != nil {
		return err
	}
	in, problems := readSecrets(text, source)
	if len(problems) > 0 {
		return badFile(path, problems)
	}
	clients, err := a.records(ctx)
	if err != nil {
		return err
	}
	defer clients.Close()
	out, err := takeSecrets(ctx, clients.store, in, intake{by, source, text.sum(), w.dryRun})
	if err != nil {
		return err
	}
	a.showSecretImport(out)
	return nil
}

// takeSecrets records what was read, or says what that would change.
func takeSecrets(ctx context.Context, s *store.Store, in []store.SharedSecret, how intake) (importedSecrets, error) {
	out := importedSecrets{DryRun: how.dryRun}
	err := s.Do(ctx, func(tx *store.Tx) error {
		have, err := tx.SharedSecrets(ctx, "")
		if err != nil {
			return err
		}
		out.compare(have, in)
		if how.dryRun {
			return nil
		}
		diff, err := tx.ImportSecrets(ctx, in, how.by)
		if err != nil || diff.Added+diff.Changed == 0 {
			return err
		}
		return tx.Append(ctx, audit.Event{Chain: audit.House, Key: "secrets/" + how.sum + "/" + desk.Random(12), At: time.Now(),
			Kind: audit.SecretsImported, Actor: how.by, Object: how.source, Words: fmt.Sprintf("%d added, %d changed", diff.Added, diff.Changed),
			Data: map[string]any{"sha256": how.sum, "added": diff.Added, "changed": diff.Changed, "unchanged": diff.Unchanged}})
	})
	return out, err
}

// compare finds what the import will change.
func (d *importedSecrets) compare(have, in []store.SharedSecret) {
	d.Added, d.Changed, d.Unchanged = []paper.Secret{}, []paper.Secret{}, 0
	known := map[secretName]store.SharedSecret{}
	for _, s := range have {
		known[secretName{string(s.Principal), s.Name}] = s
	}
	people := map[access.PrincipalID]bool{}
	for _, s := range in {
		people[s.Principal] = true
		old, there := known[secretName{string(s.Principal), s.Name}]
		switch {
		case !there:
			d.Added = append(d.Added, paper.SecretOf(s))
		case old.Owner != s.Owner || old.How != s.How:
			d.Changed = append(d.Changed, paper.SecretOf(s))
		default:
			d.Unchanged++
		}
	}
	d.Principals = len(people)
}

func (a *app) showSecretImport(d importedSecrets) {
	if a.json {
		a.out.document(d)
		return
	}
	out := importChanges{dryRun: d.DryRun, unchanged: d.Unchanged, people: d.Principals}
	for _, x := range d.Added {
		out.added = append(out.added, secretWords(x))
	}
	for _, x := range d.Changed {
		out.changed = append(out.changed, secretWords(x))
	}
	a.showChanges(out)
}

func secretWords(s paper.Secret) string {
	return fmt.Sprintf("%s could know %s; %s rotates it", s.Principal, s.Secret, s.Owner)
}

func (a *app) listSecretsCommand() *cobra.Command {
	var principal string
	c := &cobra.Command{
		Use:   "list",
		Short: "List who could know which shared secret, and who rotates it",
		Args:  cobra.NoArgs,
		RunE: does(a.reading(func(ctx context.Context, _ []string) error {
			return a.listSecrets(ctx, access.PrincipalID(principal))
		})),
	}
	c.Flags().StringVar(&principal, "principal", "", "only of this principal")
	return c
}

func (a *app) listSecrets(ctx context.Context, principal access.PrincipalID) error {
	clients, err := a.records(ctx)
	if err != nil {
		return err
	}
	defer clients.Close()
	out, err := paper.Secrets(ctx, clients.store, principal)
	if err != nil {
		return err
	}
	rows := [][]string{}
	for _, s := range out.Secrets {
		rows = append(rows, []string{printable(string(s.Principal)), printable(s.Secret), printable(s.Owner), printable(s.How)})
	}
	switch {
	case a.json:
		a.out.document(out)
	case len(rows) == 0:
		a.out.line("No shared secrets. Import some: sever secrets import FILE.csv")
	default:
		a.out.table([]string{"principal", "secret", "owner", "how"}, rows)
	}
	return nil
}
