//go:build unix

package stack

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/config"
)

// brief is a part whose every run lasts as long as the next number says, and ends with an error.
type brief struct {
	lives   []time.Duration
	run     int
	done    chan struct{}
	started []time.Duration // since the beginning
	began   time.Time
	stopped bool
}

func (b *brief) Restart(context.Context) error {
	b.started = append(b.started, time.Since(b.began))
	life := b.lives[min(b.run, len(b.lives)-1)]
	b.run++
	b.done = make(chan struct{})
	time.AfterFunc(life, func() { close(b.done) })
	return nil
}

func (b *brief) Done() <-chan struct{} { return b.done }
func (b *brief) Err() error            { return errors.New("out of luck") }
func (b *brief) Stop() error           { b.stopped = true; return nil }
func (b *brief) Kill() error           { return nil }

// keepBrief keeps a part with runs of the given lengths for an hour, or until it is lost.
func keepBrief(t *testing.T, lives ...time.Duration) (b *brief, lost error) {
	t.Helper()
	b = &brief{lives: lives, began: time.Now()}
	require.NoError(t, b.Restart(t.Context()))
	ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
	defer cancel()
	k := (&kept{
		part: b, name: "worker", log: slog.New(slog.DiscardHandler),
		lost: func(err error) { lost = err; cancel() },
	}).start(ctx)
	<-k.stopped
	require.True(t, b.stopped, "whatever happened, it is stopped in the end")
	return b, lost
}

func TestPausesGrow(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b, lost := keepBrief(t, 0)
		require.ErrorContains(t, lost, "worker has ended 9 times in a row and is not started again: out of luck")
		ms := time.Millisecond
		require.Equal(t, []time.Duration{0, 200 * ms, 600 * ms, 1400 * ms, 3000 * ms, 6200 * ms, 12600 * ms, 22600 * ms, 32600 * ms}, b.started)
	})
}

func TestAnOldDeathIsForgotten(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b, lost := keepBrief(t, time.Minute)
		require.NoError(t, lost)
		require.Equal(t, 2*(time.Minute+firstPause), b.started[2])
		require.Greater(t, b.run, 50)
	})
}

func TestSupervise(t *testing.T) {
	t.Parallel()
	// Given addresses: this is about programs, not about servers.
	s := start(t, Options{Dir: folder(t), TemporalAddress: "there:7233", DatabaseURL: config.NewSecret("postgres://there/sever")})
	runs := func(name string) int {
		b, _ := os.ReadFile(s.logFile(name))
		return strings.Count(string(b), "run\n")
	}
	shell := func(name, text string) Process {
		return Process{Name: name, Path: "/bin/sh", Args: []string{"-c", text}}
	}

	t.Run("starts a program again that crashes", func(t *testing.T) {
		_, err := s.Supervise(t.Context(), shell("crash", "echo run; exit 1"))
		require.NoError(t, err)
		eventually(t, "it runs again and again", func() bool { return runs("crash") >= 3 })
	})

	t.Run("leaves a program alone that has done its work", func(t *testing.T) {
		c, err := s.Supervise(t.Context(), shell("work", "echo run; exit 0"))
		require.NoError(t, err)
		require.NoError(t, c.Err())
		k := s.parts[len(s.parts)-1]
		require.NoError(t, k.end(t.Context()))
		require.Equal(t, 1, runs("work"))
	})

	t.Run("stops a program with its context", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		c, err := s.Supervise(ctx, shell("stop", "trap 'echo bye; exit 0' TERM; echo run; while :; do sleep 0.01; done"))
		require.NoError(t, err)
		eventually(t, "it runs", func() bool { return runs("stop") == 1 })
		cancel()
		<-c.Done()
		b, err := os.ReadFile(s.logFile("stop"))
		require.NoError(t, err)
		require.Equal(t, "run\nbye\n", string(b))
	})

	t.Run("kills a program that does not stop in time", func(t *testing.T) {
		c, err := s.Supervise(context.Background(), shell("deaf", "trap '' TERM; echo run; while :; do sleep 0.01; done"))
		require.NoError(t, err)
		eventually(t, "it runs", func() bool { return runs("deaf") == 1 })
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		k := s.parts[len(s.parts)-1]
		require.NoError(t, k.end(ctx))
		require.ErrorContains(t, c.Err(), "killed")
	})

	t.Run("says what cannot be started", func(t *testing.T) {
		_, err := s.Supervise(t.Context(), Process{Name: "ghost", Path: filepath.Join(s.Dir, "ghost")})
		require.ErrorIs(t, err, os.ErrNotExist)
	})

	t.Run("starts nothing when the stack is stopped", func(t *testing.T) {
		require.NoError(t, s.Stop(t.Context()))
		_, err := s.Supervise(t.Context(), shell("late", "exit 0"))
		require.ErrorContains(t, err, "the stack in "+s.Dir+" is stopped")
	})
}
