package devtest

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/severhq/sever/internal/dev/stack"
)

// namespace is the one that Sever has by default.
const namespace = "sever"

// searchAttributes are those of Sever's workflows. They stand here once more, and a test compares them,
// because the tests of what the workflows are made of use this package, too.
var searchAttributes = map[string]string{
	"PrincipalId": "Keyword", "CaseId": "Keyword", "CaseReason": "Keyword", "CasePhase": "Keyword",
	"OpenItems": "Int", "Held": "Bool",
}

// Temporal returns the address of the shared Temporal server, which keeps everything in memory, and its
// namespace with Sever's search attributes. Tests keep apart by task queues and workflow ids of their own.
func Temporal(t testing.TB) (address, ns string) {
	t.Helper()
	s, err := startTemporal()
	if errors.Is(err, stack.ErrNoTemporal) {
		missing(t, err)
	}
	if err != nil {
		t.Fatal(err)
	}
	return s.Address, namespace
}

var startTemporal = sync.OnceValues(func() (*stack.Temporal, error) {
	dir, err := folder("temporal")
	if err != nil {
		return nil, err
	}
	s, err := stack.StartTemporal(context.Background(), stack.TemporalOptions{
		Program: program(), Dir: dir, Namespace: namespace, SearchAttributes: searchAttributes,
	})
	if err != nil {
		return nil, err
	}
	atEnd(s.Kill) // there is nothing to keep, and an orderly stop takes a second
	return s, nil
})

// Temporald is the program that Temporal uses, for tests that run it themselves.
func Temporald(t testing.TB) string {
	t.Helper()
	path, err := stack.FindTemporald(program())
	if err != nil {
		missing(t, err)
	}
	return path
}

// program is bin/temporald of the source tree, which is above the package that is tested. Empty means
// to look in the ordinary places.
func program() string {
	if given := os.Getenv("SEVER_TEMPORALD"); given != "" {
		return given
	}
	dir, err := os.Getwd()
	if err != nil {
		return ""
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
		if dir == filepath.Dir(dir) {
			return ""
		}
		dir = filepath.Dir(dir)
	}
	path := filepath.Join(dir, "bin", "temporald")
	if _, err := os.Stat(path); err != nil {
		return ""
	}
	return path
}
