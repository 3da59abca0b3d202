package main

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/severhq/sever/internal/desk/paper"
	"github.com/severhq/sever/internal/store"
)

func (a *app) tasksCommand() *cobra.Command {
	var f store.TaskFilter
	c := &cobra.Command{
		Use:   "tasks",
		Short: "List what people have to do, over all cases",
		Long: `Lists the open tasks of all cases, those that are overdue first. Most close by themselves
when the systems agree. Those that no system can show, such as a shared secret that was
rotated, close when somebody says so: sever tasks done CASE TASK --reason "..."`,
		Args: cobra.NoArgs,
		RunE: does(a.reading(func(ctx context.Context, _ []string) error { return a.listTasks(ctx, f, time.Now()) })),
	}
	c.Flags().BoolVar(&f.Closed, "all", false, "closed ones too")
	c.Flags().StringVar(&f.Owner, "mine", "", "only those of this owner")
	c.AddCommand(a.taskDoneCommand())
	return c
}

func (a *app) listTasks(ctx context.Context, f store.TaskFilter, now time.Time) error {
	clients, err := a.records(ctx)
	if err != nil {
		return err
	}
	defer clients.Close()
	out, err := paper.Tasks(ctx, clients.store, f, now)
	if err != nil {
		return err
	}
	switch {
	case a.json:
		a.out.document(out)
	case len(out.Tasks) == 0:
		a.out.line("Nobody has anything to do.")
	default:
		a.showTaskList(out, now)
	}
	return nil
}

func (a *app) showTaskList(list paper.TaskList, now time.Time) {
	rows := [][]string{}
	for _, t := range list.Tasks {
		due := "-"
		switch {
		case !t.ClosedAt.IsZero():
			due = a.out.faint("closed by " + printable(t.ClosedBy))
		case t.Overdue:
			due = a.out.red("overdue since " + span(now.Sub(t.Due)))
			if t.Reminders > 0 {
				due += ", " + plural(t.Reminders, "reminder", "reminders")
			}
		case !t.Due.IsZero():
			due = relative(t.Due, now)
		}
		rows = append(rows, []string{printable(t.Case), printable(t.Key), printable(t.Subject), printable(t.Owner), due, clip(oneLine(t.Words))})
	}
	a.out.table([]string{"case", "task", "about", "owner", "due", "why"}, rows)
	for _, t := range list.Tasks {
		if t.ClosedAt.IsZero() {
			a.out.line("")
			a.out.wrapped("What is next for "+printable(t.Key)+": ", oneLine(t.Next))
			return
		}
	}
}
