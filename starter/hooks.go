package main

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/desk"
	"github.com/severhq/sever/internal/inbox"
	"github.com/severhq/sever/internal/inbox/hook"
)

func (a *app) hooksCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "hooks",
		Short: "Webhooks of other systems: what their messages mean",
		Args:  cobra.NoArgs,
		RunE:  func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(a.hooksListCommand(), a.hooksCheckCommand())
	return c
}

// hookList is the JSON of hooks list.
type hookList struct {
	Hooks []hookLine `json:"hooks"`
}

type hookLine struct {
	Name   string   `json:"name"`
	Path   string   `json:"path"`
	Actor  string   `json:"actor"`
	Act    string   `json:"act"` // the field that says what a message asks for
	Values []string `json:"values"`
}

func (a *app) hooksListCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "List the webhooks that are configured here",
		Args:  cobra.NoArgs,
		RunE: does(func(context.Context, []string) error {
			sources, err := a.someHooks()
			if err != nil {
				return err
			}
			out := hookList{Hooks: []hookLine{}}
			rows := [][]string{}
			for _, name := range slices.Sorted(maps.Keys(sources)) {
				s := sources[name]
				l := hookLine{name, "/hooks/" + name, s.Actor(), s.Mapping.Act.Path, []string{}}
				for _, value := range slices.Sorted(maps.Keys(s.Mapping.Act.Values)) {
					l.Values = append(l.Values, value+": "+string(s.Mapping.Act.Values[value]))
				}
				out.Hooks = append(out.Hooks, l)
				rows = append(rows, []string{l.Name, l.Path, l.Actor, printable(l.Act), printable(strings.Join(l.Values, ", "))})
			}
			if a.json {
				a.out.document(out)
				return nil
			}
			a.out.table([]string{"webhook", "path", "acts as", "field", "asks for"}, rows)
			return nil
		}),
	}
}

func (a *app) someHooks() (hook.Sources, error) {
	sources, err := webhooks(a.vars)
	if err == nil && len(sources) == 0 {
		err = desk.Invalidf("SEVER_HOOKS is not set: no webhooks are configured here").Then("see: sever help arrivals")
	}
	return sources, err
}

// understood is the JSON of hooks check.
type understood struct {
	Hook      string             `json:"hook"`
	Act       inbox.Act          `json:"act"`
	Principal access.PrincipalID `json:"principal,omitempty"`
	Subject   *inbox.Subject     `json:"subject,omitempty"`
	Reason    access.Reason      `json:"reason,omitempty"`
	At        time.Time          `json:"at,omitzero"`
	Ticket    string             `json:"ticket,omitempty"`
	Hold      string             `json:"hold,omitempty"`
	Why       string             `json:"why,omitempty"`
}

func (a *app) hooksCheckCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "check <webhook> <file.json | ->",
		Short: "Say what a message of a webhook would ask for, and do nothing",
		Long: `Reads a message as the webhook's mapping does, and prints what it asks for. Nothing is
sent, stored or started; the signature is not looked at. What the mapping cannot read is
an error, in the words that the sender would get.`,
		Example: "  sever hooks check hris sample.json",
		Args:    cobra.ExactArgs(2),
		RunE: does(func(_ context.Context, args []string) error {
			sources, err := a.someHooks()
			if err != nil {
				return err
			}
			source := sources[args[0]]
			if source == nil {
				return desk.Failf(desk.Missing, "there is no webhook %q", args[0]).Then("the configured ones are: %s", strings.Join(slices.Sorted(maps.Keys(sources)), ", "))
			}
			text, name, err := a.readInput(args[1])
			if err != nil {
				return err
			}
			o, err := source.Mapping.Read(text)
			if err != nil {
				return desk.Invalidf("%s cannot be understood by the mapping of %s: %w", name, args[0], err)
			}
			a.showUnderstood(understood{args[0], o.Act, o.Principal, o.Subject, o.Reason, o.At, o.Ticket, o.Hold, o.Why})
			return nil
		}),
	}
}

func (a *app) showUnderstood(u understood) {
	if a.json {
		a.out.document(u)
		return
	}
	who := string(u.Principal)
	if u.Subject != nil {
		who = "whose " + u.Subject.Field + " is " + u.Subject.Value
	}
	switch u.Act {
	case inbox.None:
		a.out.linef("It asks for nothing (%s).", printable(u.Why))
		return
	case inbox.Hold:
		a.out.linef("It holds the open case of the principal %s, if there is one (%s).", printable(who), printable(u.Why))
		return
	}
	when := "at once"
	if !u.At.IsZero() {
		when = "at " + u.At.Format(time.RFC3339)
	}
	a.out.linef("It ends the access of the principal %s, reason %s, %s (%s).", printable(who), u.Reason, when, printable(u.Why))
	if u.Ticket != "" {
		a.out.linef("Ticket: %s", printable(u.Ticket))
	}
	if u.Hold != "" {
		a.out.linef("Held before anything is removed: %s", printable(u.Hold))
	}
}
