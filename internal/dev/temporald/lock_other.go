//go:build !unix

package main

import "context"

// storeLock does nothing where there is no flock.
type storeLock struct{}

func lockStore(context.Context, string) (*storeLock, error) { return nil, nil }

func (*storeLock) release() {}
