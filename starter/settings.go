package main

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"strings"

	"github.com/severhq/sever/internal/config"
	"github.com/severhq/sever/internal/desk"
)

// databaseSettings say where the records are.
type databaseSettings struct {
	URL config.Secret `env:"SEVER_DATABASE_URL,required,notEmpty"` // the application's role
}

// ownerSettings are for sever migrate alone.
type ownerSettings struct {
	URL   config.Secret `env:"SEVER_DATABASE_URL,required,notEmpty"`
	Owner config.Secret `env:"SEVER_OWNER_DATABASE_URL,required,notEmpty"`
}

// temporalSettings are those of Temporal's that we insist on; the others are read by
// the SDK.
type temporalSettings struct {
	Address string `env:"TEMPORAL_ADDRESS,required,notEmpty"`
}

// home is the folder of the embedded installation: $SEVER_HOME, or where programs
// keep their state.
func home(vars config.Vars) string {
	switch {
	case vars["SEVER_HOME"] != "":
		return vars["SEVER_HOME"]
	case os.Geteuid() == 0: // Postgres runs as another user, who cannot enter /root
		return "/var/lib/sever"
	case vars["XDG_STATE_HOME"] != "":
		return filepath.Join(vars["XDG_STATE_HOME"], "sever")
	}
	return filepath.Join(vars["HOME"], ".local", "state", "sever")
}

// envFile is where sever up writes how to reach what it started.
func envFile(home string) string { return filepath.Join(home, "sever.env") }

// readSettings takes the environment, and from sever.env what it does not have.
func (a *app) readSettings(environ config.Vars) error {
	a.environ = environ
	path := envFile(home(environ))
	file, err := readEnvFile(path)
	if err != nil {
		a.running = true
		return desk.Invalidf("%s: %w", path, err).Then("correct that line, or remove the file: sever up writes it anew")
	}
	// Where the environment names a variable or its file, the other form of it in
	// sever.env would only be in the way.
	for name := range environ {
		delete(file, name+"_FILE")
		delete(file, strings.TrimSuffix(name, "_FILE"))
	}
	// The folder in sever.env is what holds while nobody says anything else.
	command := file.With(environ)
	if command["SEVER_SECRET_COMMAND"]+command["SEVER_SECRET_COMMAND_FILE"] != "" {
		delete(file, "SEVER_SECRET_DIR")
	}
	a.vars = file.With(environ)
	return nil
}

// readEnvFile reads lines of NAME=value. A file that is not there has none.
func readEnvFile(path string) (config.Vars, error) {
	vars := config.Vars{}
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) {
		return vars, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		name, value, ok := strings.Cut(line, "=")
		if !ok || strings.ContainsAny(name, " \t") {
			return nil, fmt.Errorf("line %d is not NAME=value", n)
		}
		vars[name] = value
	}
	return vars, lines.Err()
}

// actor is who gives the commands: $SEVER_ACTOR, or whoever is logged in here.
func (a *app) actor(as string) (string, error) {
	name := as
	if name == "" {
		name = a.vars["SEVER_ACTOR"]
	}
	if name == "" {
		if u, err := user.Current(); err == nil {
			name = u.Username
		}
	}
	if name == "" {
		return "", desk.Invalidf("nobody is named as the one who decides").Then("set SEVER_ACTOR, or say --as NAME")
	}
	return name, desk.ValidName("the acting person", name)
}
