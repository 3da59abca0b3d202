package providertest

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/provider"
)

// bench is one world during one test. It listens to everything the provider says,
// and holds the bystander against what it was before.
type bench struct {
	*testing.T
	World
	subject Subject
	ctx     context.Context
	before  access.Account // Planted, at the start

	mu   sync.Mutex
	said []string
}

func newBench(t *testing.T, s Subject) *bench {
	t.Helper()
	b := &bench{T: t, World: s.New(t), subject: s, ctx: t.Context()}
	b.before = b.see(b.Planted).Account
	bystander := b.see(b.Bystander)
	require.NotEmpty(t, bystander.Account.Grants, "the world needs a bystander that has something to lose")
	t.Cleanup(func() {
		b.ctx = context.Background()
		if !t.Failed() {
			after := b.see(b.Bystander)
			assert.Equal(t, b.shown(bystander.Account), b.shown(after.Account), "the bystander changed")
			assert.Equal(t, bystander.Account.ForeignID, after.Account.ForeignID)
			assert.Equal(t, bystander.Sessions, after.Sessions, "sessions of the bystander")
		}
		b.kept()
	})
	return b
}

// kept fails when a secret was said.
func (b *bench) kept() {
	b.Helper()
	for _, secret := range b.Secrets {
		for _, words := range b.said {
			if secret != "" && strings.Contains(words, secret) {
				b.Errorf("a secret was said: %s", strings.ReplaceAll(words, secret, "<HERE>"))
			}
		}
	}
}

// hear keeps what was said for kept.
func (b *bench) hear(err error, said ...any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if err != nil {
		b.said = append(b.said, err.Error(), fmt.Sprintf("%+v", err))
	}
	for _, s := range said {
		words, _ := json.Marshal(s)
		b.said = append(b.said, string(words), fmt.Sprintf("%+v", s))
	}
}

// look is Look, listened to.
func (b *bench) look(ref access.Ref) (access.Sighting, error) {
	seen, err := b.Provider.Look(b.ctx, ref)
	b.hear(err, seen, string(seen.Account.Snapshot))
	return seen, err
}

// see is a look that must be whole.
func (b *bench) see(ref access.Ref) access.Sighting {
	b.Helper()
	seen, err := b.look(ref)
	require.NoError(b, err, "look at %s", ref)
	require.Empty(b, seen.Gaps, "look at %s", ref)
	return seen
}

// shown is an account as it is compared.
func (b *bench) shown(a access.Account) access.Account {
	a.ForeignID = ""
	a.Grants = slices.Clone(a.Grants)
	slices.SortFunc(a.Grants, func(a, b access.Grant) int { return cmp.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
	if b.Normalize != nil {
		a = b.Normalize(a)
	}
	if len(a.Grants) == 0 {
		a.Grants = nil
	}
	if len(a.Attributes) == 0 {
		a.Attributes = nil
	}
	return a
}

// same fails when the account at ref is not as it was.
func (b *bench) same(want access.Account, ref access.Ref, why string) {
	b.Helper()
	seen := b.see(ref)
	require.True(b, seen.Exists, "%s: the account is not there", why)
	require.Equal(b, b.shown(want), b.shown(seen.Account), why)
}

// try does a step once.
func (b *bench) try(ctx context.Context, step access.Step) (access.Receipt, error) {
	receipt, err := act(ctx, b.Provider, step)
	b.hear(err, receipt)
	return receipt, err
}

// do does a step, which must work, and waits for it where the system takes time.
func (b *bench) do(step access.Step) access.Receipt {
	b.Helper()
	receipt, err := b.try(b.ctx, step)
	require.NoError(b, err, words(step))
	b.settle(receipt)
	return receipt
}

func (b *bench) settle(r access.Receipt) {
	b.Helper()
	if r.Pending {
		require.NotNil(b, b.Settle, "the system takes time; the subject needs the lever Settle")
		b.Settle(b.T)
	}
}

// end ends the sessions until there were none twice.
func (b *bench) end(ref access.Ref) {
	b.Helper()
	ender, ok := b.Provider.(provider.SessionEnder)
	if !ok {
		return
	}
	none := 0
	for range 200 {
		alive, err := ender.EndSessions(b.ctx, ref)
		b.hear(err)
		require.NoError(b, err)
		if none++; alive > 0 {
			none = 0
		}
		if none == 2 {
			return
		}
	}
	b.Fatalf("%s still has sessions after 200 calls of EndSessions", ref)
}

// restore undoes a step as the activity does: the record of the account is under
// the id that it has now.
func (b *bench) restore(before access.Account, step access.Step) (provider.Restored, error) {
	before.Ref = step.Account
	back, err := b.Provider.(provider.Restorer).Restore(b.ctx, before, step)
	secret := back.Secret
	back.Secret = ""
	b.hear(err, back)
	if secret != "" {
		b.mu.Lock()
		b.Secrets = append(b.Secrets, secret)
		b.mu.Unlock()
	}
	back.Secret = secret
	return back, err
}

// rejected fails unless err is a refusal with words.
func (b *bench) rejected(err error, what string) {
	b.Helper()
	require.Error(b, err, what)
	require.Equal(b, provider.Rejected, provider.KindOf(err), "%s: %v", what, err)
	require.NotEmpty(b, strings.TrimSpace(err.Error()), what)
}

// need skips the test unless the lever is there.
func (b *bench) need(there bool, what string) {
	b.Helper()
	if !there {
		b.Skipf("the subject has no %s", what)
	}
}
