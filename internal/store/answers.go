package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/audit"
)

// ErrNoAccount says that a question is about a rule: there is no account to confirm.
var ErrNoAccount = errors.New("the question is about no account in particular")

// Confirm notes a person's word that the account of a question is the principal's: the
// link is recorded as confirmed and tied to exactly this account. It is an audit row of
// the house, and of the case that waits for it; the id of that case comes back, empty
// when none does.
func (t *Tx) Confirm(ctx context.Context, q Question, by, why string) (openCase string, err error) {
	if q.Rule != "" {
		return "", fmt.Errorf("confirm question %d: %w", q.ID, ErrNoAccount)
	}
	if err := t.AnswerQuestion(ctx, q.ID, SaidYes, by, why); err != nil {
		return "", err
	}
	if err := t.Retie(ctx, q.Principal, q.Ref, by); err != nil {
		return "", err
	}
	return t.confirm(ctx, q, by, why)
}

// ConfirmLink notes a person's word that an account is a principal's although nobody
// has asked. It says nothing about which account of that name is meant.
func (t *Tx) ConfirmLink(ctx context.Context, who access.PrincipalID, account access.Ref, by, why string) (openCase string, err error) {
	return t.confirm(ctx, Question{Principal: who, Ref: account}, by, why)
}

func (t *Tx) confirm(ctx context.Context, q Question, by, why string) (string, error) {
	if _, err := t.ImportIdentities(ctx, []access.Identity{{Principal: q.Principal, Connection: q.Connection, Account: q.Name, Host: q.Host,
		Evidence: access.Confirmed, Source: by}}, by); err != nil {
		return "", err
	}
	return t.noteAnswer(ctx, q, audit.IdentityConfirmed, by, why)
}

// Reject notes a person's word that the account of a question is not the principal's, or
// that there is none by its rule. It is asked no more.
func (t *Tx) Reject(ctx context.Context, q Question, by, why string) (openCase string, err error) {
	if err := t.AnswerQuestion(ctx, q.ID, SaidNo, by, why); err != nil {
		return "", err
	}
	return t.noteAnswer(ctx, q, audit.IdentityRejected, by, why)
}

// noteAnswer writes the audit rows of an answer and closes the task of the open case.
func (t *Tx) noteAnswer(ctx context.Context, q Question, kind, by, why string) (string, error) {
	c, err := t.OpenCaseOf(ctx, q.Principal)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return "", err
	}
	now := time.Now()
	e := audit.Event{Chain: audit.House, Key: fmt.Sprintf("answer/%s/%d/%d", q.Principal, q.ID, now.UnixNano()), At: now, Kind: kind, Actor: by,
		Object: q.String(), Words: why, Data: map[string]any{"principal": string(q.Principal), "resource": q.Resource, "foreign_id": q.ForeignID}}
	if q.Rule != "" {
		e.Object, e.Data["rule"] = q.Connection+": "+q.Rule, q.Rule
	}
	if q.ID != 0 {
		e.Data["question"] = q.ID
	}
	if err := t.Append(ctx, e); err != nil || c.ID == "" {
		return "", err
	}
	e.Chain = c.ID
	if err := t.Append(ctx, e); err != nil {
		return "", err
	}
	return c.ID, t.CloseTask(ctx, c.ID, fmt.Sprintf("question/%d", q.ID), by, why)
}
