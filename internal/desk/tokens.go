package desk

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/severhq/sever/internal/audit"
	"github.com/severhq/sever/internal/config"
	"github.com/severhq/sever/internal/roles"
	"github.com/severhq/sever/internal/store"
)

// TokenPrefix begins each token, so that people and scanners of secrets know one.
const TokenPrefix = "sever_"

// LongestToken is how long a token may open anything: who leaves without being noticed
// is out after that.
const LongestToken = 366 * 24 * time.Hour

// TokenWish asks for a token of the HTTP interface.
type TokenWish struct {
	Name  string // who will act with it
	Roles []string
	For   time.Duration
	By    string
}

// MakeToken makes a token and records its hash. The text of the token is nowhere else:
// whoever asked gets it this once.
func (d *Desk) MakeToken(ctx context.Context, w TokenWish) (store.Token, config.Secret, error) {
	var none config.Secret
	k := store.Token{ID: "T-" + Random(10), Name: w.Name, CreatedBy: w.By}
	if err := ValidName("the name", w.Name); err != nil {
		return k, none, err
	}
	for _, r := range w.Roles {
		r = strings.ToLower(strings.TrimSpace(r))
		switch {
		case !slices.Contains(roles.All, roles.Role(r)):
			return k, none, Invalidf("%q is no role", r).Then("choose of requester, approver, operator, auditor")
		case !slices.Contains(k.Roles, r):
			k.Roles = append(k.Roles, r)
		}
	}
	switch {
	case len(k.Roles) == 0:
		return k, none, Invalidf("a token without a role opens nothing").Then("choose of requester, approver, operator, auditor")
	case w.For < time.Minute || w.For > LongestToken:
		return k, none, Invalidf("a token that expires in %s: choose a minute to %d days", w.For, LongestToken/(24*time.Hour)).Then("such as 720h for thirty days")
	}
	if err := d.May(w.By, roles.Issue); err != nil {
		return k, none, err
	}
	now := time.Now()
	k.ExpiresAt = now.Add(w.For).UTC().Truncate(time.Second)
	text := config.NewSecret(TokenPrefix + Random(52)) // 260 bits
	err := d.Store.Do(ctx, func(tx *store.Tx) error {
		if err := tx.AddToken(ctx, k, text); err != nil {
			return err
		}
		return tx.Append(ctx, audit.Event{Chain: audit.House, Key: "token/" + k.ID, At: now, Kind: audit.TokenMade, Actor: w.By, Object: k.Name,
			Words: strings.Join(k.Roles, ", "), Data: map[string]any{"token": k.ID, "roles": k.Roles, "expires": k.ExpiresAt.Format(time.RFC3339)}})
	})
	return k, text, err
}

// RevokeTokens ends a token by its id, or all that somebody has by their name. It says
// which it ended.
func (d *Desk) RevokeTokens(ctx context.Context, what, by string) ([]store.Token, error) {
	if err := ValidName("the token", what); err != nil {
		return nil, err
	}
	if err := d.May(by, roles.Issue); err != nil {
		return nil, err
	}
	var ended []store.Token
	err := d.Store.Do(ctx, func(tx *store.Tx) error {
		all, err := tx.Tokens(ctx)
		if err != nil {
			return err
		}
		ended = nil
		now := time.Now()
		for _, k := range all {
			if !k.Valid(now) || k.ID != what && k.Name != what {
				continue
			}
			if err := tx.RevokeToken(ctx, k.ID, by); err != nil {
				return err
			}
			e := audit.Event{Chain: audit.House, Key: "token/revoked/" + k.ID, At: now, Kind: audit.TokenRevoked, Actor: by, Object: k.Name, Data: map[string]any{"token": k.ID}}
			if err := tx.Append(ctx, e); err != nil {
				return err
			}
			ended = append(ended, k)
		}
		return nil
	})
	if err == nil && len(ended) == 0 {
		return nil, Failf(Missing, "there is no token %q that opens anything, and nobody of that name who has one", what).Then("list them: sever tokens list")
	}
	return ended, err
}
