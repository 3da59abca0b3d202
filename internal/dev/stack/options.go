package stack

import (
	"cmp"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"github.com/severhq/sever/internal/config"
	"github.com/severhq/sever/internal/dev/stack/host"
)

const (
	defaultNamespace = "sever"
	databaseName     = "sever"
)

// Options say what to run. The zero value runs everything, in DefaultDir.
type Options struct {
	// Dir holds all that the stack keeps. Empty means DefaultDir.
	Dir string `env:"SEVER_HOME"`
	// Temporald is the program to serve Temporal with: temporald, or the temporal command line.
	// Empty means that FindTemporald looks for one.
	Temporald string `env:"SEVER_TEMPORALD"`
	// Namespace is Sever's namespace at Temporal. Empty means "sever".
	Namespace string `env:"TEMPORAL_NAMESPACE"`
	// TemporalAddress, if given, is a Temporal that runs elsewhere: then none is started.
	TemporalAddress string `env:"TEMPORAL_ADDRESS"`
	// DatabaseURL, if given, is a database that runs elsewhere: then no PostgreSQL is started.
	DatabaseURL config.Secret `env:"SEVER_DATABASE_URL"`

	// SearchAttributes are the namespace's, by name, with types such as Keyword or Datetime.
	SearchAttributes map[string]string
	// PostgresSettings are further settings of the PostgreSQL server, such as max_connections.
	PostgresSettings map[string]string
	// Log is told when a program has ended and is started again. Nil drops that.
	Log *slog.Logger
}

// FromEnv reads the options that have a variable, each of which may also come from a file (NAME_FILE).
func FromEnv(vars config.Vars) (Options, error) {
	// Only ours: config.Parse opens every NAME_FILE that it is given.
	ours := config.Vars{}
	for name, value := range vars {
		switch strings.TrimSuffix(name, "_FILE") {
		case "SEVER_HOME", "SEVER_TEMPORALD", "TEMPORAL_NAMESPACE", "TEMPORAL_ADDRESS", "SEVER_DATABASE_URL":
			ours[name] = value
		}
	}
	return config.Parse[Options](ours, "")
}

// DefaultDir is $SEVER_HOME, or else /var/lib/sever for root, and for others sever below $XDG_STATE_HOME
// or ~/.local/state.
func DefaultDir() (string, error) {
	if dir := os.Getenv("SEVER_HOME"); dir != "" {
		return filepath.Abs(dir)
	}
	if host.IsRoot() {
		return "/var/lib/sever", nil
	}
	if state := os.Getenv("XDG_STATE_HOME"); filepath.IsAbs(state) {
		return filepath.Join(state, "sever"), nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", fmt.Errorf("find a folder for the data (set SEVER_HOME to name one): %w", err)
	}
	return filepath.Join(home, ".local", "state", "sever"), nil
}

// complete fills in what was left out.
func (o Options) complete() (Options, error) {
	var err error
	if o.Dir == "" {
		o.Dir, err = DefaultDir()
	} else {
		o.Dir, err = filepath.Abs(o.Dir)
	}
	o.Namespace = cmp.Or(o.Namespace, defaultNamespace)
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return o, err
}
