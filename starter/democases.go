package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/dev/leaver"
)

// before shows that the access is real.
func (d *demonstration) before(ctx context.Context) error {
	d.heading("Before")
	for _, db := range leaver.Databases[:2] {
		err := d.site.Login(ctx, leaver.Ada, db)
		d.check(err == nil, "ada can log in to "+db, wordsOf(err))
	}
	d.lettingIn(adaID, "ada", true)
	err := d.mariaBefore(ctx)
	if err != nil {
		return err
	}
	if d.ada.session, err = d.site.Open(ctx, leaver.Ada, "shop"); err != nil {
		return err
	}
	if d.ada.masked, err = d.site.Open(ctx, leaver.Ada, "warehouse", "set role reporting"); err != nil {
		return err
	}
	if d.ada.client, err = d.site.Reconnect(ctx, leaver.Ada, "shop"); err != nil {
		return err
	}
	d.out.linef("  ada keeps a session open in shop (process %d), another in warehouse under SET ROLE reporting", d.ada.session.Pid)
	d.out.linef("  (process %d), and runs a program that connects again as soon as it is cut off.", d.ada.masked.Pid)
	return nil
}

// firstCase offboards Ada.
func (d *demonstration) firstCase(ctx context.Context) error {
	d.heading("Ada leaves")
	args := append([]string{"offboard", adaID, "--reason", "hr", "--ticket", "HR-77", "--successor", target + "=" + leaver.Successor}, d.maria.successors()...)
	code := d.command(ctx, append(args, "--steps", target, "--wait")...)
	p, err := d.last(ctx, adaID)
	if err != nil {
		return err
	}
	d.out.line("")
	d.check(code == exitOK && p.Status == access.CaseClean, "the case closed clean", fmt.Sprintf("exit code %d, status %s", code, p.Status))
	d.check(!p.ContainedAt.IsZero(), "nobody could log in as ada from "+span(p.ContainedAt.Sub(p.OpenedAt))+" on", "")
	return nil
}

// afterwards tries what a leaver would try.
func (d *demonstration) afterwards(ctx context.Context) error {
	defer d.ada.client.Close()
	defer d.ada.session.Close(ctx)
	defer d.ada.masked.Close(ctx)
	d.heading("After: what the systems say to ada")
	p, err := d.last(ctx, adaID)
	if err != nil {
		return err
	}
	for _, db := range leaver.Databases[:2] {
		err := d.site.Login(ctx, leaver.Ada, db)
		d.check(err != nil, "her login to "+db+" is refused", wordsOf(err))
	}
	err = d.ada.session.Ask(ctx, "select count(*) from sales.orders")
	d.check(err != nil, fmt.Sprintf("her open session (process %d) is dead", d.ada.session.Pid), wordsOf(err))
	err = d.ada.masked.Ask(ctx, "select count(*) from stock")
	d.check(err != nil, fmt.Sprintf("so is the one under SET ROLE (process %d)", d.ada.masked.Pid), wordsOf(err))
	t := d.ada.client.Tally()
	d.check(t.Refused > 0 && t.LastIn.Before(p.ContainedAt), "her reconnecting program is out",
		fmt.Sprintf("logged in %s, cut off at %s, refused %d times since: %s", plural(t.Logins, "time", "times"), t.LastIn.Local().Format("15:04:05.000"), t.Refused, t.Words))
	n, err := d.site.Count(ctx, leaver.Successor, "shop", "sales.orders")
	d.check(err == nil && n == 1000, "what she owned is still there, for grace", fmt.Sprintf("sales.orders has %d rows%s", n, orError(err)))
	if err := d.mariaAfter(ctx); err != nil {
		return err
	}
	d.goneAt(adaID, "her")
	return nil
}

// trail verifies the audit trail and writes the report.
func (d *demonstration) trail(ctx context.Context) error {
	d.heading("The audit trail")
	code := d.command(ctx, "audit", "verify")
	d.check(code == exitOK, "the trail is whole, and signed", "")
	p, err := d.last(ctx, adaID)
	if err != nil {
		return err
	}
	return d.writeReport(ctx, p.Case)
}

// openCase offboards Bob: what cannot be removed is shown for what it is.
func (d *demonstration) openCase(ctx context.Context) error {
	d.heading("Bob leaves, and it cannot all be done")
	code := d.command(ctx, "offboard", bobID, "--reason", "hr", "--wait")
	p, err := d.last(ctx, bobID)
	if err != nil {
		return err
	}
	d.out.line("")
	outcomes := map[string]access.Outcome{}
	for _, a := range p.Accounts {
		outcomes[strings.TrimPrefix(a.Account, target+"/")] = a.Outcome
	}
	d.check(code == exitOpen && p.Status == access.CaseOpen, "the case stays open and says so", fmt.Sprintf("exit code %d, status %s", code, p.Status))
	d.check(outcomes[leaver.Bob] == access.Contained && outcomes[leaver.Service] == access.Protected && len(p.Tasks) == 2,
		"both accounts are shown for what they are, with a task each",
		fmt.Sprintf("bob: %s, svc_billing: %s, %s", outcomes[leaver.Bob], outcomes[leaver.Service], plural(len(p.Tasks), "task", "tasks")))
	err = d.site.Login(ctx, leaver.Bob, "ledger")
	d.check(err != nil, "bob is still there, and cannot log in", wordsOf(err))
	err = d.site.Login(ctx, leaver.Service, "ledger")
	d.check(err == nil, "svc_billing was not touched", wordsOf(err))
	return nil
}

// last is the newest case of a principal, as it is on record.
func (d *demonstration) last(ctx context.Context, id access.PrincipalID) (picture, error) {
	clients, err := d.records(ctx)
	if err != nil {
		return picture{}, err
	}
	defer clients.Close()
	c, err := clients.store.LastCaseOf(ctx, id)
	if err != nil {
		return picture{}, err
	}
	return look(ctx, clients.store, c)
}

func wordsOf(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func orError(err error) string {
	if err == nil {
		return ""
	}
	return ": " + err.Error()
}
