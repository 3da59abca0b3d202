package main

import (
	"context"
	"strings"

	"github.com/spf13/cobra"
)

// reconcileCommand runs once what a schedule runs every minute.
func (a *app) reconcileCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "reconcile",
		Short: "Look for cases whose workflow is gone, and remind of overdue tasks, now",
		Long: `Compares the open cases with the workflows that run, takes up those that lost theirs,
writes a reminder for every task that is overdue, makes a task of every step and second
look that should have moved and has not, and signs the audit trail. A worker does this every minute by
itself; the command does it now and says what it found.`,
		Args: cobra.NoArgs,
		RunE: does(func(ctx context.Context, _ []string) error { return a.reconcile(ctx) }),
	}
}

func (a *app) reconcile(ctx context.Context) error {
	clients, err := a.everything(ctx)
	if err != nil {
		return err
	}
	defer clients.Close()
	d, err := a.desk(clients, nil)
	if err != nil {
		return err
	}
	found, err := d.Reconcile(ctx)
	if err != nil {
		return err
	}
	if a.json {
		a.out.document(found)
		return nil
	}
	words := []string{plural(found.Open, "case is", "cases are") + " open"}
	if found.TakenUp > 0 {
		words = append(words, plural(found.TakenUp, "had no workflow and was taken up", "had no workflow and were taken up"))
	}
	if found.Reminded > 0 {
		words = append(words, plural(found.Reminded, "reminder was written", "reminders were written"))
	}
	if found.Findings > 0 {
		words = append(words, plural(found.Findings, "thing should have moved and has not; it is a task", "things should have moved and have not; they are tasks"))
	}
	a.out.line(strings.Join(words, ", ") + ".")
	return nil
}
