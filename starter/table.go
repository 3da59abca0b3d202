package main

import (
	"slices"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
)

// plainStyle is a table without lines: columns and nothing else, so that it can be
// read, grepped and pasted.
var plainStyle = table.Style{
	Name:    "plain",
	Box:     table.BoxStyle{PaddingRight: "  "},
	Options: table.OptionsNoBordersAndSeparators,
	Format:  table.FormatOptions{Header: text.FormatUpper, HeaderAlign: text.AlignLeft},
}

// table prints rows under headers. On a terminal the last column wraps at the edge;
// elsewhere every row is one line.
func (s *screen) table(headers []string, rows [][]string) {
	t := table.NewWriter()
	t.SetStyle(plainStyle)
	header := make(table.Row, len(headers))
	for i, h := range headers {
		header[i] = h
	}
	t.AppendHeader(header)
	for _, r := range rows {
		row := make(table.Row, len(r))
		for i, cell := range r {
			row[i] = cell
		}
		t.AppendRow(row)
	}
	if room := s.lastColumn(headers, rows); room > 0 {
		t.SetColumnConfigs([]table.ColumnConfig{{Number: len(headers), WidthMax: room, WidthMaxEnforcer: text.WrapSoft}})
	}
	lines := strings.Split(t.Render(), "\n")
	for i, l := range lines {
		l = strings.TrimRight(l, " ")
		if i == 0 {
			l = s.faint(l)
		}
		s.line(l)
	}
}

// lastColumn is how wide the last column may be; zero is as wide as it likes.
func (s *screen) lastColumn(headers []string, rows [][]string) int {
	width := s.width()
	if width == 0 || len(headers) == 0 {
		return 0
	}
	used := 0
	for i := range len(headers) - 1 {
		widest := text.StringWidthWithoutEscSequences(headers[i])
		for _, r := range rows {
			widest = max(widest, slices.Max(lengths(r[i])))
		}
		used += widest + 2
	}
	return max(width-used-2, 20)
}

func lengths(cell string) []int {
	var out []int
	for l := range strings.SplitSeq(cell, "\n") {
		out = append(out, text.StringWidthWithoutEscSequences(l))
	}
	return out
}

// wrapped prints a paragraph behind a label, wrapped at the edge of a terminal with its
// lines below each other.
func (s *screen) wrapped(label, words string) {
	for _, l := range s.fold(label, words) {
		s.line(l)
	}
}

// fold is a paragraph behind a label, in lines that fit.
func (s *screen) fold(label, words string) []string {
	indent := text.StringWidthWithoutEscSequences(label)
	if w := s.width(); w > 0 {
		words = text.WrapSoft(words, max(w-indent-1, 20))
	}
	lines := strings.Split(words, "\n")
	for i, l := range lines {
		lines[i] = label + strings.TrimRight(l, " ")
		label = strings.Repeat(" ", indent)
	}
	return lines
}
