package activities

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/audit"
	"github.com/severhq/sever/internal/plan"
	"github.com/severhq/sever/internal/store"
)

// Record writes what a person decided, together with its effect on the records. It
// is done before the decision takes effect. A decision of somebody who may not take it
// is a row of its own, and has no effect.
func (r *Records) Record(ctx context.Context, in RecordInput) (Recorded, error) {
	var out Recorded
	err := r.store.Do(ctx, func(tx *store.Tx) error {
		if no := r.may(in); no != nil {
			out.Refused = no.Error()
			return refuseDecision(ctx, tx, in, no)
		}
		data := map[string]any{}
		object, err := r.apply(ctx, tx, in, data)
		if err != nil {
			return err
		}
		return tx.Append(ctx, audit.Event{Chain: in.Case, Key: "decision/" + in.Key, At: in.At, Kind: in.Kind, Actor: in.By,
			Object: object, Words: in.Why, Data: data})
	})
	return out, asTemporal(ctx, err)
}

// apply changes the records as the decision says, and names its object.
func (r *Records) apply(ctx context.Context, tx *store.Tx, in RecordInput, data map[string]any) (object string, err error) {
	object = in.Case
	switch in.Kind {
	case audit.PlanApproved, audit.PlanDenied, audit.DecisionWithdraw:
		data["hash"] = in.Hash
		return fmt.Sprintf("plan %d", in.Plan), decidePlan(ctx, tx, in)
	case audit.CaseEscalated:
		body, err := json.Marshal(in.Policy)
		if err != nil {
			return "", err
		}
		data["reason"], data["mode"] = string(in.Policy.Reason), string(in.Policy.Mode)
		if err := tx.ForgetPlans(ctx, in.Case, in.By, "the case became more urgent, and is planned anew"); err != nil {
			return "", err
		}
		return object, tx.SetPolicy(ctx, in.Case, in.Policy.Reason, body)
	case audit.DecisionRetry, audit.CaseJoined:
		if err := tx.CloseDenied(ctx, in.Case, in.By, cmp.Or(in.Why, "it is planned anew")); err != nil {
			return "", err
		}
		if len(in.Successors) > 0 {
			for conn, name := range in.Successors {
				data["successor "+conn] = name
			}
			return object, tx.AddSuccessors(ctx, in.Case, in.Successors)
		}
	case audit.DecisionCancel:
		return object, tx.ForgetPlans(ctx, in.Case, in.By, "the case was cancelled")
	case audit.DecisionWaive:
		return r.waive(ctx, tx, in)
	}
	return object, nil
}

func (r *Records) waive(ctx context.Context, tx *store.Tx, in RecordInput) (string, error) {
	if in.Connection != "" {
		if err := tx.CloseTask(ctx, in.Case, silentKey(in.Connection), in.By, in.Why); err != nil {
			return "", err
		}
		if err := closeQuestions(ctx, tx, in); err != nil {
			return "", err
		}
		if err := waiveAccounts(ctx, tx, in); err != nil {
			return "", err
		}
		return in.Connection, tx.SetConnection(ctx, store.CaseConnection{CaseID: in.Case, Connection: in.Connection,
			State: store.ConnWaived, Why: in.Why})
	}
	a, err := tx.Account(ctx, in.Account)
	if err != nil {
		return "", err
	}
	if err := tx.CloseTask(ctx, in.Case, accountKey(in.Account), in.By, in.Why); err != nil {
		return "", err
	}
	return a.Ref.String(), tx.SetOutcome(ctx, in.Account, access.Waived, in.Why)
}

// waiveAccounts has what a case knows at a connection, and has not settled, stay with the
// connection.
func waiveAccounts(ctx context.Context, tx *store.Tx, in RecordInput) error {
	accounts, err := tx.AccountsOf(ctx, in.Case, []string{in.Connection})
	if err != nil {
		return err
	}
	for _, a := range accounts {
		if a.Outcome.Settled() {
			continue
		}
		if err := tx.CloseTask(ctx, in.Case, accountKey(a.ID), in.By, in.Why); err != nil {
			return err
		}
		if err := tx.SetOutcome(ctx, a.ID, access.Waived, in.Why); err != nil {
			return err
		}
		if err := tx.Append(ctx, audit.Event{Chain: in.Case, Key: fmt.Sprintf("waived/%s/%d", in.Key, a.ID), At: in.At, Kind: audit.AccountOutcome,
			Actor: in.By, Object: a.Ref.String(), Outcome: string(access.Waived), Words: in.Why, Data: inResource(a.Ref)}); err != nil {
			return err
		}
	}
	return nil
}

// Mark notes where a case stands: its phase, and the moments that are measured.
func (r *Records) Mark(ctx context.Context, in MarkInput) error {
	return asTemporal(ctx, r.store.Do(ctx, func(tx *store.Tx) error {
		if in.Phase != "" {
			if err := tx.SetPhase(ctx, in.Case, in.Phase); err != nil {
				return err
			}
		}
		if !in.Reopened.IsZero() {
			if err := tx.ReopenCase(ctx, in.Case, "found again"); err != nil {
				return err
			}
			return tx.Append(ctx, audit.Event{Chain: in.Case, Key: fmt.Sprintf("reopened/%d", in.Look), At: in.Reopened, Kind: audit.CaseReopened,
				Actor: self, Object: in.Case, Words: "the second look found access that should be gone"})
		}
		if in.ProvenAt.IsZero() {
			return nil
		}
		return tx.MarkProven(ctx, in.Case, in.ProvenAt, in.SecondLookAt)
	}))
}

