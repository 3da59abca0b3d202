package stack

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// ErrNoTemporal says that there is no program to serve Temporal with.
var ErrNoTemporal = errors.New("no Temporal server found: not in $SEVER_TEMPORALD, beside this program, in bin/ or in $PATH; do one of\n" +
	"  make bin/temporald                           (compiles it once, some minutes)\n" +
	"  install the temporal command line            (https://docs.temporal.io/cli)\n" +
	"or set TEMPORAL_ADDRESS to a server that runs already")

// FindTemporald returns the program to serve Temporal with: the one that is given, or else temporald from
// beside this program, from bin in the working directory or from $PATH, or else the temporal command line.
func FindTemporald(given string) (string, error) {
	if given != "" {
		path, err := exec.LookPath(given)
		if err != nil {
			return "", fmt.Errorf("the Temporal server that was asked for: %w", err)
		}
		return filepath.Abs(path)
	}
	places := []string{"bin/temporald", "temporald", "temporal"}
	if self, err := os.Executable(); err == nil {
		places = append([]string{filepath.Join(filepath.Dir(self), "temporald")}, places...)
	}
	for _, place := range places {
		if path, err := exec.LookPath(place); err == nil {
			return filepath.Abs(path)
		}
	}
	return "", ErrNoTemporal
}
