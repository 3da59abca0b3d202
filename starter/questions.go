package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/severhq/sever/internal/desk/paper"
	"github.com/severhq/sever/internal/store"
)

func (a *app) questionsCommand() *cobra.Command {
	var all bool
	c := &cobra.Command{
		Use:   "questions",
		Short: "List the links that are not certain and wait for a person's word",
		Long: `A link is not certain when its name fits an account only but for large and small letters,
when it names no host where accounts have hosts, when a naming rule makes an account
somebody else's as well or cannot be applied, and when the account was made after the
link was recorded. Until a person answers, nothing is done to the account, and a case
that asked stays open.`,
		Args: cobra.NoArgs,
		RunE: does(func(ctx context.Context, _ []string) error { return a.questions(ctx, all) }),
	}
	c.Flags().BoolVar(&all, "all", false, "also those that were answered or withdrawn")
	return c
}

func (a *app) questions(ctx context.Context, all bool) error {
	clients, err := a.records(ctx)
	if err != nil {
		return err
	}
	defer clients.Close()
	out, err := paper.Questions(ctx, clients.store, store.QuestionFilter{Open: !all})
	if err != nil {
		return err
	}
	if a.json {
		a.out.document(out)
		return nil
	}
	a.showQuestions(out.Questions, time.Now())
	return nil
}

func (a *app) showQuestions(list []paper.Question, now time.Time) {
	if len(list) == 0 {
		a.out.line("No question waits for anybody.")
		return
	}
	rows := [][]string{}
	for _, q := range list {
		answer := a.out.red("open")
		if q.Decision != store.Unanswered {
			answer = strings.TrimSuffix(fmt.Sprintf("%s by %s, %s: %s", q.Decision, printable(q.By), clock(q.At, now), oneLine(q.Why)), ": ")
		}
		resource := q.Account.Resource
		if q.Account.ForeignID != "" {
			resource = strings.TrimSpace(resource + " #" + q.Account.ForeignID)
		}
		rows = append(rows, []string{fmt.Sprint(q.ID), printable(string(q.Principal)), printable(q.Subject()), printable(resource), oneLine(q.Words), answer})
	}
	a.out.table([]string{"no", "principal", "about", "on", "question", "answer"}, rows)
	a.out.line("")
	a.out.line(`Answer: sever identities confirm NO, or: sever identities reject NO --reason "..."`)
}
