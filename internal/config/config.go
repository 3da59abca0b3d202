// Package config reads settings from environment variables: one struct for each
// component, defaults in its tags, all problems reported at once and by name.
//
// A variable NAME may be given as NAME_FILE instead, naming a file that holds the
// value; that is how secrets arrive from a secret store.
package config

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/caarlos0/env/v11"
)

// Vars are environment variables by name. Programs take them from Environ, tests
// make their own.
type Vars map[string]string

// Environ is the environment of this process.
func Environ() Vars { return env.ToMap(os.Environ()) }

// With is a copy in which the variables of more win.
func (v Vars) With(more Vars) Vars {
	out := make(Vars, len(v)+len(more))
	maps.Copy(out, v)
	maps.Copy(out, more)
	return out
}

// Parse fills a T from the variables whose names begin with prefix. The error
// names every variable that is missing or malformed, never a value of a secret.
func Parse[T any](vars Vars, prefix string) (T, error) {
	var zero T
	resolved, err := readFiles(vars, prefix)
	if err != nil {
		return zero, err
	}
	out, err := env.ParseAsWithOptions[T](env.Options{Environment: resolved, Prefix: prefix})
	if err != nil {
		return zero, readable(err)
	}
	return out, nil
}

// Lookup is one variable that may be set and empty, which Parse does not tell from one
// that is not set. It may be given as NAME_FILE too; that one has to name a file.
func Lookup(vars Vars, name string) (value string, set bool, err error) {
	one := Vars{}
	for _, n := range []string{name, name + "_FILE"} {
		if v, ok := vars[n]; ok {
			one[n] = v
		}
	}
	if path, ok := one[name+"_FILE"]; ok && path == "" {
		return "", false, fmt.Errorf("%s_FILE is empty: name a file, or leave it out", name)
	}
	if one, err = readFiles(one, name); err != nil {
		return "", false, err
	}
	value, set = one[name]
	return value, set, nil
}

// ours begin the names that files are read for when no prefix is given: other
// programs have variables that end in _FILE too, and those mean something else.
var ours = []string{"SEVER_", "TEMPORAL_"}

// readFiles resolves NAME_FILE into NAME for the variables with the prefix.
func readFiles(vars Vars, prefix string) (Vars, error) {
	found := Vars{}
	var errs []error
	for name, path := range vars {
		base, isFile := strings.CutSuffix(name, "_FILE")
		if !isFile || !strings.HasPrefix(name, prefix) || path == "" {
			continue
		}
		if prefix == "" && !slices.ContainsFunc(ours, func(o string) bool { return strings.HasPrefix(name, o) }) {
			continue
		}
		if _, both := vars[base]; both {
			errs = append(errs, fmt.Errorf("%s and %s are both set: keep one", base, name))
			continue
		}
		b, err := os.ReadFile(path)
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", name, err))
			continue
		}
		found[base] = strings.TrimRight(string(b), "\r\n")
	}
	return vars.With(found), errors.Join(errs...)
}

// readable turns the parser's aggregate into one line for each variable.
func readable(err error) error {
	agg, ok := errors.AsType[env.AggregateError](err)
	if !ok {
		return err
	}
	var errs []error
	for _, e := range agg.Errors {
		if missing, ok := errors.AsType[env.VarIsNotSetError](e); ok {
			errs = append(errs, fmt.Errorf("%s is not set", missing.Key))
			continue
		}
		if empty, ok := errors.AsType[env.EmptyVarError](e); ok {
			errs = append(errs, fmt.Errorf("%s is empty", empty.Key))
			continue
		}
		errs = append(errs, e)
	}
	return errors.Join(errs...)
}
