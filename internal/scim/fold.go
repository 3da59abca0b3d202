package scim

import (
	"fmt"
	"strings"

	"github.com/scim2/filter-parser/v2"
)

// parse reads a filter, also one such as Entra ID sends and the grammar of filters
// does not have: emails[type eq "work"].value eq "x". It means what
// emails[type eq "work" and value eq "x"] means, and becomes that.
func parse(text string) (filter.Expression, error) {
	folds := map[string]*filter.ValuePath{}
	for {
		f, found := foldIn(text)
		if !found {
			break
		}
		path, err := filter.ParseFilter([]byte(text[f.from:f.closed]))
		if err != nil {
			return nil, err
		}
		compared, err := filter.ParseFilter([]byte(text[f.closed+1 : f.to]))
		if err != nil {
			return nil, err
		}
		inside, ok := path.(*filter.ValuePath)
		if !ok {
			return nil, fmt.Errorf("%s is no filter of a list", text[f.from:f.closed])
		}
		inside.ValueFilter = &filter.LogicalExpression{Left: inside.ValueFilter, Right: compared, Operator: filter.AND}
		name := fmt.Sprintf("fold%d", len(folds))
		folds[name] = inside
		text = text[:f.from] + name + " pr" + text[f.to:]
	}
	e, err := filter.ParseFilter([]byte(text))
	if err != nil {
		return nil, err
	}
	return unfolded(e, folds), nil
}

// unfolded puts the expressions in the places of their names.
func unfolded(e filter.Expression, folds map[string]*filter.ValuePath) filter.Expression {
	switch e := e.(type) {
	case *filter.LogicalExpression:
		e.Left, e.Right = unfolded(e.Left, folds), unfolded(e.Right, folds)
	case *filter.NotExpression:
		e.Expression = unfolded(e.Expression, folds)
	case *filter.AttributeExpression:
		if v, ok := folds[e.AttributePath.AttributeName]; ok && e.Operator == filter.PR {
			return v
		}
	}
	return e
}

// fold is where such an expression stands in a text: from its attribute to behind its
// comparison, and behind the bracket that closes.
type fold struct{ from, closed, to int }

// foldIn finds the first one.
func foldIn(text string) (f fold, found bool) {
	opened, from, quoted := -1, 0, false
	for i := 0; i < len(text); i++ {
		switch {
		case quoted && text[i] == '\\':
			i++
		case text[i] == '"':
			quoted = !quoted
		case quoted:
		case text[i] == '[':
			opened = i
			from = strings.LastIndexAny(text[:i], " (") + 1
		case opened >= 0 && strings.HasPrefix(text[i:], "]."):
			to := comparison(text, i+2)
			return fold{from, i + 1, to}, to > 0
		case text[i] == ']':
			opened = -1
		}
	}
	return f, false
}

// comparison is where the comparison ends that begins at a place; zero when there is
// none.
func comparison(text string, at int) int {
	name := word(text, at)
	if name == 0 {
		return 0
	}
	op := word(text, name)
	if op == 0 || strings.EqualFold(strings.TrimSpace(text[name:op]), "pr") {
		return op
	}
	return word(text, op)
}

// word is where the word ends that begins at a place, or behind the spaces there; zero
// when there is none. Text in quotes is part of a word.
func word(text string, at int) int {
	for at < len(text) && text[at] == ' ' {
		at++
	}
	start, quoted := at, false
	for ; at < len(text); at++ {
		switch {
		case quoted && text[at] == '\\':
			at++
		case text[at] == '"':
			quoted = !quoted
		case !quoted && strings.ContainsRune(" )]", rune(text[at])):
			if at == start {
				return 0
			}
			return at
		}
	}
	if quoted || at == start {
		return 0
	}
	return len(text)
}
