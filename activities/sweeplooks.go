package activities

import (
	"context"
	"fmt"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/provider"
	"github.com/severhq/sever/internal/provider/catalog"
	"github.com/severhq/sever/internal/store"
	"github.com/severhq/sever/internal/sweep"
)

// SweepLooksInput names some accounts that were noted to be looked at: the ordinals from
// From on, up to one before To.
type SweepLooksInput struct {
	SweepInput
	From int `json:"from"`
	To   int `json:"to"`
}

// SweepLooks looks at some accounts one by one and writes what it finds.
func (a *Access) SweepLooks(ctx context.Context, in SweepLooksInput) error {
	return asTemporal(ctx, a.sweepLooks(ctx, in))
}

func (a *Access) sweepLooks(ctx context.Context, in SweepLooksInput) error {
	conn, err := a.connections.For(in.Connection)
	if err != nil {
		return fmt.Errorf("%w: %w", errBadInput, err)
	}
	s, err := a.store.Sweep(ctx, in.Sweep)
	if err != nil {
		return err
	}
	looks, err := a.store.LooksOf(ctx, in.Sweep, in.Run, in.Connection, in.From, in.To)
	if err != nil {
		return err
	}
	seen := make([]sweep.Looked, 0, len(looks))
	for _, l := range looks {
		if err := stopping(ctx); err != nil {
			return err
		}
		one, err := lookOnce(ctx, conn, s.Rule, l)
		if err != nil {
			return err
		}
		seen = append(seen, one)
	}
	found := sceneOf(s, conn).JudgeLooks(seen)
	return a.store.Do(ctx, func(tx *store.Tx) error { return tx.Find(ctx, in.Sweep, in.Run, found) })
}

// lookOnce sees one account. What the system will not be asked about is part of what was
// seen, and keeps none of the others waiting.
func lookOnce(ctx context.Context, conn *catalog.Connection, rule sweep.Rule, l store.SweepLook) (sweep.Looked, error) {
	out := sweep.Looked{Ref: l.Ref, Owners: l.Owners}
	var err error
	if out.Seen, err = conn.Provider.Look(ctx, l.Ref); provider.KindOf(err) == provider.Rejected {
		out.Refused = err.Error()
		return out, nil
	}
	if err != nil {
		return out, fmt.Errorf("look at %s: %w", l.Ref, err)
	}
	if rule.Kind != sweep.Unused || !out.Seen.Exists {
		return out, nil
	}
	out.Use = access.Use{Why: conn.Kind + " keeps no record of when an account was last used"}
	if teller, ok := conn.Provider.(provider.UseTeller); ok {
		if out.Use, err = teller.LastUse(ctx, l.Ref); err != nil {
			return out, fmt.Errorf("ask when %s was last used: %w", l.Ref, err)
		}
	}
	return out, nil
}
