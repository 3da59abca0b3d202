package main

import (
	"context"
	"errors"

	"github.com/severhq/sever/internal/api"
	"github.com/severhq/sever/internal/config"
	"github.com/severhq/sever/internal/desk"
	"github.com/severhq/sever/internal/provider/catalog"
	"github.com/severhq/sever/internal/roster"
)

// calls adds what this program knows how to read.
func calls(s *api.Server, d *desk.Desk, vars config.Vars) {
	incidentCalls(s, d, vars)
	sweepCalls(s, d)
	outsideCalls(s, d, vars)
	api.AddImport(s, api.Import{ID: "importIdentities", Path: "/v1/identities", Command: "sever identities import",
		Summary: "Import who has which account, as CSV or JSON", Text: "Nothing is written when any line is wrong. Importing again changes nothing; nothing is ever removed by an import."},
		func(ctx context.Context, u api.Upload) (imported, error) {
			known, err := knownHere(d.Connections)
			if err != nil {
				return imported{}, err
			}
			in, problems := readIdentities(u.Text, u.Source, known)
			if len(problems) > 0 {
				return imported{}, badFile("the body", problems)
			}
			return takeIdentities(ctx, d.Store, in, intake{u.By, u.Source, document(u.Text).sum(), u.DryRun})
		})
	api.AddImport(s, api.Import{ID: "importSecrets", Path: "/v1/secrets", Command: "sever secrets import",
		Summary: "Import who could know which shared secret, as CSV or JSON", Text: "Names of secrets, never their values."},
		func(ctx context.Context, u api.Upload) (importedSecrets, error) {
			in, problems := readSecrets(u.Text, u.Source)
			if len(problems) > 0 {
				return importedSecrets{}, badFile("the body", problems)
			}
			return takeSecrets(ctx, d.Store, in, intake{u.By, u.Source, document(u.Text).sum(), u.DryRun})
		})
	api.AddRoster(s, api.Import{ID: "importRoster", Path: "/v1/roster", Command: "sever roster import",
		Summary: "Import the complete list of people: who is missing from it has left",
		Text:    "A roster that is empty, cannot be read whole, or in which too many of the active people are missing is refused: nothing is changed, and the refusal is on record."},
		func(ctx context.Context, u api.Upload) (roster.Diff, error) {
			w := roster.Wish{By: u.By, DryRun: u.DryRun, MaxShrink: u.MaxShrink, Accept: u.AcceptShrink}
			if w.Accept != "" {
				if err := desk.ValidText("accept_shrink", w.Accept, desk.MaxText); err != nil {
					return roster.Diff{}, err
				}
			}
			out, err := roster.Take(ctx, d.Store, roster.Text{Body: u.Text, Source: u.Source, Path: "the roster"}, w)
			if no, ok := errors.AsType[*roster.RefusedError](err); ok {
				return roster.Diff{}, roster.Note(ctx, d.Store, no, w)
			}
			return out, err
		})
}

// knownHere refuses names of connections that are not configured for this server, and
// all where none are: a misspelt one would hide an account for ever.
func knownHere(conns *catalog.Connections) (func(string) error, error) {
	if conns == nil {
		return nil, desk.Refusedf("no connections are configured for this server, so their names cannot be checked").Then("set SEVER_CONNECTIONS (sever help settings)")
	}
	return knownConnection(conns), nil
}
