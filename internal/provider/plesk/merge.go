package plesk

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"github.com/severhq/sever/internal/provider"
)

// unreadable says that an answer contradicts itself or lacks what it must have. It
// is never taken for a short one.
func unreadable(err error) error {
	return &failure{kind: provider.Transient, words: "the answer cannot be read: " + err.Error(), cause: err}
}

// vanished is the error of a list of which a part was gone by the time it was asked
// for. The rest is no list.
func vanished(err error) error {
	if errors.Is(err, errNoUser) {
		return unreadable(fmt.Errorf("a database vanished in between: %w", err))
	}
	return err
}

// merged makes one list of several answers about the same users, by id.
func merged(seen []user) ([]user, error) {
	at := map[userID]int{}
	var out []user
	for _, u := range seen {
		i, known := at[u.ID]
		if !known {
			at[u.ID] = len(out)
			out = append(out, u)
			continue
		}
		if out[i].Login != u.Login || out[i].Database != u.Database {
			return nil, unreadable(fmt.Errorf("user %d is there twice and is not the same", u.ID))
		}
		for _, db := range u.Listed {
			if !slices.Contains(out[i].Listed, db) {
				out[i].Listed = append(out[i].Listed, db)
			}
		}
	}
	for i := range out {
		slices.Sort(out[i].Listed)
	}
	slices.SortFunc(out, func(a, b user) int { return cmp.Compare(a.ID, b.ID) })
	return out, nil
}

// orderedDatabases are the databases by id, each once.
func orderedDatabases(dbs []database) ([]database, error) {
	slices.SortFunc(dbs, func(a, b database) int { return cmp.Compare(a.ID, b.ID) })
	for i := 1; i < len(dbs); i++ {
		if dbs[i].ID == dbs[i-1].ID && dbs[i] != dbs[i-1] {
			return nil, unreadable(errors.New("a database is there twice and is not the same"))
		}
	}
	return slices.Compact(dbs), nil
}
