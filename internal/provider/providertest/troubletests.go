package providertest

import (
	"context"
	"slices"
	"sync"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/provider"
)

func failedBefore(b *bench) { failed(b, false) }
func failedAfter(b *bench)  { failed(b, true) }

// failed goes down the ladder and back up; each call fails once and is repeated.
func failed(b *bench, after bool) {
	b.need(b.Break != nil, "lever Break")
	again := func(action access.Action, what string, call func() error) {
		b.Helper()
		b.Break(b.T, action, after)
		err := call()
		require.Error(b, err, what)
		require.NotEqual(b, provider.Rejected, provider.KindOf(err), "%s: a failure is no refusal: %v", what, err)
		require.NoError(b, call(), "again: "+what)
	}
	left := b.shown(b.before).Grants
	steps := b.ladder()
	for _, step := range steps {
		again(step.Action, words(step), func() error {
			receipt, err := b.try(b.ctx, step)
			b.settle(receipt)
			return err
		})
		var rest []access.Grant
		for _, g := range left {
			if !ends(step, g) {
				rest = append(rest, g)
			}
		}
		left = rest
		b.ended(step, left)
	}
	b.end(b.Planted)
	if !b.restores() {
		return
	}
	now, secret := b.Planted, ""
	for _, step := range slices.Backward(steps) {
		step.Account = now
		again(access.Restore, "undo "+words(step), func() error {
			back, err := b.restore(b.before, step)
			b.settle(back.Receipt)
			if back.ForeignID != "" {
				now.ForeignID = back.ForeignID
			}
			if back.Secret != "" {
				secret = back.Secret
			}
			return err
		})
	}
	b.same(b.before, b.Planted, "all was given back")
	if b.Login != nil && b.subject.Can.Can(access.Delete) && b.subject.Can.Can(access.Contain) {
		require.True(b, b.Login(b.T, secret), "the answer with the secret was lost, and there is another")
	}
}

func downIsNoAnswer(b *bench) {
	b.need(b.Down != nil && b.Up != nil, "levers Down and Up")
	b.Down(b.T)
	down := func(err error, what string) {
		b.Helper()
		require.Error(b, err, what)
		require.NotEqual(b, provider.Rejected, provider.KindOf(err), "%s: %v", what, err)
	}
	_, err := b.look(b.Planted)
	down(err, "look")
	var last error
	for _, err := range b.Provider.Accounts(b.ctx) {
		last = err
		b.hear(err)
	}
	down(last, "the list ends with the error")
	b.every(b.Planted, func(what string, step access.Step) {
		_, err := b.try(b.ctx, step)
		down(err, what)
	})
	b.Up(b.T)
	b.same(b.before, b.Planted, "nothing happened, and the provider recovers by itself")
}

func cancelled(b *bench) {
	ctx, cancel := context.WithCancel(b.ctx)
	cancel()
	over := func(err error, what string) {
		b.Helper()
		require.ErrorIs(b, err, context.Canceled, what)
		require.Equal(b, provider.Transient, provider.KindOf(err), what)
	}
	_, err := b.Provider.Look(ctx, b.Planted)
	over(err, "look")
	var last error
	for _, err := range b.Provider.Accounts(ctx) {
		last = err
	}
	over(last, "list")
	b.every(b.Planted, func(what string, step access.Step) {
		_, err := b.try(ctx, step)
		over(err, what)
	})
	if ender, ok := b.Provider.(provider.SessionEnder); ok {
		_, err := ender.EndSessions(ctx, b.Planted)
		over(err, "end sessions")
	}
	seen := b.see(b.Planted)
	require.Equal(b, b.shown(b.before), b.shown(seen.Account))
	require.Equal(b, b.Sessions, seen.Sessions)
}

// twoAtOnce does each step twice at the same time. One of the two may lose in a way
// that is worth another try, and neither may be refused.
func twoAtOnce(b *bench) {
	for _, step := range b.ladder() {
		var both sync.WaitGroup
		var errs [2]error
		for i := range errs {
			both.Go(func() { _, errs[i] = b.try(b.ctx, step) })
		}
		both.Wait()
		for _, err := range errs {
			if err != nil {
				require.NotEqual(b, provider.Rejected, provider.KindOf(err), "%s: %v", words(step), err)
			}
		}
		if b.Settle != nil {
			b.Settle(b.T)
		}
		b.do(step)
		b.already(step, b.do(step))
	}
	if b.subject.Can.Can(access.Delete) {
		b.end(b.Planted)
		require.True(b, b.see(b.Planted).Gone())
	}
}
