package inbox

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/audit"
	"github.com/severhq/sever/internal/desk"
	"github.com/severhq/sever/internal/store"
)

// Retry has a refused delivery tried again, because a person says so.
func Retry(ctx context.Context, s *store.Store, id int64, by, why string) (store.Delivery, error) {
	return set(ctx, s, id, store.DeliveryWaiting, audit.DeliveryRetried, by, why)
}

// Drop ends a refused delivery, because a person says that nothing is to be done.
func Drop(ctx context.Context, s *store.Store, id int64, by, why string) (store.Delivery, error) {
	return set(ctx, s, id, store.DeliveryDropped, audit.DeliveryDropped, by, why)
}

func set(ctx context.Context, s *store.Store, id int64, to store.DeliveryState, kind, by, why string) (store.Delivery, error) {
	if err := said(by, why); err != nil {
		return store.Delivery{}, err
	}
	d, err := s.Delivery(ctx, id)
	if errors.Is(err, store.ErrNotFound) {
		return d, desk.Failf(desk.Missing, "there is no delivery %d", id).Then("list them: sever deliveries list")
	}
	if err != nil {
		return d, err
	}
	o, err := OrderOf(d.Asks)
	if err != nil && to == store.DeliveryWaiting {
		return d, err
	}
	o.By = by
	err = s.Do(ctx, func(tx *store.Tx) (err error) {
		if d, err = tx.SetDelivery(ctx, id, to); err != nil {
			return err
		}
		return tx.Append(ctx, event(d, o, kind, fmt.Sprintf("%s/%s", to, desk.Random(8)), why))
	})
	if errors.Is(err, store.ErrNotFound) {
		d, err = s.Delivery(ctx, id)
		if err == nil {
			err = desk.Refusedf("delivery %d is not refused: it is %s", id, d.State)
		}
	}
	return d, err
}

// Settle ends the doubts about a principal, because a person says that what leads to her
// can be trusted.
func Settle(ctx context.Context, s *store.Store, who access.PrincipalID, by, why string) ([]store.Doubt, error) {
	if err := said(by, why); err != nil {
		return nil, err
	}
	var out []store.Doubt
	err := s.Do(ctx, func(tx *store.Tx) (err error) {
		if out, err = tx.SettleDoubts(ctx, who, by, why); err != nil {
			return err
		}
		for _, d := range out {
			err := tx.Append(ctx, audit.Event{Chain: audit.House, Key: fmt.Sprintf("doubt/%d/settled", d.ID), At: time.Now(), Kind: audit.DoubtSettled,
				Actor: by, Object: string(who), Words: why, Data: map[string]any{"delivery": d.DeliveryID}})
			if err != nil {
				return err
			}
		}
		return nil
	})
	if errors.Is(err, store.ErrNotFound) {
		err = desk.Failf(desk.Missing, "nothing that leads to %q is in doubt", who).Then("list what is: sever deliveries doubts")
	}
	return out, err
}

func said(by, why string) error {
	if err := desk.ValidName("the acting person", by); err != nil {
		return err
	}
	if why == "" {
		return desk.Invalidf("a reason is needed").Then(`say why: --reason "..."`)
	}
	return desk.ValidText("the reason", why, desk.MaxText)
}
