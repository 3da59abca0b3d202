package main

import (
	"strings"

	"github.com/jedib0t/go-pretty/v6/text"
)

// footer keeps some lines at the bottom of a terminal, below what scrolls by. On
// anything but a terminal it prints nothing of its own.
type footer struct {
	screen *screen
	lines  []string
}

// most is how many lines a footer has at most: the cursor cannot go back to what
// has scrolled away.
const most = 12

// above prints lines that stay, above the footer.
func (f *footer) above(stay ...string) {
	lines := f.lines
	f.clear()
	for _, l := range stay {
		f.screen.line(l)
	}
	f.print(lines)
}

// draw replaces the footer.
func (f *footer) draw(lines []string) {
	if len(lines) > most {
		lines = append(lines[:most-1:most-1], "  …")
	}
	if strings.Join(lines, "\n") == strings.Join(f.lines, "\n") {
		return
	}
	f.clear()
	f.print(lines)
}

// clear takes the footer away.
func (f *footer) clear() {
	if len(f.lines) == 0 {
		return
	}
	var b strings.Builder
	for range f.lines {
		b.WriteString(text.CursorUp.Sprint() + text.EraseLine.Sprint())
	}
	_, _ = f.screen.w.Write([]byte(b.String()))
	f.lines = nil
}

func (f *footer) print(lines []string) {
	if !f.screen.terminal {
		return
	}
	for _, l := range lines {
		f.screen.line(text.Trim(l, f.screen.width()-1))
	}
	f.lines = lines
}

// bar is how far something is.
func bar(done, all int) string {
	const wide = 24
	full := 0
	if all > 0 {
		full = done * wide / all
	}
	return strings.Repeat("█", full) + strings.Repeat("░", wide-full)
}
