package provider_test

import (
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/provider"
)

func TestAPanicBesideIsThePanicOfWhoWaits(t *testing.T) {
	t.Parallel()
	var done atomic.Int32
	var all provider.Together
	for i := range 10 {
		all.Go(func() {
			done.Add(1)
			if i == 3 {
				panic("three")
			}
		})
	}
	require.PanicsWithValue(t, "three", all.Wait)
	require.EqualValues(t, 10, done.Load(), "the others end")
	var calm provider.Together
	calm.Go(func() { done.Add(1) })
	calm.Wait()
	require.EqualValues(t, 11, done.Load())
}
