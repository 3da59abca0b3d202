package sheet

// ReadList reads CSV with a header line, or JSON: a list of objects, or an object with
// the list of that name. What is wrong is noted, and every sound entry is handed on.
func (m *Mistakes) ReadList(text []byte, source string, form Sheet, name string, take func(Entry)) {
	if !IsJSON(source, text) {
		m.ReadCSV(text, form, take)
		return
	}
	v, ok := m.ReadJSON(text)
	if !ok {
		return
	}
	list, there := m.Lists(v, name, name)[name]
	switch {
	case there:
		m.Objects(list, form, take)
	case len(m.Problems) == 0:
		m.Problemf(v.Line, v.Column, "", "the list %q is missing", name)
	}
}
