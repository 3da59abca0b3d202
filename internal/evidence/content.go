package evidence

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/severhq/sever/internal/audit"
)

// content is what the files of a pack say.
type content struct {
	Case        Case
	Accounts    []Account
	Steps       []Step
	Proofs      []Proof
	Tasks       []Task
	Rows        []audit.Row
	Checkpoints []audit.Checkpoint
}

// problem is a file that cannot be read, or a line of it.
type problem struct {
	file string
	line int // from 1; zero for all of it
	err  error
}

func (p problem) String() string {
	if p.line == 0 {
		return fmt.Sprintf("%s: %v", p.file, p.err)
	}
	return fmt.Sprintf("%s, line %d: %v", p.file, p.line, p.err)
}

// errForm is about a line that says something and is not what Build writes: a field
// twice, in another case, in another order, with spaces between.
var errForm = errors.New("the line is not in the one form that a pack has")

// parse reads the files. What cannot be read is left out and is a problem.
func parse(files map[string][]byte) (content, []problem) {
	var c content
	var out []problem
	for name, into := range map[string]any{caseFile: &c.Case, accountsFile: &c.Accounts, stepsFile: &c.Steps, proofsFile: &c.Proofs, tasksFile: &c.Tasks} {
		if text, ok := files[name]; ok {
			if err := strict(text, into); err != nil {
				out = append(out, problem{name, 0, err})
			}
		}
	}
	slices.SortFunc(out, func(a, b problem) int { return strings.Compare(a.file, b.file) })
	for i := range c.Case.Plans {
		p := &c.Case.Plans[i]
		p.Body = files["plans/"+strconv.Itoa(p.No)+".json"]
	}
	var bad []problem
	c.Rows, bad = lines[audit.Row](chainFile, files[chainFile])
	out = append(out, bad...)
	c.Checkpoints, bad = lines[audit.Checkpoint](checkpointsFile, files[checkpointsFile])
	return c, append(out, bad...)
}

// lines reads one value from each line, and holds each line to its one form.
func lines[T any](file string, text []byte) ([]T, []problem) {
	var out []T
	var bad []problem
	n := 0
	for len(text) > 0 {
		n++
		if n > maxRows {
			return out, append(bad, problem{file, n, fmt.Errorf("a pack has at most %d lines", maxRows)})
		}
		raw, rest, whole := bytes.Cut(text, []byte("\n"))
		text = rest
		var v T
		if err := strict(raw, &v); err != nil {
			bad = append(bad, problem{file, n, err})
			continue
		}
		again, err := json.Marshal(v)
		if err != nil || !whole || !bytes.Equal(again, raw) {
			bad = append(bad, problem{file, n, errForm})
		}
		out = append(out, v)
	}
	return out, bad
}

// strict reads one JSON value and refuses fields that no record has and anything that
// follows.
func strict(text []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("something follows the value")
	}
	return nil
}

func sortedNames(files map[string][]byte) []string { return slices.Sorted(maps.Keys(files)) }
