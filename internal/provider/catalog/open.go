package catalog

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/severhq/sever/internal/config"
	"github.com/severhq/sever/internal/provider"
)

// Variable lists the connections: "pg-main=postgres,do-prod=digitalocean".
const Variable = "SEVER_CONNECTIONS"

// Open opens every connection that Variable lists, with the settings that begin
// with its Prefix. Nothing is connected to. The error has a line for every problem
// of every connection; when there is one, nothing stays open.
//
// A list without a connection is a problem too: a case that asks nobody would find
// nothing and close clean.
func (t Table) Open(vars config.Vars) (*Connections, error) {
	var (
		out   Connections
		names claims
		errs  []error
	)
	for entry := range strings.SplitSeq(vars[Variable], ",") {
		entry = strings.TrimSpace(entry)
		if entry == "" {
			continue
		}
		name, kind, ok := strings.Cut(entry, "=")
		if !ok {
			errs = append(errs, fmt.Errorf("%s: %q is not name=provider", Variable, entry))
			continue
		}
		name, kind = strings.TrimSpace(name), strings.TrimSpace(kind)
		if err := names.claim(name); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", Variable, err))
			continue
		}
		spec, ok := t.named(kind)
		if !ok {
			errs = append(errs, fmt.Errorf("%s: connection %s: no provider is called %q; there are: %s",
				Variable, name, kind, strings.Join(t.names(), ", ")))
			continue
		}
		conn, problems := connect(name, spec, vars)
		if conn != nil {
			out.add(conn)
		}
		for _, p := range problems {
			errs = append(errs, fmt.Errorf("connection %s: %w", name, p))
		}
	}
	if len(out.byName) == 0 && len(errs) == 0 {
		errs = append(errs, fmt.Errorf("%s lists no connection; it reads name=provider,name=provider", Variable))
	}
	if len(errs) > 0 {
		out.Close()
		return nil, errors.Join(errs...)
	}
	return &out, nil
}

// connect makes one connection, or says everything that is wrong with it. A
// connection with problems may come back too, for closing.
func connect(name string, spec provider.Spec, vars config.Vars) (*Connection, []error) {
	conn := &Connection{Name: name, Kind: spec.Name, Spec: spec, Limits: spec.Limits}
	problems := conn.configure(vars)
	p, err := spec.Open(provider.Settings{Connection: name, Vars: vars, Prefix: Prefix(name)})
	if err != nil {
		return nil, append(problems, each(err)...)
	}
	conn.Provider = p
	return conn, problems
}

// each takes apart what errors.Join put together.
func each(err error) []error {
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return []error{err}
	}
	var out []error
	for _, e := range joined.Unwrap() {
		out = append(out, each(e)...)
	}
	return out
}

// Prefix begins the variables of a connection: "SEVER_CONN_PG_MAIN_".
func Prefix(connection string) string {
	return "SEVER_CONN_" + strings.ToUpper(strings.ReplaceAll(connection, "-", "_")) + "_"
}

// nameRule keeps names fit for variables, task queues, files and pages.
var nameRule = regexp.MustCompile(`^[a-z][a-z0-9-]{0,39}$`)

// claims are the names that are taken, by the prefix of their variables.
type claims map[string]string

func (c *claims) claim(name string) error {
	if !nameRule.MatchString(name) {
		return fmt.Errorf("%q is no name for a connection: small letters, digits and -, a letter first, 40 at most", name)
	}
	prefix := Prefix(name)
	if other, taken := (*c)[prefix]; taken {
		return fmt.Errorf("connections %s and %s would both read %s…: rename one", other, name, prefix)
	}
	if *c == nil {
		*c = claims{}
	}
	(*c)[prefix] = name
	return nil
}

func (t Table) names() []string {
	names := map[string]bool{}
	for _, s := range t {
		names[s.Name] = true
	}
	return slices.Sorted(maps.Keys(names))
}