// Close ends a case as its records allow: clean when every account is proven gone,
// with exceptions when a person waived something, cancelled when everything was
// given back. It refuses, by answering open, while anything is unsettled, or a shared
// secret is still to be rotated. The end
// is part of the trail, and the trail is signed.
func (r *Records) Close(ctx context.Context, in CloseInput) (Closed, error) {
	key := "closed"
	if in.Reinstated {
		key = fmt.Sprintf("closed/reinstated/%d", in.At.UnixMicro())
	}
	status, err := r.finalStatus(ctx, in)
	if err != nil || status == access.CaseOpen {
		return Closed{Status: status}, asTemporal(ctx, err)
	}
	if err := r.endOpen(ctx, in.Case, nil, "the case is over"); err != nil {
		return Closed{}, asTemporal(ctx, err)
	}
	followUp := 0
	err = r.store.Do(ctx, func(tx *store.Tx) (err error) {
		if !in.Cancelled && !in.Reinstated {
			if followUp, err = followUps(ctx, tx, FollowUpInput{in.Case, in.TaskDue, in.At}); err != nil || followUp > 0 {
				return err
			}
		}
		if err := tx.CloseCase(ctx, in.Case, status, in.At); err != nil {
			return err
		}
		words := ""
		if in.Cancelled || in.Reinstated {
			if words, err = leave(ctx, tx, in.Case); err != nil {
				return err
			}
		}
		return tx.Append(ctx, audit.Event{Chain: in.Case, Key: key, At: in.At, Kind: audit.CaseClosed, Actor: self,
			Object: in.Case, Outcome: string(status), Words: words})
	})
	if err == nil && followUp > 0 {
		return Closed{access.CaseOpen, followUp}, nil
	}
	if err == nil {
		err = r.notary.sign(ctx, r.store, in.At)
	}
	return Closed{Status: status}, asTemporal(ctx, err)
}

// leave closes the tasks of a cancelled case: nothing is taken away any more. What was
// not given back stays a task, and is counted in words.
func leave(ctx context.Context, tx *store.Tx, caseID string) (words string, err error) {
	tasks, err := tx.TasksOf(ctx, caseID)
	if err != nil {
		return "", err
	}
	left := 0
	for _, k := range tasks {
		switch {
		case !k.ClosedAt.IsZero():
		case strings.HasPrefix(k.Key, undoPrefix):
			left++
		case strings.HasPrefix(k.Key, store.TaskOfNotice): // whom nobody told is still not told
		default:
			if err := tx.CloseTask(ctx, caseID, k.Key, self, "the case was cancelled"); err != nil {
				return "", err
			}
		}
	}
	if left == 0 {
		return "", nil
	}
	return "not all could be given back: " + access.Count(left, "task") + " for a person", nil
}

func (r *Records) finalStatus(ctx context.Context, in CloseInput) (access.CaseStatus, error) {
	switch {
	case in.Cancelled:
		return access.CaseCancelled, nil
	case in.Reinstated:
		return access.CaseReinstated, nil
	}
	conns, err := r.store.ConnectionsOf(ctx, in.Case)
	if err != nil {
		return "", err
	}
	opened, err := r.store.Case(ctx, in.Case)
	if err != nil {
		return "", err
	}
	said, err := answersOf(ctx, r.store, opened.Principal)
	if err != nil {
		return "", err
	}
	waived := 0
	for _, c := range conns {
		if c.State == store.ConnDiscovered && len(said.open(c.Connection)) > 0 {
			return access.CaseOpen, nil
		}
		switch c.State {
		case store.ConnWaived:
			waived++
		case store.ConnDiscovered:
		default:
			return access.CaseOpen, nil
		}
	}
	accounts, err := r.store.AccountsOf(ctx, in.Case, nil)
	if err != nil {
		return "", err
	}
	outcomes := make([]access.Outcome, len(accounts))
	for i, a := range accounts {
		outcomes[i] = a.Outcome
	}
	status, _ := plan.Final(outcomes, waived)
	return status, nil
}

// sign seals the heads of all chains that moved, in the database and outside it.
func (n Notary) sign(ctx context.Context, s *store.Store, at time.Time) error {
	if n.Key == nil {
		return nil
	}
	if _, err := s.AddCheckpoint(ctx, n.Key, at); err != nil || n.File == "" {
		return err
	}
	last, err := audit.LastCheckpoint(n.File)
	if err != nil {
		return err
	}
	// All that the file lacks: an earlier worker may have died between the two writes.
	missing, err := s.CheckpointsAfter(ctx, last)
	if err != nil {
		return err
	}
	return audit.AppendCheckpoint(n.File, missing...)
}
