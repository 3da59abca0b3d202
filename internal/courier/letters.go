package courier

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"text/template"
	"time"

	"github.com/severhq/sever/internal/notice"
)

//go:embed letters/*.txt
var ours embed.FS

// Letters are the texts of mails: one file for each kind of notice, called KIND.txt,
// whose first line is "Subject: " and the subject, and facts.txt, which all of ours end
// with. They are templates of text/template over a Letter.
type Letters struct{ all *template.Template }

// Letter is what a template can use.
type Letter struct {
	Kind notice.Kind
	At   time.Time
	notice.Data
}

const subjectMark = "Subject: "

// OpenLetters reads the letters that come with this program, and then those in a folder
// (unless its name is empty), which stand for ours of the same name. A letter that cannot
// be written, or whose name is none, is an error with its file and line: it is tried
// with a notice of its kind before anybody depends on it.
func OpenLetters(folder string) (*Letters, error) {
	l := &Letters{template.New("").Funcs(template.FuncMap{"when": func(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 MST") }})}
	if err := l.read(ours, "letters", nil); err != nil {
		return nil, err
	}
	if folder != "" {
		if err := l.read(os.DirFS(folder), ".", l.names()); err != nil {
			return nil, fmt.Errorf("%s: %w", folder, err)
		}
	}
	var errs []error
	for _, k := range append(slices.Clone(notice.Kinds), notice.Test) {
		_, _, err := l.write(notice.Sample(k, time.Now()))
		errs = append(errs, err)
	}
	if err := errors.Join(errs...); err != nil && folder != "" {
		return nil, fmt.Errorf("%s: %w", folder, err)
	} else if err != nil {
		return nil, err
	}
	return l, nil
}

// read parses every .txt of a folder; with names, only those may be there.
func (l *Letters) read(files fs.FS, folder string, names []string) error {
	found, err := fs.ReadDir(files, folder)
	if err != nil {
		return err
	}
	var errs []error
	for _, f := range found {
		if path.Ext(f.Name()) != ".txt" || f.IsDir() {
			continue
		}
		if names != nil && !slices.Contains(names, f.Name()) {
			errs = append(errs, fmt.Errorf("%s is the name of no letter; there are: %s", f.Name(), strings.Join(names, ", ")))
			continue
		}
		text, err := fs.ReadFile(files, path.Join(folder, f.Name()))
		if err == nil {
			_, err = l.all.New(f.Name()).Parse(string(text))
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// names are the letters that there are.
func (l *Letters) names() []string {
	var out []string
	for _, t := range l.all.Templates() {
		if t.Name() != "" {
			out = append(out, t.Name())
		}
	}
	slices.Sort(out)
	return out
}

// write makes the letter about a message.
func (l *Letters) write(m notice.Message) (subject, text string, err error) {
	name := string(m.Type) + ".txt"
	if l.all.Lookup(name) == nil {
		return "", "", fmt.Errorf("there is no letter about %s", m.Type)
	}
	var b strings.Builder
	if err := l.all.ExecuteTemplate(&b, name, Letter{m.Type, m.Timestamp, m.Data}); err != nil {
		return "", "", err
	}
	first, rest, _ := strings.Cut(strings.ReplaceAll(b.String(), "\r\n", "\n"), "\n")
	subject, marked := strings.CutPrefix(first, subjectMark)
	if !marked || strings.TrimSpace(subject) == "" {
		return "", "", fmt.Errorf("template: %s:1: the first line has to be %q and the subject", name, subjectMark)
	}
	// What a system said may hold anything; a subject is one line.
	return strings.Join(strings.Fields(subject), " "), strings.TrimSpace(rest) + "\n", nil
}
