package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"

	"github.com/jedib0t/go-pretty/v6/text"
	"golang.org/x/term"

	"github.com/severhq/sever/internal/config"
	"github.com/severhq/sever/internal/story"
)

// screen is where output goes: a terminal with colours and a width, or a file that
// gets plain lines.
type screen struct {
	w        io.Writer
	terminal bool
	color    bool
	fd       int
}

func newScreen(w io.Writer, vars config.Vars) *screen {
	s := &screen{w: w}
	if f, ok := w.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		s.terminal, s.fd = true, int(f.Fd())
		s.color = vars["NO_COLOR"] == "" && vars["TERM"] != "dumb"
	}
	return s
}

// width is how many columns a line may have; zero when nobody minds long lines.
func (s *screen) width() int {
	if !s.terminal {
		return 0
	}
	if w, _, err := term.GetSize(s.fd); err == nil && w > 0 {
		return max(w, 40)
	}
	return 80
}

func (s *screen) line(text string) { fmt.Fprintln(s.w, text) }

func (s *screen) linef(format string, args ...any) { fmt.Fprintf(s.w, format+"\n", args...) }

// document prints a value as JSON.
func (s *screen) document(v any) {
	e := json.NewEncoder(s.w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	_ = e.Encode(v) // to a pipe that is closed there is nothing to say
}

func (s *screen) paint(c text.Color, words string) string {
	if !s.color || words == "" {
		return words
	}
	return c.EscapeSeq() + words + text.Reset.EscapeSeq()
}

func (s *screen) bold(words string) string   { return s.paint(text.Bold, words) }
func (s *screen) faint(words string) string  { return s.paint(text.FgHiBlack, words) }
func (s *screen) red(words string) string    { return s.paint(text.FgRed, words) }
func (s *screen) green(words string) string  { return s.paint(text.FgGreen, words) }
func (s *screen) yellow(words string) string { return s.paint(text.FgYellow, words) }

// printable is foreign text as a terminal may have it.
func printable(s string) string { return story.Printable(s) }

// oneLine is foreign text for the middle of a line.
func oneLine(s string) string { return story.OneLine(s) }
