package paper

import (
	"context"

	"github.com/severhq/sever/internal/audit"
	"github.com/severhq/sever/internal/desk"
	"github.com/severhq/sever/internal/store"
)

// Trail is the audit trail of a case or of the house, its rows exactly as they are
// hashed.
type Trail struct {
	Chain string      `json:"chain"`
	Rows  []audit.Row `json:"rows"`
	Next  string      `json:"next,omitempty"`
}

// ChainOf is the chain of a case, of a principal's case, or of the house.
func ChainOf(ctx context.Context, s *store.Store, what string) (string, error) {
	if what == audit.House {
		return what, nil
	}
	c, err := desk.Find(ctx, s, what)
	return c.ID, err
}

// TrailOf is the trail of a case, of a principal's case, or of the house: from a row on,
// at most so many; all where limit is zero.
func TrailOf(ctx context.Context, s *store.Store, what string, from int64, limit int) (Trail, error) {
	chain, err := ChainOf(ctx, s, what)
	if err != nil {
		return Trail{}, err
	}
	out := Trail{Chain: chain, Rows: []audit.Row{}}
	for row, err := range s.Events(ctx, chain, from) {
		if err != nil {
			return out, err
		}
		if out.Rows = append(out.Rows, row); len(out.Rows) == limit {
			break
		}
	}
	return out, nil
}
