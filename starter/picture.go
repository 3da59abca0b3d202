package main

import (
	"context"

	"github.com/severhq/sever/internal/desk/paper"
	"github.com/severhq/sever/internal/store"
)

// picture is everything that is on record about one case, as people are told of it.
type picture struct{ paper.Picture }

// look reads the whole picture of a case.
func look(ctx context.Context, s *store.Store, c store.Case) (picture, error) {
	p, err := paper.Look(ctx, s, c)
	return picture{p}, err
}
